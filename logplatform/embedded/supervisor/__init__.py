"""Starts, watches, restarts and stops processes. Knows nothing of what they do."""
