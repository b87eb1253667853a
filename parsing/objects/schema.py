"""Which keys lines have, and reading them with polars by such a schema.

Every value is read as text, so that a key which flips its type loses nothing; objects that the
sample shows are read in the same pass.
"""

import json
from collections.abc import Iterator, Mapping

import polars as pl

from parsing.frames import all_rows, no_columns
from parsing.objects.spelling import ODD_KEY_ENDS

MAX_LEVELS = 6
_MAX_COLUMNS = 256
_SAMPLE_LINES = 24
_KEY = r'"(?:[^"\\]|\\.)*"\s*:'

# Keys of one level; None: text; else the keys of the objects it holds.
Schema = dict[str, "Schema | None"]


def sampled_schema(texts: pl.Series) -> Schema:
    """Keys of some lines; keys that others add are found because their count is short."""
    schema: Schema = {}
    for text in texts[:: max(1, len(texts) // _SAMPLE_LINES)]:
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            _learn(schema, found, depth=1)
    if count_columns(schema) <= _MAX_COLUMNS:
        return schema
    return dict.fromkeys([*schema][:_MAX_COLUMNS])


def _learn(schema: Schema, found: Mapping[str, object], *, depth: int) -> None:
    for key, value in found.items():
        if value is None or not _is_plain(key):
            continue
        if isinstance(value, dict) and value and depth < MAX_LEVELS:
            inner = schema.setdefault(key, {})
            if inner is not None:
                _learn(inner, value, depth=depth + 1)
        else:
            schema[key] = None


def found_schema(texts: pl.Series) -> Schema:
    """The most frequent keys of all texts, nested ones among them; all of them text."""
    found = texts.str.extract_all(_KEY).explode().drop_nulls()
    counted = found.value_counts(sort=True).head(_MAX_COLUMNS)
    return dict.fromkeys(key for raw in counted.to_series() for key in _decoded_key(raw))


def group_by_keys(texts: pl.Series, *, at_least: int) -> list[pl.Series]:
    """Rows (UInt32) of the texts that have the same keys in the same order; large groups only."""
    keys = texts.str.extract_all(_KEY).list.join("").hash().alias("keys")
    groups = pl.DataFrame([keys, all_rows(len(texts)).alias("row")]).group_by("keys").all()
    rows = groups.filter(pl.col("row").list.len() >= at_least)["row"]
    return sorted(rows, key=lambda group: int(group[0]))


def _decoded_key(raw: str) -> list[str]:
    try:
        key = json.loads(raw.rstrip(": \t\r\n"))
    except ValueError:
        return []
    return [key] if _is_plain(key) else []


def _is_plain(key: str) -> bool:
    """Whether the key can name a column (half a surrogate pair cannot) and be told in the text."""
    return not key.endswith(ODD_KEY_ENDS) and key.isprintable()


def count_columns(schema: Schema) -> int:
    """How many columns the schema makes."""
    return sum(1 if inner is None else count_columns(inner) for inner in schema.values())


def read_ndjson(
    texts: pl.Series, schema: Schema
) -> tuple[pl.DataFrame | None, pl.DataFrame | None]:
    """Read JSON objects.

    Args:
        texts: n lines (String).
        schema: the keys wanted.
    Returns:
        n rows with one String column per joined key, or None when a line is not an object or does
        not fit the schema; and, where the schema has objects, `count` Int64, how many each line
        has, and `empty` Boolean, whether one of them shows no value.
    """
    if not len(texts):
        return no_columns(0), None
    return read_body(texts.str.join("\n")[0].encode(), schema, n=len(texts))


def read_body(
    body: bytes, schema: Schema, *, n: int
) -> tuple[pl.DataFrame | None, pl.DataFrame | None]:
    """As `read_ndjson`, of `n` lines joined by line feeds."""
    types = {key: _type_of(inner) for key, inner in (schema or {"_": None}).items()}
    try:
        frame = pl.read_ndjson(body, schema=types)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return None, None
    if len(frame) != n:
        return None, None
    return _flattened(frame, schema) if any(schema.values()) else (frame, None)


def _type_of(inner: Schema | None) -> pl.DataType:
    if not inner:
        return pl.String()
    return pl.Struct({key: _type_of(deeper) for key, deeper in inner.items()})


def _flattened(frame: pl.DataFrame, schema: Schema) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Joined keys as columns; of two that join to the same, the one nearer to the top wins."""
    leaves: dict[str, list[pl.Expr]] = {}
    objects: list[tuple[pl.Expr, list[pl.Expr]]] = []
    for name, leaf in _walk(schema, "", None, objects):
        leaves.setdefault(name, []).append(leaf)
    shown = [
        (there.is_not_null(), pl.all_horizontal(part.is_null() for part in parts))
        for there, parts in objects
    ]
    counts = frame.select(
        count=pl.sum_horizontal(there for there, _ in shown).cast(pl.Int64),
        empty=pl.any_horizontal(there & nothing for there, nothing in shown),
    )
    flat = frame.select(pl.coalesce(parts).alias(name) for name, parts in leaves.items())
    return flat, counts


def _walk(
    schema: Schema,
    prefix: str,
    above: pl.Expr | None,
    objects: list[tuple[pl.Expr, list[pl.Expr]]],
) -> Iterator[tuple[str, pl.Expr]]:
    """Leaves of a level, then of the objects in it; `objects` gets each with its direct parts."""
    parts = {key: pl.col(key) if above is None else above.struct.field(key) for key in schema}
    if above is not None:
        objects.append((above, list(parts.values())))
    for key, inner in schema.items():
        if not inner:
            yield prefix + key, parts[key]
    for key in sorted(schema):
        if inner := schema[key]:
            yield from _walk(inner, f"{prefix}{key}.", parts[key], objects)
