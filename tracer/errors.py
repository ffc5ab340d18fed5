"""Every error that volreel shows to its user, and the exit code that goes with it.

    VolreelError            2  wrong use, or a file that is not what it should be
    ├─ TraceError           2  NotATrace · TraceExists · TraceLocked · TraceTooNew · TraceDamaged
    ├─ InputError           2  a file given to `import` cannot be read as what it should be
    └─ ClusterError         3  the cluster cannot be reached or refuses

A message says what happened, to what, and what to do next. It is raised where the cause is known and
printed in one place, the front door; no traceback reaches a user.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a shell sees when volreel ends."""

    OK = 0
    """It went well."""
    BAD_ANSWER = 1
    """The command worked and its answer is bad news: a check failed, a finding was made."""
    USAGE = 2
    """The command line, or a file it names, is not usable."""
    CLUSTER = 3
    """The cluster could not be reached, or refused."""
    BUG = 70
    """volreel itself failed (EX_SOFTWARE): one line asks to report it; VOLREEL_DEBUG=1 shows the traceback."""
    INTERRUPTED = 130
    """Ctrl-C before there was a result. (`volreel record` ends well on Ctrl-C: 0.)"""
    PIPE_CLOSED = 141
    """Nobody reads the output any more, as in `volreel export T | head`: it ends without a word, like SIGPIPE."""


class VolreelError(Exception):
    """An error with a message for the user: one line, what happened, to what, what to do."""

    exit_code = ExitCode.USAGE


class TraceError(VolreelError):
    """A trace cannot be used as asked."""


class NotATrace(TraceError):
    """The path is no trace."""


class TraceExists(TraceError):
    """A recording would overwrite a trace."""


class TraceLocked(TraceError):
    """Another recorder is writing this trace."""


class TraceTooNew(TraceError):
    """The trace has a newer major format than this volreel reads."""


class TraceDamaged(TraceError):
    """The trace is too damaged for what was asked; `volreel check` names the damage."""


class InputError(VolreelError):
    """A file given to an import is not what it should be."""


class ClusterError(VolreelError):
    """The cluster cannot be reached, or refuses the recorder."""

    exit_code = ExitCode.CLUSTER
