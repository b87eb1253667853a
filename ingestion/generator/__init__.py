"""Realistic made-up log traffic, for demonstrations, tests and benchmarks."""
