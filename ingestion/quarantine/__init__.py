"""Quarantine as people use it: reading lines again, replays, and what bounds it all."""
