"""Installations elsewhere, as commands speak to them."""
