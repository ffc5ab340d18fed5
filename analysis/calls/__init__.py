"""CSI calls put together from log lines: which answer belongs to which call, and how sure that is."""
