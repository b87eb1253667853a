"""Which queries an index answers: they are asked of a whole range at once."""

from storage.query import conditions as c
from storage.query.conditions import Condition
from storage.query.meaning import meaning_of
from storage.query.syntax import Node

# Columns with a skip index of their own; see `storage/clickhouse/schema`.
_INDEXED = frozenset({"trace_id"})


def is_lookup(node: Node) -> bool:
    """Whether an index says which lines may be found. Raises: QueryError, as `to_sql`."""
    return _is_lookup(meaning_of(node))


def _is_lookup(condition: Condition) -> bool:
    match condition:
        case c.Every(parts=parts):
            return any(_is_lookup(part) for part in parts)
        case c.Either(parts=parts):
            return all(_is_lookup(part) for part in parts)
        case c.MessageHas(words=words):
            return bool(words)
        case c.MessageLike(parts=parts):
            return bool(parts)
        case c.TextEquals(field=field):
            return field.name in _INDEXED
        case _:
            return False
