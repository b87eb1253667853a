"""What the values of a record tell: browser, place, parts of a URL, tags, rows of tables."""

from parsing.enrichment.apply import enrich_matched
from parsing.enrichment.contracts import Enrichment, Table, TagRule
from parsing.enrichment.csv_table import InvalidTable, read_table
from parsing.enrichment.geo import GeoFiles
from parsing.enrichment.tags import DEFAULT_TAGS

__all__ = [
    "DEFAULT_TAGS",
    "Enrichment",
    "GeoFiles",
    "InvalidTable",
    "Table",
    "TagRule",
    "enrich_matched",
    "read_table",
]
