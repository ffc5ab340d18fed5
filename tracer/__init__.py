"""Record a cluster's storage history into a trace, and serve a trace as a cluster again."""

__version__ = "0.1.0"
