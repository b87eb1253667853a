"""JSON objects, one a line → one column per key, nested keys joined with `.`."""

from parsing.objects.part import Part
from parsing.objects.read import read_objects

__all__ = ["Part", "read_objects"]
