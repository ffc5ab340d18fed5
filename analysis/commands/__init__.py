"""The commands that ask a trace, one a file; `analysis/cli.py` joins them."""
