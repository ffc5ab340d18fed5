"""The front door: joins the command groups, and turns every error into one line and an exit code."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import typer


def main() -> None:
    """Run the command line. `--version` answers without importing any command."""
    from tracer import __version__

    if sys.argv[1:] == ["--version"]:
        print(f"volreel {__version__}")
        return
    sys.exit(_run())


def _run() -> int:
    """Run a command; the exit code. Each package's `cli` imports what a command needs only when it runs."""
    from tracer.errors import ExitCode

    try:
        command_line()()
        sys.stdout.flush()
    except SystemExit as end:
        # Typer and Rich turn a closed pipe into exit code 1, which is kept for bad news.
        code = ExitCode.PIPE_CLOSED if isinstance(end.__context__, BrokenPipeError) else end.code
        return _flushed(int(code or ExitCode.OK))
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        return _flushed(ExitCode.PIPE_CLOSED)
    except Exception as error:
        return _report(error)
    return ExitCode.OK


def command_line() -> typer.Typer:
    """The commands of all packages as one program."""
    import typer

    from analysis.cli import app as analysis_commands
    from tracer.cli import app as tracer_commands
    from tui.cli import app as tui_commands

    app = typer.Typer(
        name="volreel",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        help="Record a cluster's storage history, and find out which link of the chain broke.",
    )
    for commands in (tracer_commands, analysis_commands, tui_commands):
        app.add_typer(commands)
    return app


def _flushed(code: int) -> int:
    """Let go of a pipe that nobody reads any more, so that Python does not complain about it at its end."""
    from tracer.errors import ExitCode

    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.PIPE_CLOSED
    return code


def _report(error: Exception) -> int:
    from tracer.errors import ExitCode, VolreelError
    from tracer.trace.visible import visible

    if os.environ.get("VOLREEL_DEBUG"):
        import traceback

        traceback.print_exception(error)
    if isinstance(error, VolreelError):
        code, line = error.exit_code, str(error)
    elif isinstance(error, OSError):
        what = error.strerror or str(error)
        code, line = ExitCode.USAGE, f"{error.filename}: {what}" if error.filename else what
    else:
        code = ExitCode.BUG
        line = (
            f"this is a bug in volreel: {type(error).__name__}: {error}. Run it again with VOLREEL_DEBUG=1 and report"
            " the traceback."
        )
    print(f"volreel: {visible(line)}", file=sys.stderr)
    return code


if __name__ == "__main__":
    main()
