"""The keys that every view has; the list that `?` shows is made from these and the view's own."""

from __future__ import annotations

from textual.binding import Binding


def _key(keys: str, action: str, words: str, meaning: str, *, key_display: str | None = None) -> Binding:
    """A key that the footer shows as `words` where there are any, and the list of keys with its meaning."""
    return Binding(keys, action, words or meaning, show=bool(words), key_display=key_display, tooltip=meaning)


SHARED_KEYS = [
    _key("space", "play", "play", "play, pause"),
    _key("left", "step(-1)", "", "observation of the selection before"),
    _key("right", "step(1)", "", "next observation of the selection"),
    _key("shift+left", "step_row(-1)", "", "observation of the trace before"),
    _key("shift+right", "step_row(1)", "", "next observation of the trace"),
    _key("plus,equals_sign", "faster(1)", "", "play faster", key_display="+"),
    _key("minus", "faster(-1)", "", "play slower", key_display="-"),
    _key("g", "go_to", "go to", "go to 14:03:07, +30s, -5m, 50%"),
    _key("left_square_bracket", "landmark('gap', -1)", "", "gap before", key_display="["),
    _key("right_square_bracket", "landmark('gap', 1)", "", "next gap", key_display="]"),
    _key("E", "landmark('error', -1)", "", "error before"),
    _key("e", "landmark('error', 1)", "", "next error: Warning Event, failed call, error line"),
    _key("O", "landmark('operation', -1)", "", "operation before"),
    _key("o", "landmark('operation', 1)", "", "next operation"),
    _key("F", "landmark('finding', -1)", "", "finding before"),
    _key("f", "landmark('finding', 1)", "", "next finding"),
    _key("m", "mark", "", "keep a bookmark here, with a note"),
    _key("apostrophe", "go_to_mark", "", "go to a bookmark", key_display="'"),
    _key("x", "explain", "explain", "explain the selection at the cursor"),
    _key("y", "copy", "", "show and copy the command that gives this answer"),
    _key("escape", "back", "", "stop what is being read, or go back"),
    _key("question_mark", "keys", "keys", "this list", key_display="?"),
    _key("q", "app.quit", "quit", "quit"),
]
