"""Keys and values → the record's own columns and attributes, by the names of a dialect."""

from collections.abc import Sequence

import polars as pl

from parsing.dialects import Dialect
from parsing.frames import constant
from parsing.severities import severity_of_status, severity_of_words


def pick_fields(
    frame: pl.DataFrame, dialect: Dialect
) -> tuple[dict[str, pl.Series], list[pl.Series]]:
    """Split fields into the record's own and attributes.

    Args:
        frame: n rows, a String column per key.
        dialect: which keys are which.
    Returns:
        Columns of the record by name, `message` always among them; and the attributes.
    """
    names = {
        column: present
        for column, aliases in dialect.names.items()
        if (present := [name for name in aliases if _is_filled(frame, name)])
    }
    picked = {column: pl.coalesce(present) for column, present in names.items()}
    words = picked.get("severity", pl.lit(None, pl.String))
    told = _severity(words, dialect)
    unknown = told.is_null() & (words != "")
    if "severity" in picked:
        picked |= {"severity": told, "unknown": unknown.any()}
    status = [name for name in dialect.status if _is_filled(frame, name)]
    if status and (dialect.name or not _is_full(frame, names.get("severity", []))):
        picked["severity"] = pl.coalesce(told, severity_of_status(pl.coalesce(status)))
    if dialect.name and "message" in picked:
        picked["message"] = picked["message"].str.strip_suffix("\n")
    values = frame.select(**picked).to_dict() if picked else {}
    keeps_levels = "unknown" in values and values.pop("unknown")[0]
    levels = names.get("severity", []) if keeps_levels else []
    unused = _unused(names, levels, unknown)
    taken = {name for present in names.values() for name in present}
    plain = [column for column in frame.get_columns() if column.name not in taken]
    left = frame.select(**unused).get_columns() if unused else []
    message = {"message": constant("", len(frame), pl.String)}
    return message | values, [*plain, *left]


def _severity(words: pl.Expr, dialect: Dialect) -> pl.Expr:
    """By the dialect's words and the usual ones."""
    told = severity_of_words(words)
    if not dialect.words:
        return told
    own = words.str.to_lowercase().replace_strict(
        list(dialect.words), list(dialect.words.values()), default=None, return_dtype=pl.UInt8
    )
    return pl.coalesce(own, told)


def _is_full(frame: pl.DataFrame, names: Sequence[str]) -> bool:
    """Whether one of these keys is in every row."""
    return any(frame[name].null_count() == 0 for name in names)


def _is_filled(frame: pl.DataFrame, name: str) -> bool:
    return name in frame.columns and frame[name].null_count() < len(frame)


def _unused(
    names: dict[str, list[str]], levels: Sequence[str], unknown: pl.Expr
) -> dict[str, pl.Expr]:
    """What stays an attribute of the fields with several names, or with a level not known."""
    unused: dict[str, pl.Expr] = {}
    for present in names.values():
        for number, name in enumerate(present):
            earlier = [pl.col(other).is_not_null() for other in present[:number]]
            is_unused = pl.any_horizontal(pl.lit(value=False), *earlier)
            if name in levels:
                is_unused = is_unused | unknown
            if earlier or name in levels:
                unused[name] = pl.when(is_unused).then(pl.col(name))
    return unused
