"""Keeping secrets in log lines off the disk, in any dialect: the text is searched, however deeply it is quoted.

Gone are the values of `secrets` maps (JSON, escaped JSON, proto text, Go's %v) and of keys that name a credential;
what was removed is marked. Doing it again changes nothing.

The work that a line can ask for is bounded, whoever wrote it, and what lies beyond a bound is withheld: the rest of a
line behind its first 262,144 characters; from the first suspicious word on that stands behind its first 32 KiB or
behind 250 others; from where a value begins that is still open at 64 KiB.
"""

from __future__ import annotations

import re
import string
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from tracer.redaction import REMOVED, is_reference

_SUSPICION = (
    r"(?i)secret|passw|passphrase|passcode|pwd|token|credential|authorization|bearer "
    r"|(?:private|access|account|api|encryption)[-_ ]?key"
)
"""For RE2, which decides about most lines: they have none of this."""
_STEMS = (b"secret", b"pass", b"pwd", b"token", b"credential", b"authorization", b"bearer ", b"key")
_WHOLE = {
    b"pass": re.compile(rb"(?:w|phrase|code)"),
    b"pwd": re.compile(rb"(?![a-z0-9])"),
}
"""What follows a stem that is no suspicion by itself."""
_KIND_OF_KEY = re.compile(rb"(?:private|access|account|api|encryption)[-_ ]?\Z")
LONGEST = 256 << 10
"""Characters of a line that are kept."""
_JUDGED = 32 << 10
"""Bytes of a line in which suspicious words are judged; a value of theirs ends within twice as many."""
_MOST = 500
"""Occurrences of a stem in a line, and quotes or brackets in a value."""
_WORDS = 250
"""Suspicious words that are judged in a line; what was removed may bring others together, in made-up lines."""
_JUDGINGS = 3 * _WORDS
_MARK = REMOVED.encode()
_KEY_CHARACTERS = (string.ascii_letters + string.digits + "_./-").encode()
_RIGHT = re.compile(rb"[\w./-]{0,64}")
_ASSIGN = re.compile(rb"(\\{0,31}[\"'])?\s{0,4}(?::=|=>|[:=])\s{0,4}")
_PROTO_ENTRY = re.compile(rb"(\\{0,31}\")\s{1,4}value:\s{0,4}")
_FLAG_VALUE = re.compile(rb"\s(?=[^\s-])")
_QUOTE = re.compile(rb"(\\{0,31})([\"'])")
_OPEN = re.compile(rb"(?:map(?:\[string\]string)?|&)?([\[{<])")
_PAIRS = {b"[": b"]", b"{": b"}", b"<": b">"}
_BARE = re.compile(rb"[^\s,;&\"'\\)}\]>]+")
_TOKEN = re.compile(rb"[A-Za-z0-9][\w.~+/=-]*")
_REST = re.compile(rb"[^\"'\\,;]+")
_HARMLESS = re.compile(rb"(?:null|nil|<nil>|true|false|\d{1,3}|)(?=[\s,;&\"'\\)}\]>]|\Z)")
_GONE = (b"***stripped***", _MARK, b"")


def scrub_lines(lines: Sequence[str]) -> Sequence[str]:
    """The lines without their secrets; the same sequence when there is nothing to remove."""
    if lines and len(max(lines, key=len)) > LONGEST:
        lines = [_shortened(line) for line in lines]
    try:
        suspicious = pc.match_substring_regex(pa.array(lines, pa.string()), _SUSPICION)
        places = pc.indices_nonzero(suspicious).to_pylist()
    except (pa.ArrowException, UnicodeError):  # lone surrogates, or more than 2 GiB
        places = list(range(len(lines)))
    if not places:
        return lines
    found = list(lines)
    for place in places:
        found[place] = scrub_line(found[place])
    return found


def scrub_line(line: str) -> str:
    """One line without its secrets."""
    line = _shortened(line)
    data = line.encode("utf-8", "surrogatepass")
    places, limit = _places(data.lower())
    limit = next((start for number, (start, _) in enumerate(places) if start >= _JUDGED or number >= _WORDS), limit)
    if limit < len(data):
        data = data[:limit] + _MARK
    head, tail = data[: 2 * _JUDGED], data[2 * _JUDGED :]
    clean, is_open = _scrub(head)
    if clean == head and limit == len(data):
        return line
    return (clean if is_open else clean + tail).decode("utf-8", "surrogatepass")


def _shortened(line: str) -> str:
    return line if len(line) <= LONGEST else line[:LONGEST] + REMOVED


def _scrub(data: bytes) -> tuple[bytes, bool]:
    """The text without its secrets, and whether one was still open at its end."""
    is_open = False
    left = _JUDGINGS
    while True:
        places, limit = _places(data.lower())
        left -= len(places) + 1
        if left < 0 or limit < len(data):
            return data[: places[0][0] if places else limit] + _MARK, True
        clean, was_open = _scrub_once(data, places)
        is_open = is_open or was_open
        if clean == data:
            return data, is_open
        data = clean


