"""Label selectors, parsed as an API server parses them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

Labels = Mapping[str, str]

_LABEL = r"[A-Za-z0-9](?:[-A-Za-z0-9_./]*[A-Za-z0-9])?"
_REQUIREMENT = re.compile(
    rf"\s*(?:(?P<absent>!\s*)?(?P<key>{_LABEL})\s*"
    rf"(?:(?P<set>in|notin)\s*\((?P<values>[^()]*)\)|(?P<op>==|=|!=|>|<)\s*(?P<value>{_LABEL})?)?)\s*(?:,|$)"
)


def label_requirements(text: str) -> list[Callable[[Labels], bool]]:
    """The requirements of a selector, all of which must hold; none for an empty text. Raises ValueError."""
    requirements = []
    position = 0
    text = text.strip()
    while position < len(text):
        found = _REQUIREMENT.match(text, position)
        if found is None or found.end() == position:
            raise ValueError(f"unable to parse requirement: {text[position:]!r}")
        requirements.append(_requirement(found, text))
        position = found.end()
    return requirements


def _requirement(found: re.Match[str], text: str) -> Callable[[Labels], bool]:
    key, operator, value = found["key"], found["set"] or found["op"], found["value"] or ""
    if operator is None:
        return (lambda labels: key not in labels) if found["absent"] else (lambda labels: key in labels)
    if found["absent"]:
        raise ValueError(f"unable to parse requirement: {text!r}")
    if operator in ("=", "=="):
        return lambda labels: labels.get(key) == value
    if operator == "!=":
        return lambda labels: labels.get(key) != value
    if operator in ("in", "notin"):
        values = {each.strip() for each in found["values"].split(",")}
        wanted = operator == "in"
        return lambda labels: (labels[key] in values) is wanted if key in labels else not wanted
    return _comparison(key, operator, value)


def _comparison(key: str, operator: str, value: str) -> Callable[[Labels], bool]:
    try:
        limit = int(value)
    except ValueError:
        raise ValueError(f"for 'Gt', 'Lt' operators, the value must be an integer: {value!r}") from None

    def compare(labels: Labels) -> bool:
        try:
            number = int(labels[key])
        except (KeyError, ValueError):
            return False
        return number > limit if operator == ">" else number < limit

    return compare
