"""Which fields have a value, whatever they are called: for who looks for it in messages only."""

from storage.clickhouse import client
from storage.contracts import LogQuery
from storage.query import SqlCondition
from storage.query.fields import COLUMNS, Field, Kind, written
from storage.questions.fields import PAIRS, READ
from storage.where import all_of, where

# Lines with the value that are looked at for its field.
_LINES = 1_000
_COLUMNS = [name for name, kind in COLUMNS.items() if kind is Kind.TEXT and name != "app"]


def fields_with(query: LogQuery, value: str, *, seconds: float) -> list[str]:
    """Fields of which a line of a query has exactly this value, the most frequent first.

    Args:
        seconds: how long it is looked for; what was found until then is told.
    Returns:
        Names as a query writes them.
    Raises: as `search_logs`.
    """
    tests = " OR ".join(f"{name} = {{sought:String}}" for name in _COLUMNS)
    has_it = SqlCondition(
        text=f"{tests} OR has(mapValues(attributes), {{sought:String}})",
        params={"sought": value},
    )
    lines = all_of([where(query), has_it])
    rows = client.fetch(
        "SELECT pair.1 AS is_attribute, pair.2 AS name "
        f"FROM (SELECT arrayJoin({PAIRS}) AS pair FROM "
        f"(SELECT {READ} FROM logs WHERE {lines.text} LIMIT {_LINES})) "
        "WHERE pair.3 = {sought:String} AND (is_attribute OR name IN {columns:Array(String)}) "
        "GROUP BY is_attribute, name ORDER BY count() DESC, name",
        {**lines.params, "columns": _COLUMNS},
        max_execution_time=round(seconds, 3),
        timeout_overflow_mode="break",
    )
    kinds = (Kind.ATTRIBUTE if row["is_attribute"] else Kind.TEXT for row in rows)
    return [
        written(Field(name=row["name"], kind=kind)) for row, kind in zip(rows, kinds, strict=True)
    ]
