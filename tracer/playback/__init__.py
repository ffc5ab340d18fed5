"""A trace served as a Kubernetes API again: the world that it recorded, read-only, on loopback."""

from tracer.playback.server import TraceServer, serve_trace

__all__ = ["TraceServer", "serve_trace"]
