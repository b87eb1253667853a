"""Checks that every request has in the store what its receipt says."""
