"""Adds attributes to what a format found, each made out of the distinct values of a column."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path

import polars as pl

from logplatform.kernel.request_fields import AGENT, CLIENT, PATH, STATUS
from parsing.contracts import TEXT_COLUMNS, Matched
from parsing.enrichment import addresses, agents, geo
from parsing.enrichment.contracts import Enrichment, Table
from parsing.enrichment.distinct import over_distinct
from parsing.enrichment.geo import GeoFiles
from parsing.enrichment.tags import tags_of
from parsing.enrichment.urls import url_parts
from parsing.frames import first_present


def client_of(matched: Matched) -> pl.Series | None:
    """The clients' addresses."""
    return _present(matched, CLIENT)


def enrich_matched(
    matched: Matched, enrichment: Enrichment, *, client: pl.Series | None
) -> Matched:
    """Add what the values tell; a sender's own attribute of a name wins.

    Args:
        matched: n lines with their message, redacted.
        enrichment: what to add.
        client: `client_of` before redaction. What is told about it does not tell the address.
    """
    made = list(_from_client(client, enrichment))
    agent = None if enrichment.agents == "off" else _present(matched, AGENT)
    if agent is not None:
        made += over_distinct(agent, agents.NAMES, agents.agent_parts)
    path = _present(matched, PATH)
    if path is not None and _wants_urls(enrichment, matched, client):
        made += url_parts(path)
    for table in enrichment.tables:
        made += _looked_up(table, _field(matched, table.field))
    tags = tags_of(enrichment.tags, _tagged_fields(matched, enrichment, path), len(matched.rows))
    made += [] if tags is None else [tags]
    return _with(matched, made) if made else matched


@lru_cache(maxsize=8)
def geo_files(paths: tuple[Path, ...]) -> GeoFiles:
    """The opened files of a process."""
    return GeoFiles(paths)


def _from_client(client: pl.Series | None, enrichment: Enrichment) -> Iterator[pl.Series]:
    if client is None:
        return
    if enrichment.ip_class:
        yield from over_distinct(client, addresses.NAMES, addresses.address_classes)
    if enrichment.geo_files:
        yield from over_distinct(client, geo.NAMES, geo_files(enrichment.geo_files).find)


def _wants_urls(enrichment: Enrichment, matched: Matched, client: pl.Series | None) -> bool:
    """Whether to take paths apart; of itself for access logs: a client asked and got a status."""
    if enrichment.urls != "auto":
        return enrichment.urls == "on"
    return client is not None and _present(matched, STATUS) is not None


def _present(matched: Matched, names: Sequence[str]) -> pl.Series | None:
    """The attribute that is called one of the names."""
    return first_present(names, matched.attributes, matched.extras, len(matched.rows))


def _field(matched: Matched, name: str) -> pl.Series | None:
    """A column of text or an attribute."""
    is_column = name in TEXT_COLUMNS and name in matched.values
    return matched.values[name] if is_column else _present(matched, (name,))


def _tagged_fields(
    matched: Matched, enrichment: Enrichment, path: pl.Series | None
) -> dict[str, pl.Series]:
    """The fields that tag rules look at, as far as they are there."""
    names = dict.fromkeys(name for rule in enrichment.tags for name in rule.fields)
    found = {name: path if name == "path" else _field(matched, name) for name in names}
    return {name: column for name, column in found.items() if column is not None}


def _looked_up(table: Table, field: pl.Series | None) -> list[pl.Series]:
    if field is None:
        return []
    names = [f"{table.name}.{column}" for column in table.columns]
    return over_distinct(field, names, partial(_rows_of, table))


def _rows_of(table: Table, keys: list[str]) -> list[list[str | None]]:
    rows = [table.rows.get(key) for key in keys]
    return [[None if row is None else column[row] for row in rows] for column in table.values]


def _with(matched: Matched, made: Sequence[pl.Series]) -> Matched:
    """The lines with more attributes, where they have none of that name."""
    together = {column.name: column for column in matched.attributes}
    for column in made:
        name, own = column.name, together.get(column.name)
        theirs = _present(matched, (name,))
        if theirs is not None:
            column = pl.select(pl.when(theirs.is_null()).then(column)).to_series()
        if own is not None:
            column = pl.select(pl.coalesce(own, column)).to_series()
        together[name] = column.alias(name)
    return replace(matched, attributes=list(together.values()))
