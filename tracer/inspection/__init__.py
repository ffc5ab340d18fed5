"""Looking into a trace without changing it: what it holds, what it may have missed, and whether it is whole."""
