"""The front door: joins the command groups, and turns every error into one line and an exit code."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line. `--version` answers without importing any command."""
    from tracer import __version__

    if sys.argv[1:] == ["--version"]:
        print(f"volreel {__version__}")
        return
    sys.exit(_run())


def _run() -> int:
    import typer

    from tracer.cli import app as tracer_commands
    from tracer.errors import ExitCode, VolreelError

    app = typer.Typer(name="volreel", no_args_is_help=True, add_completion=False)
    app.add_typer(tracer_commands)
    try:
        app()
    except VolreelError as error:
        print(f"volreel: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    return ExitCode.OK


if __name__ == "__main__":
    main()
