"""Counts by minute that the engine keeps with each insert, and what keeps them true."""
