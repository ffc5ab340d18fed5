"""Rows on their way into Arrow: column by column, so that a kind pays only for the columns it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate, chain
from typing import Any

import pyarrow as pa

from tracer.trace.schema import SCHEMAS


class ColumnBuffer:
    """The rows of one table that are not written yet."""

    def __init__(self, table: str) -> None:
        self._schema = SCHEMAS[table]
        self._pieces: dict[str, list[tuple[int, Sequence[Any]]]] = {}
        self.rows = 0

    def extend(self, rows: int, columns: Mapping[str, Sequence[Any]]) -> None:
        """Add `rows` rows; a column that is not given is null in them.

        A timestamp is an integer in the column's unit, or an RFC 3339 string; JSON is bytes or a string; a struct in a
        list is a tuple.
        """
        start = self.rows
        for name, values in columns.items():
            self._pieces.setdefault(name, []).append((start, values))
        self.rows += rows

    def take(self) -> pa.RecordBatch:
        """All rows as one record batch; the buffer is empty afterwards."""
        rows, pieces = self.rows, self._pieces
        self.rows, self._pieces = 0, {}
        arrays = [
            _array(_assemble(pieces[field.name], rows), field.type)
            if field.name in pieces
            else _nulls(rows, field.type)
            for field in self._schema
        ]
        return pa.record_batch(arrays, schema=self._schema)


def _assemble(pieces: list[tuple[int, Sequence[Any]]], rows: int) -> Sequence[Any]:
    if len(pieces) == 1 and len(pieces[0][1]) == rows:
        return pieces[0][1]
    values: list[Any] = [None] * rows
    for start, piece in pieces:
        values[start : start + len(piece)] = piece
    return values


def _nulls(rows: int, kind: Any) -> pa.Array:
    if kind == pa.json_():
        return pa.ExtensionArray.from_storage(kind, pa.nulls(rows, pa.string()))
    return pa.nulls(rows, kind)


def _array(values: Sequence[Any], kind: Any) -> pa.Array:
    """Raises pa.ArrowException or TypeError for a value that is not of the column's type."""
    if kind == pa.json_():
        return pa.ExtensionArray.from_storage(kind, _long_texts(values))
    if pa.types.is_timestamp(kind):
        return _instants(values, kind)
    if kind == pa.string():
        return _text(values)
    if pa.types.is_list(kind):
        return _lists(values, kind)
    if pa.types.is_map(kind):
        return _maps(values, kind)
    return pa.array(values, kind)


def _maps(values: Sequence[Any], kind: Any) -> pa.Array:
    """Maps given as pairs of key and value; null or none of them is an empty map."""
    lengths = [len(each) if each else 0 for each in values]
    flat = list(chain.from_iterable(each for each in values if each))
    offsets = pa.array(accumulate(lengths, initial=0), pa.int32(), size=len(lengths) + 1)
    keys, items = zip(*flat, strict=True) if flat else ((), ())
    return pa.MapArray.from_arrays(offsets, _text(keys), _text(items), type=kind)


def _lists(values: Sequence[Any], kind: Any) -> pa.Array:
    """Lists of strings, or of structs given as tuples in their fields' order: built flat, several times as fast."""
    lengths = [len(each) if each is not None else 0 for each in values]
    flat = list(chain.from_iterable(each for each in values if each is not None))
    return pa.ListArray.from_arrays(
        pa.array(accumulate(lengths, initial=0), pa.int32(), size=len(lengths) + 1),
        _structs(flat, kind.value_type) if pa.types.is_struct(kind.value_type) else _array(flat, kind.value_type),
        type=kind,
        mask=pa.array([each is None for each in values]) if None in values else None,
    )


def _structs(rows: Sequence[tuple[Any, ...]], kind: Any) -> pa.Array:
    fields = zip(*rows, strict=True) if rows else [()] * kind.num_fields
    arrays = [_array(column, field.type) for column, field in zip(fields, kind, strict=True)]
    return pa.StructArray.from_arrays(arrays, fields=list(kind))


def _long_texts(values: Sequence[Any]) -> pa.Array:
    """Whole objects, as bytes: their buffers are laid out here, a third of the time that Arrow needs for it."""
    try:
        data = b"".join([each or b"" for each in values])
        lengths = [len(each) if each is not None else 0 for each in values]
        offsets = pa.array(accumulate(lengths, initial=0), pa.int32(), size=len(lengths) + 1)
        valid = pa.array([each is not None for each in values]).buffers()[1] if None in values else None
        texts = pa.StringArray.from_buffers(len(values), offsets.buffers()[1], pa.py_buffer(data), valid)
        if not data.isascii():
            texts.validate(full=True)
    except (pa.ArrowException, TypeError):  # not UTF-8, or some are str
        return _text(values)
    return texts


def _text(values: Sequence[Any]) -> pa.Array:
    """Text, from str or bytes: what is not UTF-8 is shown as U+FFFD, what is no text at all is null."""
    try:
        return pa.array(values, pa.string())
    except (pa.ArrowException, UnicodeError, TypeError):
        return pa.array([_clean(value) for value in values], pa.string())


def _clean(value: Any) -> str | None:
    if isinstance(value, str):
        value = value.encode("utf-8", "surrogatepass")
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else None


def _instants(values: Sequence[Any], kind: Any) -> pa.Array:
    first = next((value for value in values if value is not None), None)
    if not isinstance(first, str):
        return pa.array(values, kind)
    try:
        return pa.array(values, pa.string()).cast(kind)
    except (pa.ArrowException, TypeError):  # one odd stamp must not cost the others
        return pa.concat_arrays([_instant(value, kind) for value in values])


def _instant(value: Any, kind: Any) -> pa.Array:
    try:
        return pa.array([value], pa.string()).cast(kind)
    except (pa.ArrowException, TypeError):
        return pa.nulls(1, kind)
