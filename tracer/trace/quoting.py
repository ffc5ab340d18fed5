"""How Go programs quote strings in their logs, and back: strconv.Quote, JSON, and references to objects."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

_SPECIAL = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}
# What Go does not print differs with its Unicode tables; these ranges are fixed, so that every reader quotes alike.
_UNPRINTED = re.compile(
    '["\\\\\x00-\x1f\x7f-\xa0\xad\u061c\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ud800-\uf8ff\ufeff'
    "\ufff0-\ufffb\U000e0000-\U000e00ff\U000f0000-\U0010ffff]"
)
_ESCAPE = re.compile(
    r'\\(?:([abfnrtv"\\])|x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|(.?))', re.DOTALL
)  # linear: each alternative begins with the backslash
_PLAIN = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", '"': '"', "\\": "\\"}
_JSON_SPECIAL = {9: "\\t", 10: "\\n", 13: "\\r", 34: '\\"', 92: "\\\\"}
_JSON_ESCAPED = re.compile('["\\\\\x00-\x1f]')
_HTML_ESCAPED = re.compile('["\\\\\x00-\x1f<>&\u2028\u2029]')


def go_quote(text: str) -> str:
    """`text` as Go's %q writes it, quotes included."""
    return f'"{_UNPRINTED.sub(_go_escape, text)}"'


def _go_escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code in _SPECIAL:
        return _SPECIAL[code]
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def go_unquote(body: str) -> str:
    """What Go's %q was given, from the text between the quotes. Escapes that Go does not write stay as they are."""
    return _ESCAPE.sub(_go_plain, body) if "\\" in body else body


def unquoted(body: str) -> tuple[str, bool]:
    """What stands between the quotes, and whether `go_quote` gives it back byte for byte."""
    if "\\" not in body:
        return body, body.isprintable() or go_quote(body)[1:-1] == body
    if body.isprintable():  # NUL, which is not, can stand for the escaped backslash
        plain = body.replace("\\\\", "\0").replace('\\"', '"')
        if "\\" in plain:
            plain = plain.replace("\\n", "\n").replace("\\t", "\t")
        if "\\" not in plain:  # quoted JSON and errors: by far the most
            return plain.replace("\0", "\\"), True
    plain = go_unquote(body)
    return plain, go_quote(plain)[1:-1] == body


def _go_plain(match: re.Match[str]) -> str:
    plain, *codes, _ = match.groups()
    if plain:
        return _PLAIN[plain]
    code = next((int(each, 16) for each in codes if each), None)
    if code is None or code > 0x10FFFF or (match[2] and code > 0x7F):  # a byte that is no character by itself
        return match[0]
    return chr(code)


def json_quote(text: str) -> str:
    """`text` as zap's JSON encoder writes it, quotes included."""
    return f'"{_JSON_ESCAPED.sub(_json_escape, text)}"'


def html_quote(text: str) -> str:
    """`text` as Go's encoding/json writes it: the characters of HTML are escaped too."""
    return f'"{_HTML_ESCAPED.sub(_json_escape, text)}"'


def _json_escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return _JSON_SPECIAL.get(code) or f"\\u{code:04x}"


def reference(text: str) -> str:
    """`namespace/name` as klog writes a reference to an object in JSON."""
    namespace, slash, name = text.rpartition("/")
    about = f',"namespace":{json_quote(namespace)}' if slash else ""
    return f'{{"name":{json_quote(name)}{about}}}'


class _Reference(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    namespace: str = ""


_REFERENCE = msgspec.json.Decoder(_Reference)


def read_reference(text: str) -> str | None:
    """`namespace/name` of a reference that `reference` writes in exactly this way; None for any other JSON."""
    try:
        found = _REFERENCE.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None
    short = f"{found.namespace}/{found.name}" if found.namespace else found.name
    return short if reference(short) == text else None


QUOTES: dict[str, Callable[[str], str]] = {"q": go_quote, "j": json_quote, "h": html_quote, "o": reference}
"""The letter in a layout's placeholder -> how the value is written."""
