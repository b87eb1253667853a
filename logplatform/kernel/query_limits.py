"""What one question may use of the log engine, and how settings word it."""

from dataclasses import dataclass

from logplatform.kernel.sizes import parse_size


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryLimits:
    """Bounds of one query; 0 is no limit. `rows` and `bytes` are what it reads."""

    seconds: int = 20
    memory: int = 1 << 30
    rows: int = 0
    bytes: int = 0


def parse_query_limits(text: str) -> QueryLimits:
    """Limits from `seconds=20 memory=512M rows=0 bytes=100G`; what is not named has its default.

    Raises:
        ValueError: a name that is none, or a value that is no number.
    """
    values = {}
    for word in text.split():
        name, mark, value = word.partition("=")
        if not mark or name not in QueryLimits.__slots__:
            raise ValueError("needs seconds=, memory=, rows= and bytes= with numbers, by spaces")
        values[name] = parse_size(value)
    return QueryLimits(**values)
