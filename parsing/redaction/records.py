"""Redacts what a format found: message, attributes, their names, and lines that were refused."""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import polars as pl

from parsing.contracts import TEXT_COLUMNS, Matched
from parsing.frames import all_rows, constant, put
from parsing.redaction.contracts import MARK, Redaction, Rule, mark_of
from parsing.redaction.key_lines import redact_key_lines
from parsing.redaction.text import redact_text, replacer, suspects

REDACTED = "redacted"
FOUND_SCHEMA = pl.Schema({"row": pl.UInt32, "field": pl.String, "rule": pl.String})
_ID_NAMES = re.compile(
    r"(?i)(?:(?:trace|span|request|correlation)[._-]?id|traceparent|uuid|guid|sha\d*|md5|etag"
    r"|digest)$"
)
# Words that say whether there is a secret, and are none.
_NO_SECRET = re.compile(r"(?i)true|false|null|none|-|")


def redact_matched(
    matched: Matched, redaction: Redaction, lines: pl.Series
) -> tuple[Matched, pl.DataFrame]:
    """Redact every text that would be stored.

    Texts are cut out of the line, so a line without a needle has none in its fields. Where
    something may have been unescaped (a backslash), each field is looked at.

    Args:
        matched: n lines with their message.
        redaction: the rules.
        lines: the n lines as they came.
    Returns:
        The same lines; those in which something was found have the attribute `redacted`, a JSON
        list of their fields. And what was found, columns of `FOUND_SCHEMA`.
    """
    if not redaction.rules:
        return matched, pl.DataFrame(schema=FOUND_SCHEMA)
    names = _safe_names(redaction, tuple(column.name for column in matched.attributes))
    attributes = [
        column.alias(name) for column, (name, _) in zip(matched.attributes, names, strict=True)
    ]
    hits = [
        _hits(column.is_not_null().arg_true(), column.name, rule)
        for column, (_, rule) in zip(attributes, names, strict=True)
        if rule is not None
    ]
    columns = [matched.values[name] for name in TEXT_COLUMNS if name in matched.values]
    texts = [name for name in TEXT_COLUMNS if name in matched.values]
    rows = _rows_to_look_at(lines, redaction)
    fields = [column.alias(name) for name, column in zip(texts, columns, strict=True)]
    clean = _redact_columns([*fields, *attributes], len(fields), redaction, rows, hits)
    values = {**matched.values, **dict(zip(texts, clean, strict=False))}
    if rows is None or len(rows):
        _redact_key(matched, values, redaction, hits)
    attributes = clean[len(fields) :]
    extras = matched.extras
    if extras is not None and len(extras):
        extras = _redact_extras(extras, redaction, hits)
    bodies = matched.bodies
    if bodies is not None:
        bodies, _ = redact_text(bodies, redaction, rows=rows)
    clean_ones = replace(matched, values=values, extras=extras, bodies=bodies)
    return _with_note(clean_ones, attributes, hits)


def _hits(rows: pl.Series, field: str, rule: Rule) -> pl.DataFrame:
    """Rows of `FOUND_SCHEMA`."""
    found = rows.cast(pl.UInt32).alias("row").to_frame()
    return found.with_columns(field=pl.lit(field), rule=pl.lit(rule.name))


def _redact_key(
    matched: Matched,
    values: dict[str, pl.Series],
    redaction: Redaction,
    hits: list[pl.DataFrame],
) -> None:
    """Redact the lines of private keys that came one by one."""
    for rule in redaction.rules:
        if rule.name == "private_key":
            raw = matched.values["message"]
            values["message"], rows = redact_key_lines(raw, values["message"], mark_of(rule.name))
            hits.append(_hits(rows, "message", rule))


def _rows_to_look_at(lines: pl.Series, redaction: Redaction) -> pl.Series | None:
    rows = suspects(lines, redaction)
    if rows is None:
        return None
    escaped = lines.str.contains("\\", literal=True)
    if not escaped.any():
        return rows
    return escaped.scatter(rows, True).arg_true()


