"""Messages that people or models wrote have no template: no two of them are alike.

Their ids would say nothing and take an eighth of the disk, as hashes cannot be compressed; and a
list of templates would be a list of lines.
"""

from collections.abc import Iterator

import polars as pl

# Of a source and a group; programs have some hundred kinds of messages.
MAX_TEMPLATES = 2_000
NO_TEMPLATE = 0


def without_lone_templates(records: pl.DataFrame) -> pl.DataFrame:
    """Take the template from lines of free text.

    Args:
        records: a group, with `app`, `source`, `pattern_id`.
    Returns:
        The same rows. Where most lines of a source have a template for themselves, and they are
        more than `MAX_TEMPLATES`, these have `NO_TEMPLATE`; templates of two lines or more stay.
    """
    # Most groups are told by one look: counting the different ids of a column.
    if len(records) <= MAX_TEMPLATES or records["pattern_id"].n_unique() <= MAX_TEMPLATES:
        return records
    ids = records["pattern_id"]
    for rows in _lone_rows(records):
        ids = ids.clone().scatter(rows, NO_TEMPLATE)
    return records.with_columns(ids)


def _lone_rows(records: pl.DataFrame) -> Iterator[pl.Series]:
    """Rows of each source of free text whose template nothing else of it has."""
    numbered = records.select("app", "source", "pattern_id").with_row_index("row")
    sources = records.select("app", "source").unique()
    parts = [numbered] if len(sources) == 1 else numbered.partition_by("app", "source")
    for own in parts:
        lone = own["row"].filter(own["pattern_id"].is_unique())
        if len(lone) > max(MAX_TEMPLATES, len(own) // 2):
            yield lone
