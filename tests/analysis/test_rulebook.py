from __future__ import annotations

from graphlib import TopologicalSorter

import duckdb
import pytest

from analysis.rulebook import HEADER, SEVERITIES, parse_rule, read_rules, require_rules, rule_models
from tracer.errors import VolreelError

RULE = """\
-- title: a title
-- step: bind
-- severity: warning
-- sentence: {what} of {whom}: 'quoted'
-- symptom: a symptom
--   that goes on
-- cause: a cause
-- advice: an advice
-- look-alikes: none
-- needs: events, log of kubelet
-- echo of: F14 by volume, F20 by driver and node

-- No part of the header.
select
    null as volume_id,
    null as use_id,
    'n1' as node,
    null as driver,
    timestamptz '2026-11-23 07:00:00Z' as from_at,
    null as to_at,
    'certain' as confidence,
    [4711] as evidence,
    {what: '{whom} ''; drop table objects --', whom: null} as details
"""


@pytest.fixture(scope="module")
def rule():
    return parse_rule("F99", RULE)


def test_a_header_says_what_a_rule_is_about(rule):
    assert rule.header["symptom"] == "a symptom that goes on"
    assert rule.header["echo of"] == "F14 by volume, F20 by driver and node"
    assert rule.needs == ["events", "log of kubelet"]
    assert rule.causes == [("F14", "volume"), ("F20", "driver and node")]


def test_what_a_cluster_says_is_no_template(rule):
    [model, *_] = rule_models([rule])
    [row] = duckdb.sql(f"select sentence, details, evidence, node, volume_id from ({model.sql})").fetchall()
    sentence, details, *others = row
    assert sentence == "{whom} '; drop table objects -- of ?: 'quoted'"
    assert details == {"what": "{whom} '; drop table objects --", "whom": None}
    assert others == [[4711], "n1", None]


def test_a_header_without_a_key_is_refused():
    with pytest.raises(ValueError, match="F99 lacks severity, look-alikes"):
        parse_rule("F99", RULE.replace("-- severity: warning\n", "").replace("-- look-alikes: none\n", ""))


@pytest.mark.parametrize("rule", read_rules(), ids=lambda rule: rule.id)
def test_every_rule_says_what_it_needs_to(rule):
    assert all(rule.header[key] for key in HEADER if key != "echo of")
    assert rule.header["severity"] in SEVERITIES
    assert all(need == need.strip().lower() for need in rule.needs)
    assert all(same for _, same in rule.causes)


def test_no_rule_follows_from_itself():
    graph = {rule.id: {cause for cause, _ in rule.causes} for rule in read_rules()}
    TopologicalSorter(graph).prepare()


def test_a_rule_can_be_named_in_small_letters():
    assert require_rules(["f01", "F02"]) == ["F01", "F02"]


def test_an_unknown_rule_is_refused_with_those_that_there_are():
    with pytest.raises(VolreelError, match=r"there is no rule 'F00'. Rules are F01 to F\d\d."):
        require_rules(["F00"])


def test_every_rule_can_be_asked_of_a_trace_with_nothing_in_it(small, ask):
    trace = ask(small.ended())
    assert trace.findings().is_empty()
    assert set(trace.undecidable()["rule"]) == {rule.id for rule in read_rules()}
