"""JSON objects, one a line → one column per key, nested keys joined with `.`."""

from parsing.objects.columns import Part
from parsing.objects.read import ObjectLines, read_objects

__all__ = ["ObjectLines", "Part", "read_objects"]