def _scrub_once(data: bytes, places: Sequence[tuple[int, int]]) -> tuple[bytes, bool]:
    pieces: list[bytes] = []
    copied = 0
    for start, end in places:
        if start < copied:
            continue
        secret = _secret_at(data, start, end)
        if secret is not None:
            pieces += (data[copied : secret[0]], secret[2])
            copied = secret[1]
    return b"".join((*pieces, data[copied:])), copied >= len(data)


def _places(lower: bytes) -> tuple[list[tuple[int, int]], int]:
    """Where suspicious words begin and end, in their order, and up to where they were looked for."""
    found = []
    limit = len(lower)
    for stem in _STEMS:
        at, seen = -1, 0
        while (at := lower.find(stem, at + 1, limit)) >= 0:
            seen += 1
            if seen > _MOST:
                limit = at
                break
            end = at + len(stem)
            if stem in _WHOLE and not _WHOLE[stem].match(lower, end):
                continue
            if stem == b"key" and not _KIND_OF_KEY.search(lower, max(at - 12, 0), at):
                continue
            found.append((at, end))
    return sorted(place for place in found if place[0] < limit), limit


def _secret_at(data: bytes, start: int, end: int) -> tuple[int, int, bytes] | None:
    """Of a suspicious word: from where to where there is a secret, and what is put in its place."""
    word = data[start:end].lower()
    if word == b"bearer ":
        return _bare(data, end, _TOKEN)
    before = data[max(start - 64, 0) : start]
    right = _RIGHT.match(data, end)
    assert right is not None
    key = before[len(before.rstrip(_KEY_CHARACTERS)) :] + data[start : right.end()]
    if word == b"authorization" and key.strip(b"/.-").lower() != word:
        return None
    after = right.end()
    assign = _PROTO_ENTRY.match(data, after) or _ASSIGN.match(data, after)
    name = key.decode("utf-8", "replace")
    if assign is None:
        is_flag = key.startswith(b"-") and not is_reference(name)
        flag = _FLAG_VALUE.match(data, after) if is_flag else None
        return None if flag is None else _bare(data, flag.end(), _BARE)
    if is_reference(name):
        return None
    return _value_at(data, assign.end(), assign[1], word == b"authorization")


def _value_at(data: bytes, at: int, key_quote: bytes | None, to_the_end: bool) -> tuple[int, int, bytes] | None:
    quote = _QUOTE.match(data, at)
    if quote is not None:
        end = _closing_quote(data, quote.end(), len(quote[1]), quote[2])
        held = data[quote.end() : end]
        is_gone = held in _GONE or _HARMLESS.fullmatch(held)
        return None if is_gone else (quote.end(), end, _MARK)
    opened = _OPEN.match(data, at)
    if opened is None or data.startswith(b"<nil>", at):
        return _bare(data, at, _REST if to_the_end else _BARE)
    end = _closing_bracket(data, opened.end(), opened[1])
    held = data[opened.end() : end]
    if end < len(data) and held.strip() in _GONE:
        return None
    if key_quote is not None and opened[0] in (b"{", b"["):  # JSON stays JSON
        return at, end + 1, key_quote + _MARK + key_quote
    return opened.end(), end, _MARK


def _bare(data: bytes, at: int, form: re.Pattern[bytes]) -> tuple[int, int, bytes] | None:
    if _HARMLESS.match(data, at) or data.startswith(_GONE[:2], at):
        return None
    value = form.match(data, at)
    return None if value is None else (at, value.end(), _MARK)


def _closing_quote(data: bytes, at: int, level: int, quote: bytes) -> int:
    """Where a string that was opened behind `level` backslashes ends, its backslashes included; else the end."""
    for _ in range(_MOST):
        found = data.find(quote, at)
        if found < 0:
            break
        backslashes = found - at - len(data[at:found].rstrip(b"\\"))
        if backslashes % (2 * level + 2) == level:
            return found - level
        at = found + 1
    return len(data)


def _closing_bracket(data: bytes, at: int, opened: bytes) -> int:
    """Where a bracket closes, strings inside left out; the end where it does not."""
    tokens = re.compile(rb"(\\{0,31})\"|[" + re.escape(opened + _PAIRS[opened]) + rb"]")
    depth = 1
    for _ in range(_MOST):
        token = tokens.search(data, at)
        if token is None:
            break
        at = token.end()
        if token[0] == opened:
            depth += 1
        elif token[0] == _PAIRS[opened]:
            depth -= 1
            if depth == 0:
                return token.start()
        else:
            level = len(token[1])
            at = _closing_quote(data, at, level, b'"') + level + 1
    return len(data)
