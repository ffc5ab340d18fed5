"""Following the logs of storage's containers: each line once per container and restart, or a gap that says so."""
