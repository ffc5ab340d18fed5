"""Label selectors and node affinity, as Kubernetes matches them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Labels = Mapping[str, str]


def labels_match(selector: Mapping[str, Any] | None, labels: Labels) -> bool:
    """Whether a LabelSelector takes an object; one that is empty or not there takes all.

    `apimachinery/pkg/apis/meta/v1/helpers.go`, LabelSelectorAsSelector.
    """
    wanted = selector or {}
    exact = wanted.get("matchLabels") or {}
    rules = wanted.get("matchExpressions") or ()
    return all(labels.get(key) == value for key, value in exact.items()) and _all_hold(rules, labels)


def node_matches(affinity: Mapping[str, Any] | None, node: str, labels: Labels) -> bool:
    """Whether the nodeAffinity of a PersistentVolume lets it be used on a node.

    Terms are alternatives, and a term without a rule takes no node
    (`component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go`).
    """
    required = (affinity or {}).get("required")
    if required is None:
        return True
    return any(_term_matches(term, node, labels) for term in required.get("nodeSelectorTerms") or ())


def _term_matches(term: Mapping[str, Any], node: str, labels: Labels) -> bool:
    expressions, fields = term.get("matchExpressions") or (), term.get("matchFields") or ()
    if not expressions and not fields:
        return False
    return _all_hold(expressions, labels) and _all_hold(fields, {"metadata.name": node})


def _all_hold(rules: Iterable[Mapping[str, Any]], labels: Labels) -> bool:
    return all(_holds(rule, labels) for rule in rules)


def _holds(rule: Mapping[str, Any], labels: Labels) -> bool:
    """One requirement on one label (`apimachinery/pkg/labels/selector.go`, Requirement.Matches)."""
    value, values = labels.get(rule["key"]), list(rule.get("values") or ())
    match rule.get("operator"):
        case "In":
            holds = value in values
        case "NotIn":
            holds = value not in values
        case "Exists":
            holds = value is not None
        case "DoesNotExist":
            holds = value is None
        case "Gt" | "Lt" as operator:
            holds = _exceeds(value, values, 1 if operator == "Gt" else -1)
        case _:
            holds = False
    return holds


def _exceeds(value: str | None, values: Sequence[str], sign: int) -> bool:
    """Whether a label is a whole number beyond the only one in the rule."""
    try:
        return value is not None and len(values) == 1 and int(value) * sign > int(values[0]) * sign
    except ValueError:
        return False


def selector_text(selector: Mapping[str, Any] | None) -> str:
    """A LabelSelector in kubectl's words: `tier=gold,zone in (a,b),!old`."""
    wanted = selector or {}
    exact = [f"{key}={value}" for key, value in (wanted.get("matchLabels") or {}).items()]
    return ",".join([*exact, *map(_rule_text, wanted.get("matchExpressions") or ())])


def affinity_text(affinity: Mapping[str, Any] | None) -> str:
    """The nodeAffinity of a PersistentVolume: its terms, joined by `or`."""
    terms = ((affinity or {}).get("required") or {}).get("nodeSelectorTerms") or ()
    rules = [[*(term.get("matchExpressions") or ()), *(term.get("matchFields") or ())] for term in terms]
    return " or ".join(",".join(map(_rule_text, each)) for each in rules)


def _rule_text(rule: Mapping[str, Any]) -> str:
    key, operator, values = rule["key"], rule.get("operator"), ",".join(rule.get("values") or ())
    match operator:
        case "Exists":
            return str(key)
        case "DoesNotExist":
            return f"!{key}"
        case "Gt" | "Lt":
            return f"{key}{'>' if operator == 'Gt' else '<'}{values}"
    return f"{key} {'in' if operator == 'In' else 'notin'} ({values})"
