"""JSON objects, one a line → one column per key, nested keys joined with `.`."""

from parsing.objects.read import ObjectLines, read_objects

__all__ = ["ObjectLines", "read_objects"]
