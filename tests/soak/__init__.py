"""A soak: load, and every process killed again and again; in the end each line is there once."""
