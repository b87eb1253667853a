"""The questions of the search API: one file each, which holds a `QUESTION`."""
