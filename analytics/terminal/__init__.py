"""Searching from a terminal: asking an installation, following it, showing lines."""
