"""Parsing shown, not stored: what the API and the terminal say lines would become."""
