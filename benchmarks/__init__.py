"""Measurements, as ratios against a named anchor in the same run; `make bench` runs them and writes RESULTS.md."""
