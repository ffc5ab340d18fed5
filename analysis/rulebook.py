"""The rules of `analysis/rules/`, and the models that are made of them.

A rule is a file `F07.sql`: a header of comments, then one SELECT with a row a finding. The header's keys are `HEADER`;
a line that is indented by three goes on with the one before. The SELECT's columns are `COLUMNS`.

`sentence` takes the fields of `details` as `{name}`. They are data: what a cluster's text holds is never read as a
template. `needs` are what must be watched for the rule to be decided, with commas: resources (`pods`, `events`) and
logs (`log of kubelet`). `echo of` are the findings that this one follows from, most telling first: `F14 by volume, F30
by driver`; by `volume`, `node`, `driver`, `driver and node` or `pod`, in which both are the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from analysis.catalogue import Model, quoted
from tracer.errors import VolreelError

HEADER = (
    "title",
    "step",
    "severity",
    "sentence",
    "symptom",
    "cause",
    "advice",
    "look-alikes",
    "needs",
    "echo of",
)
COLUMNS = {
    "volume_id": "varchar",
    "use_id": "varchar",
    "node": "varchar",
    "driver": "varchar",
    "from_at": "timestamptz",
    "to_at": "timestamptz",
    "confidence": "varchar",
    "evidence": "bigint[]",
    "details": "map(varchar, varchar)",
}
"""What a rule's SELECT has, each null where the finding is not about it: `from_at` and `to_at` (null: it goes on) on
the recorder's clock, `confidence` `certain`, `likely` or `possible`, `evidence` a list of seq, `details` a struct."""
SEVERITIES = ("info", "warning", "error")
"""From the lightest on."""

_KEY = re.compile(rf"-- ({'|'.join(HEADER)}): ?(.*)")
_MORE = "--   "
_FIELD = re.compile(r"\{(\w+)\}")
_CAUSE = re.compile(r"(F\d\d) by (volume|node|driver|driver and node|pod)")


@dataclass(frozen=True, slots=True)
class Rule:
    """One failure mode, and how it is found."""

    id: str
    header: dict[str, str]
    """A text for each of HEADER; `echo of` may be empty."""
    sql: str

    @property
    def needs(self) -> list[str]:
        """Resources and logs without which it cannot be decided."""
        return [need.strip() for need in self.header["needs"].split(",")]

    @property
    def causes(self) -> list[tuple[str, str]]:
        """Rules whose findings it may follow from, each with what both are about; most telling first."""
        causes = [cause.strip() for cause in self.header["echo of"].split(",") if cause.strip()]
        return [_CAUSE.fullmatch(cause).groups() for cause in causes]  # type: ignore[union-attr, misc]


class UnknownRule(VolreelError):
    """A rule that volreel does not have."""


def require_rules(ids: Iterable[str]) -> list[str]:
    """The same ids in capitals. Raises UnknownRule."""
    known = [rule.id for rule in read_rules()]
    asked = [each.upper() for each in ids]
    for each in asked:
        if each not in known:
            raise UnknownRule(f"there is no rule {each!r}. Rules are {known[0]} to {known[-1]}.")
    return asked


@cache
def read_rules() -> tuple[Rule, ...]:
    """Every rule that comes with volreel, by id."""
    entries = [entry for entry in files("analysis.rules").iterdir() if entry.name.endswith(".sql")]
    rules = (parse_rule(entry.name.removesuffix(".sql"), entry.read_text("utf-8")) for entry in entries)
    return tuple(sorted(rules, key=lambda rule: rule.id))


def parse_rule(rule_id: str, sql: str) -> Rule:
    """Take a rule's header out of its comments. Raises ValueError for a header that lacks a key."""
    header: dict[str, str] = {"echo of": ""}
    key = ""
    for line in sql.splitlines():
        if named := _KEY.match(line):
            key = named[1]
            header[key] = named[2]
        elif line.startswith(_MORE):
            header[key] += f" {line.removeprefix(_MORE).strip()}"
        else:
            break
    if missing := [key for key in HEADER if key not in header]:
        raise ValueError(f"rule {rule_id} lacks {', '.join(missing)} in its header")
    return Rule(rule_id, header, sql)


def rule_models(rules: Iterable[Rule] | None = None) -> list[Model]:
    """A model a rule (`_f07`: its findings with their sentences), and those that hold all of them.

    `_found` (all findings), `_rules` (the headers), `_rule_needs`, `_rule_causes`.
    """
    rules = read_rules() if rules is None else tuple(rules)
    found = [f"from _{rule.id.lower()}" for rule in rules]
    headers = [(rule.id, *(rule.header[key] for key in HEADER)) for rule in rules]
    needs = [(rule.id, need) for rule in rules for need in rule.needs]
    causes = [(rule.id, rank, *cause) for rule in rules for rank, cause in enumerate(rule.causes, start=1)]
    names = [key.replace(" ", "_").replace("-", "_") for key in HEADER]
    return [
        *(Model(f"_{rule.id.lower()}", "rules", _findings(rule), f"One finding of {rule.id}.", {}) for rule in rules),
        Model("_found", "rules", "\nunion all\n".join(found), "One finding of any rule.", {}),
        Model("_rules", "rules", _table(["rule", *names], headers), "One rule.", {}),
        Model("_rule_needs", "rules", _table(["rule", "need"], needs), "One need of one rule.", {}),
        Model(
            "_rule_causes",
            "rules",
            _table(["rule", "rank", "cause", "same"], causes or [("", 0, "", "")]),
            "One rule that another's findings may follow from.",
            {},
        ),
    ]


def _findings(rule: Rule) -> str:
    columns = ",\n    ".join(f"found.{name}::{kind} as {name}" for name, kind in COLUMNS.items())
    return f"""
with found as (
{rule.sql}
)

select
    {quoted(rule.id)} as rule,
    {columns},
    {_sentence(rule.header["sentence"])} as sentence
from found
"""  # noqa: S608 - a rule's own text


def _sentence(template: str) -> str:
    """The SQL that fills a template: its literal parts and fields in turn."""
    parts = _FIELD.split(template)
    filled = [
        f"coalesce(found.details.{part}::varchar, '?')" if index % 2 else quoted(part)
        for index, part in enumerate(parts)
    ]
    return f"concat({', '.join(filled)})"


def _table(names: Iterable[str], rows: Iterable[tuple[str | int, ...]]) -> str:
    lines = (f"({', '.join(quoted(each) if isinstance(each, str) else str(each) for each in row)})" for row in rows)
    return f"from (values {', '.join(lines)}) as given ({', '.join(names)})"
