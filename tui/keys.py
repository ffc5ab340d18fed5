"""The keys of the replay screen, for Textual and in words."""

from __future__ import annotations

from textual.binding import Binding, BindingType

REPLAY_KEYS: list[BindingType] = [
    Binding("left,up", "step(-1)", "back", key_display="←"),
    Binding("right,down", "step(1)", "on", key_display="→"),
    Binding("space", "play", "play"),
    Binding("plus,equals_sign", "faster(1)", "faster", key_display="+"),
    Binding("minus", "faster(-1)", "slower", key_display="-"),
    Binding("g", "go_to", "go to"),
    Binding("left_square_bracket", "gap(-1)", "gap", key_display="["),
    Binding("right_square_bracket", "gap(1)", "gap", key_display="]"),
    Binding("1", "app.view('volumes')", "volumes"),
    Binding("question_mark", "keys", "keys", key_display="?"),
    Binding("q", "app.quit", "quit"),
    Binding("home", "end(-1)", "first", show=False),
    Binding("end", "end(1)", "last", show=False),
    Binding("pageup", "scroll_change(-1)", "scroll", show=False),
    Binding("pagedown", "scroll_change(1)", "scroll", show=False),
]

KEYS_IN_WORDS = """\
right, down   next observation
left, up      observation before
home, end     first, last observation
space         play, pause
+  -          faster, slower
g             go to 14:03:07, +30s, -5m, 50%
[  ]          gap before, next gap
page keys     scroll the change
1 2 3         volumes, the volume, this history
?             this list
q             quit

Any of escape, ? and q closes this."""
