"""Benchmarks of the whole platform as a user runs it: `make bench` or `python -m bench --help`."""
