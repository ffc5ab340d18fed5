from __future__ import annotations

from typing import Any

import polars as pl
from small_trace import NODES, claim, instant


def spans(frame: pl.DataFrame) -> list[tuple[Any, ...]]:
    return frame.select("phase", "valid_from", "valid_to", "ended_by").rows()


def test_a_version_is_valid_until_the_next_one(small, ask):
    small.observe(1, "ADDED", claim(version=1)).observe(3, "MODIFIED", claim(version=2, phase="Bound"))
    assert spans(ask(small.ended()).object_versions()) == [
        ("Pending", instant(1), instant(3), "MODIFIED"),
        ("Bound", instant(3), None, None),
    ]


def test_a_deletion_ends_the_last_version_and_starts_none(small, ask):
    small.observe(1, "ADDED", claim(version=1)).observe(5, "DELETED", claim(version=2, phase="Bound"))
    assert spans(ask(small.ended()).object_versions()) == [("Pending", instant(1), instant(5), "DELETED")]


def test_what_vanished_in_a_gap_ends_where_that_was_seen(small, ask):
    small.observe(1, "LISTED", claim(version=1)).vanish(60, claim(version=1))
    assert spans(ask(small.ended()).object_versions()) == [("Pending", instant(1), instant(60), "VANISHED")]


def test_a_heartbeat_starts_no_version(small, ask):
    node = {"kind": "Node", "metadata": {"name": "n1", "uid": "u", "resourceVersion": "1"}}
    small.observe(1, "LISTED", node, NODES).observe(2, "MODIFIED", node, NODES, resource_version="2", object=None)
    versions = ask(small.ended()).object_versions(kind="Node")
    assert versions.select("valid_from", "valid_to").rows() == [(instant(1), None)]


def test_a_list_that_shows_an_object_unchanged_starts_no_version(small, ask):
    small.observe(1, "ADDED", claim(version=7)).observe(9, "LISTED", claim(version=7))
    small.observe(12, "LISTED", claim(version=8, phase="Bound"))
    assert spans(ask(small.ended()).object_versions()) == [
        ("Pending", instant(1), instant(12), "LISTED"),
        ("Bound", instant(12), None, None),
    ]


def test_a_claim_made_again_under_its_name_is_another_object(small, ask):
    small.observe(1, "ADDED", claim(uid="first")).observe(2, "DELETED", claim(uid="first"))
    small.observe(3, "ADDED", claim(uid="second", version=3))
    versions = ask(small.ended()).object_versions(namespace="shop", name="data")
    assert versions.select("uid", "valid_to").rows() == [("first", instant(2)), ("second", None)]


def test_at_an_instant_there_is_one_version_of_what_existed(small, ask):
    small.observe(1, "ADDED", claim("a")).observe(2, "ADDED", claim("b")).observe(3, "MODIFIED", claim("a", 5, "Bound"))
    trace = ask(small.ended())
    assert trace.object_versions(at=instant(2.5)).select("name", "phase").rows() == [("a", "Pending"), ("b", "Pending")]
    assert trace.object_versions(at=instant(3)).select("name", "phase").rows() == [("b", "Pending"), ("a", "Bound")]
    assert trace.object_versions(at=instant(0)).is_empty()


def test_the_object_and_its_facts_come_along(small, ask):
    small.observe(1, "ADDED", claim(phase="Lost"))
    (row,) = ask(small.ended()).object_versions(uid="uid-data").to_dicts()
    assert row["kind"] == "PersistentVolumeClaim"
    assert row["phase"] == "Lost"
    assert '"Lost"' in row["object"]
