"""Rewrite the generated parts of docs/ from the code: `python docs/generate.py`, with --check only compare."""

from __future__ import annotations

import inspect
import os
import re
import sys
from collections.abc import Callable, Iterator
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

import typer.main

from analysis import Trace, open_trace
from analysis.catalogue import read_models
from tracer.errors import ExitCode
from tracer.kinds import KINDS, Keep, Kind
from tracer.logs.calls import VOCABULARY
from tracer.trace.schema import TABLES, TYPES, WHATS

DOCS = Path(__file__).parent
_WIDTH = "100"
_SAMPLE = DOCS.parent / "sample_traces" / "first-volumes.trace"

LAYERS = {
    "intervals": "What the trace itself says, as stretches of time.",
    "identity": "Which volumes there were, whose they were, and which pods used them.",
    "lifecycle": "What happened to them, and when.",
    "worlds": "What the controllers and kubelets wanted, what there was, and where the two differed.",
    "diagnosis": "What went wrong: the findings of the rules, and what the trace does not allow to decide.",
    "latency": "Where the time went.",
    "staging": "What the others are made of.",
}
"""Folder under analysis/models/ -> what its public models are about."""


def tables() -> str:
    """Every table and column."""
    parts = []
    for table, columns in TABLES.items():
        rows = [f"| `{each.name}` | {_type(each.type)} | {each.doc} |" for each in columns]
        parts += [f"## {table}", "", "| column | type | meaning |", "| --- | --- | --- |", *rows, ""]
        values = {"objects": ("type", TYPES), "streams": ("what", WHATS)}.get(table)
        if values:
            name, meanings = values
            parts += [f"| `{name}` | meaning |", "| --- | --- |"]
            parts += [f"| `{value}` | {meaning} |" for value, meaning in meanings.items()] + [""]
    return "\n".join(parts)


def _type(kind: object) -> str:
    text = str(kind).replace("extension<arrow.json>", "json").replace("timestamp[us, tz=UTC]", "timestamp[µs, UTC]")
    text = text.replace("timestamp[ns, tz=UTC]", "timestamp[ns, UTC]").replace("list<element: ", "list<")
    return text.replace("list<item: ", "list<").replace("|", "\\|")


def models() -> str:
    """Every public model, by layer."""
    public = [model for model in read_models() if not model.name.startswith("_")]
    public.sort(key=lambda model: list(LAYERS).index(model.layer))
    with open_trace(_SAMPLE) as trace:
        columns = trace.models().partition_by("model", as_dict=True)
    parts = []
    for layer, of_layer in groupby(public, key=attrgetter("layer")):
        parts += [f"## {layer.capitalize()}", "", LAYERS[layer], ""]
        for model in of_layer:
            rows = columns[(model.name,)].select("column_name", "column_type", "column_meaning").rows()
            parts += [f"### {model.name}", "", model.meaning, "", "| column | type | meaning |", "| --- | --- | --- |"]
            parts += [f"| `{name}` | {_sql_type(kind)} | {_cell(about)} |" for name, kind, about in rows] + [""]
    return "\n".join(parts)


def _sql_type(kind: str) -> str:
    return kind.lower().replace("timestamp with time zone", "timestamptz").replace("varchar", "text")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def kinds() -> str:
    """Every watched kind."""
    head = ["| kind | group | versions, newest first | kept |", "| --- | --- | --- | --- |"]
    return "\n".join([*head, *(_kind(kind) for kind in KINDS)])


def _kind(kind: Kind) -> str:
    kept = "all" if kind.keep is Keep.ALL else str(kind.keep)
    return f"| {kind.kind} | {kind.group or 'core'} | {', '.join(kind.versions)} | {kept} |"


def vocabulary() -> str:
    """Every derived field of log lines."""
    return "\n".join(
        ["| field | meaning |", "| --- | --- |", *(f"| `{name}` | {doc} |" for name, doc in VOCABULARY.items())]
    )


def python() -> str:
    """Every question that a trace answers in Python."""
    methods = [each for name, each in vars(Trace).items() if inspect.isfunction(each) and not name.startswith("_")]
    parts = (f"### {each.__name__}\n\n```python\n{_call(each)}\n```\n\n{inspect.getdoc(each)}\n" for each in methods)
    return "\n".join(parts)


def _call(method: Callable[..., Any]) -> str:
    signature = inspect.signature(method)
    called = signature.replace(parameters=list(signature.parameters.values())[1:])
    return re.sub(r"(: |-> )'([^']*)'", r"\1\2", f"trace.{method.__name__}{called}")  # annotations are texts


def exits() -> str:
    """Every exit code."""
    source = (DOCS.parent / "tracer" / "errors.py").read_text()
    docs = dict(re.findall(r"    (\w+) = \d+\n    \"\"\"(.*?)\"\"\"", source, re.DOTALL))
    rows = [f"| {code.value} | {' '.join(docs[code.name].split())} |" for code in ExitCode]
    return "\n".join(["| code | meaning |", "| --- | --- |", *rows])


def cli() -> str:
    """The help of every command."""
    from volreel import command_line

    group = typer.main.get_command(command_line())
    return "\n".join(["# Commands", "", "Generated from `--help` by `make docs`.", "", *_helps(group, ("volreel",))])


def _helps(command: Any, names: tuple[str, ...]) -> Iterator[str]:
    with command.make_context(" ".join(names), [], resilient_parsing=True) as context:
        yield f"{'#' * (len(names) + 1)} {' '.join(names)}\n\n```text\n{command.get_help(context).rstrip()}\n```\n"
        for name in getattr(command, "list_commands", lambda _: [])(context):
            yield from _helps(command.get_command(context, name), (*names, name))


def generated() -> dict[Path, str]:
    """Every document with generated parts -> what it should be."""
    sections = {
        "tables": tables,
        "kinds": kinds,
        "exits": exits,
        "vocabulary": vocabulary,
        "models": models,
        "python": python,
    }
    found = {DOCS / "cli.md": cli()}
    for name in ("trace-format", "recording", "logs", "models", "python"):
        path = DOCS / f"{name}.md"
        text = path.read_text()
        for section, make in sections.items():
            mark = rf"(<!-- generated: {section} -->\n).*?(<!-- end generated -->)"
            text = re.sub(mark, lambda match, make=make: f"{match[1]}{make()}\n{match[2]}", text, flags=re.DOTALL)
        found[path] = text
    return found


def main() -> None:
    """Write, or with --check say what is stale."""
    stale = [path for path, text in generated().items() if not path.exists() or path.read_text() != text]
    if "--check" in sys.argv:
        sys.exit("\n".join(f"{path} is stale: run `make docs`" for path in stale) or 0)
    for path in stale:
        path.write_text(generated()[path])


if __name__ == "__main__":
    os.environ |= {"COLUMNS": _WIDTH, "TERMINAL_WIDTH": _WIDTH, "NO_COLOR": "1"}
    main()