def redact_refused(refused: pl.DataFrame, redaction: Redaction) -> pl.DataFrame:
    """Redact refused lines, columns of `REJECTED_SCHEMA`: their reasons, and their bytes.

    Bytes stay as they came unless something in them is redacted; then they are the redacted text,
    with U+FFFD for what was not UTF-8.
    """
    if not len(refused) or not redaction.rules:
        return refused
    raw = refused["raw"]
    text = pl.Series([(line or b"").decode("utf-8", "replace") for line in raw], dtype=pl.String)
    clean, hits = redact_text(text, redaction)
    clean, rows = redact_key_lines(text, clean, mark_of("private_key"))
    if hits or len(rows):
        changed = (clean != text).arg_true()
        raw = put(raw, changed, clean.gather(changed).cast(pl.Binary))
    reason, _ = redact_text(refused["reason"], redaction)
    return refused.with_columns(raw.alias("raw"), reason.alias("reason"))


def _redact_columns(
    columns: Sequence[pl.Series],
    first_attribute: int,
    redaction: Redaction,
    rows: pl.Series | None,
    hits: list[pl.DataFrame],
) -> list[pl.Series]:
    """Columns redacted: attributes with a telling name whole, all else where something is found.

    Texts of all columns are looked at together: asking costs more than a text does.
    """
    done = list(columns)
    ids: list[int] = []
    others: list[int] = []
    for at, column in enumerate(columns):
        rule = _rule_of_name(redaction, column.name) if at >= first_attribute else None
        if rule is not None:
            done[at] = _redact_whole(column, rule, redaction, hits)
        else:
            (ids if _ID_NAMES.search(column.name) else others).append(at)
    for places, are_ids in ((ids, True), (others, False)):
        chosen = [columns[at] for at in places]
        for at, column in zip(
            places, _redact_together(chosen, redaction, rows, hits, are_ids=are_ids), strict=True
        ):
            is_attribute = at >= first_attribute
            done[at] = column if is_attribute else column.fill_null("")
    return done


