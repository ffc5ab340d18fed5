"""A heartbeat row's object is put back from the last full version."""

from __future__ import annotations

import msgspec
import pytest

from tracer.heartbeat import with_resource_version

NODE = b'{"kind":"Node","metadata":{"name":"n","annotations":{"resourceVersion":"7"},"resourceVersion":"7"},"x":1.0e3}'


def test_only_the_resource_version_changes():
    assert with_resource_version(NODE, "8") == NODE.replace(b'"7"},"x"', b'"8"},"x"')


def test_a_hostile_version_stays_a_string():
    assert msgspec.json.decode(with_resource_version(NODE, '"},{'))["metadata"]["resourceVersion"] == '"},{'


def test_what_is_no_object_is_refused():
    for text in (b"", b"[]", b'{"metadata":3}', b"{}"):
        with pytest.raises(msgspec.DecodeError):
            with_resource_version(text, "8")
