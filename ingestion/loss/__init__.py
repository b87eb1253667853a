"""Notices that the queue came back without what it held, and says how much that was."""
