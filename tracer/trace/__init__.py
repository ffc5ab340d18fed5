"""The trace on disk: its tables, its manifest, its journal, and how it is opened.

This package is the only part of the tracer that analysis may know. `open_trace` is its front door.
"""

from tracer.trace.opening import Trace, open_trace

__all__ = ["Trace", "open_trace"]