def _redact_together(
    columns: Sequence[pl.Series],
    redaction: Redaction,
    rows: pl.Series | None,
    hits: list[pl.DataFrame],
    *,
    are_ids: bool,
) -> list[pl.Series]:
    """Columns with what the rules find replaced, and nulls where a rule drops."""
    done = list(columns)
    if not columns or (rows is not None and not len(rows)):
        return done
    places = all_rows(len(columns[0])) if rows is None else rows.cast(pl.UInt32)
    together = pl.concat([column.gather(places).alias("text") for column in columns])
    clean, found = redact_text(together, redaction, are_ids=are_ids)
    m = len(places)
    for hit in found:
        for at in (hit.rows // m).unique().sort().to_list():
            inner = hit.rows.filter(hit.rows // m == at)
            own = places.gather(inner % m)
            hits.append(_hits(own, columns[at].name, hit.rule))
            is_dropped = hit.rule.action == "drop" and columns[at].name != "message"
            new = clean.gather(inner)
            done[at] = put(done[at], own, new.clear(len(new)) if is_dropped else new)
    return done


def _redact_whole(
    column: pl.Series, rule: Rule, redaction: Redaction, hits: list[pl.DataFrame]
) -> pl.Series:
    """An attribute whose name says that its value is a secret."""
    distinct = column.drop_nulls().unique().to_list()
    secrets = [value for value in distinct if not _is_no_secret(value)]
    if not secrets:
        return column
    rows = column.is_in(secrets).fill_null(value=False).arg_true()
    hits.append(_hits(rows, column.name, rule))
    swap = replacer(replace(rule, check=None), redaction.salt)
    swapped = [None if rule.action == "drop" else swap(secret) for secret in secrets]
    return column.replace(secrets, pl.Series(swapped, dtype=pl.String))


def _is_no_secret(value: str) -> bool:
    return bool(_NO_SECRET.fullmatch(value) or re.fullmatch(MARK, value))


@lru_cache(maxsize=4096)
def _rule_of_name(redaction: Redaction, name: str) -> Rule | None:
    """The rule that takes every value of an attribute of this name."""
    telling = (rule for rule in redaction.rules if rule.keys and re.search(rule.keys, name))
    return next(telling, None)


@lru_cache(maxsize=256)
def _safe_names(redaction: Redaction, names: tuple[str, ...]) -> list[tuple[str, Rule | None]]:
    """Names without secrets in them, each once, and the rule that changed it."""
    clean, hits = redact_text(pl.Series(names, dtype=pl.String), redaction)
    rules = {row: hit.rule for hit in hits for row in hit.rows}
    taken: set[str] = set()
    safe = []
    for row, name in enumerate(clean):
        unique, number = name, 2
        while unique in taken:
            unique, number = f"{name}.{number}", number + 1
        taken.add(unique)
        safe.append((unique, rules.get(row)))
    return safe


def _redact_extras(
    extras: pl.DataFrame, redaction: Redaction, hits: list[pl.DataFrame]
) -> pl.DataFrame:
    """Attributes in the form of `EXTRAS_SCHEMA`."""
    keys = extras["key"].unique(maintain_order=True)
    safe = _safe_names(redaction, tuple(keys))
    names = extras["key"].replace_strict(keys, [name for name, _ in safe], return_dtype=pl.String)
    value = extras["value"]
    is_id = names.str.contains(_ID_NAMES.pattern)
    for rows, are_ids in ((is_id.arg_true(), True), ((~is_id).arg_true(), False)):
        value, found = redact_text(value, redaction, rows=rows, are_ids=are_ids)
        for hit in found:
            there = _hits(extras["row"].gather(hit.rows), "", hit.rule)
            hits.append(there.with_columns(names.gather(hit.rows).alias("field")))
            if hit.rule.action == "drop":
                value = put(value, hit.rows, value.clear(len(hit.rows)))
    for key, (name, named_by) in zip(keys, safe, strict=True):
        rule = _rule_of_name(redaction, name)
        rows = (extras["key"] == key).arg_true()
        mine = extras["row"].gather(rows)
        if named_by is not None:
            hits.append(_hits(mine, name, named_by))
        if rule is not None:
            own: list[pl.DataFrame] = []
            column = _redact_whole(value.gather(rows).alias(name), rule, redaction, own)
            value = put(value, rows, column)
            hits += [each.with_columns(mine.gather(each["row"]).alias("row")) for each in own]
    return extras.with_columns(names.alias("key"), value.alias("value")).drop_nulls("value")


def _with_note(
    matched: Matched, attributes: list[pl.Series], hits: Sequence[pl.DataFrame]
) -> tuple[Matched, pl.DataFrame]:
    """Say in each record which of its fields were redacted."""
    found = pl.concat([pl.DataFrame(schema=FOUND_SCHEMA), *hits]).unique(maintain_order=True)
    if not len(found):
        return replace(matched, attributes=attributes), found
    quoted = pl.col("field").unique().sort().str.replace_all(r'(["\\])', r"\${1}")
    notes = found.group_by("row").agg(note='["' + quoted.str.join('", "') + '"]')
    note = constant(None, len(matched.values["message"]), pl.String)
    note = put(note, notes["row"], notes["note"]).alias(REDACTED)
    others = [column for column in attributes if column.name != REDACTED]
    for column in attributes:
        if column.name == REDACTED:
            note = pl.select(pl.coalesce(note, column)).to_series().alias(REDACTED)
    extras = matched.extras
    if extras is not None:
        is_ours = (pl.col("key") == REDACTED) & pl.col("row").is_in(notes["row"].implode())
        extras = extras.filter(~is_ours)
    return replace(matched, attributes=[*others, note], extras=extras), found
