"""Applies rules to a column of text; texts without a needle cost next to nothing.

A find is first put between two noncharacters (U+FDD0, U+FDD1), so that native code can tell it from
the text around it; then it is replaced. Marks of earlier rules are matched before any pattern and
put back, so nothing is redacted twice.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import polars as pl

from parsing.frames import all_rows, put
from parsing.redaction.contracts import MARK, Redaction, Rule, hashed_mark, mark_of
from parsing.views import runs_of

_OPEN, _CLOSE = "\ufdd0", "\ufdd1"
_PACK = 40
_GROUP = re.compile(r"\(\?P<_([kst])>")
# What one rule leaves may be what another looks for.
_PASSES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """Rows of a column in which a rule found something, UInt32."""

    rule: Rule
    rows: pl.Series


def suspects(text: pl.Series, redaction: Redaction) -> pl.Series | None:
    """Texts that any rule could match; the rest cannot.

    Lines are looked at in runs first, as needles are rare.

    Returns:
        Rows, UInt32; None for all, where a rule has no short cut.
    """
    if any(_is_without_needle(rule) for rule in redaction.rules):
        return None
    runs = runs_of(text)
    if runs is None:
        return _with_needle(text, redaction)
    texts, firsts = runs
    hit = _with_needle(texts, redaction).to_numpy()
    if 2 * len(hit) > len(texts):
        return _with_needle(text, redaction)
    spans = [np.arange(firsts[run], firsts[run + 1], dtype=np.uint32) for run in hit]
    rows = pl.Series(np.concatenate([np.zeros(0, np.uint32), *spans]))
    return rows.gather(_with_needle(text.gather(rows), redaction))


def _with_needle(text: pl.Series, redaction: Redaction) -> pl.Series:
    """Rows of texts in which there is a needle, UInt32."""
    likely: pl.Series | None = None
    for needle, is_literal in _needles(redaction):
        found = text.str.contains(needle, literal=is_literal)
        if found.any():
            likely = found if likely is None else likely | found
    if likely is None:
        return pl.Series(dtype=pl.UInt32)
    return likely.fill_null(value=False).arg_true()


def _is_without_needle(rule: Rule) -> bool:
    return not (rule.words or rule.literals or rule.shapes)


@lru_cache(maxsize=1024)
def _needles(redaction: Redaction) -> list[tuple[str, bool]]:
    """What to look for, and whether it is to be taken literally.

    Packed by what the regex engine does at a tenth of the usual price: up to some 60 literals in
    one alternation, few words in any case in another; a single character by itself. Measured in
    docs/decisions/0013.
    """
    words = dict.fromkeys(word for rule in redaction.rules for word in rule.words)
    literals = dict.fromkeys(text for rule in redaction.rules for text in rule.literals)
    long = [re.escape(text) for text in literals if len(text) > 1]
    packs = ["(?i)" + "|".join(words)] if words else []
    packs += ["|".join(long[at : at + _PACK]) for at in range(0, len(long), _PACK)]
    packs += dict.fromkeys(shape for rule in redaction.rules for shape in rule.shapes)
    return [(pack, False) for pack in packs] + [(text, True) for text in literals if len(text) == 1]


def redact_text(
    text: pl.Series,
    redaction: Redaction,
    *,
    rows: pl.Series | None = None,
    are_ids: bool = False,
) -> tuple[pl.Series, list[Hits]]:
    """Replace what the rules find.

    Args:
        text: n texts or nulls (String).
        redaction: the rules.
        rows: where to look (UInt32), None for everywhere.
        are_ids: the texts are ids, which some rules spare.
    Returns:
        n texts, equal to those given where nothing was found; and where something was.
    """
    if rows is not None and not len(rows):
        return text, []
    rules = [rule for rule in redaction.rules if not (are_ids and rule.spares_ids)]
    own = text if rows is None else text.gather(rows)
    inner = suspects(own, redaction)
    if inner is not None:
        rows = inner if rows is None else rows.gather(inner)
        own = own.gather(inner)
    if not len(own):
        return text, []
    rows = all_rows(len(text)) if rows is None else rows
    clean = own.str.replace_all(f"[{_OPEN}{_CLOSE}]", "\ufffd")
    settled, found = _settle(clean, rules, redaction.salt)
    changed = (settled != clean).fill_null(value=False).arg_true()
    if not len(changed):
        return text, []
    hits = [Hits(rule=rule, rows=rows.gather(places)) for rule, places in found.items()]
    return put(text, rows.gather(changed), settled.gather(changed)), hits


def _settle(
    texts: pl.Series, rules: Sequence[Rule], salt: bytes
) -> tuple[pl.Series, dict[Rule, pl.Series]]:
    """Apply all rules until nothing changes; the texts, and the rows each rule changed."""
    found: dict[Rule, list[pl.Series]] = {}
    rows = all_rows(len(texts))
    for _ in range(_PASSES):
        before = texts
        for rule in rules:
            own = texts.gather(rows)
            if not _may_match(own, rule):
                continue
            after = apply_rule(own, rule, salt)
            changed = (after != own).fill_null(value=False).arg_true()
            if len(changed):
                found.setdefault(rule, []).append(rows.gather(changed))
                texts = put(texts, rows, after)
        rows = (texts != before).fill_null(value=False).arg_true()
        if not len(rows):
            break
    return texts, {rule: pl.concat(several).unique() for rule, several in found.items()}


def _may_match(texts: pl.Series, rule: Rule) -> bool:
    """Whether to ask for a rule's pattern, which takes milliseconds to compile."""
    if rule.shapes or _is_without_needle(rule):
        return True
    words, literals = list(rule.words), list(rule.literals)
    has_word = words and texts.str.contains_any(words, ascii_case_insensitive=True).any()
    return bool(has_word or (literals and texts.str.contains_any(literals).any()))


def apply_rule(texts: pl.Series, rule: Rule, salt: bytes) -> pl.Series:
    """The texts with what one rule finds replaced; `drop` replaces the whole text."""
    regex, template = _compiled(rule)
    marked = texts.str.replace_all(regex, template)
    rows = (marked != texts).fill_null(value=False).arg_true()
    if not len(rows):
        return texts
    is_costly = rule.check is not None or rule.action == "hash"
    found = marked.gather(rows)
    after = _each(found, replacer(rule, salt)) if is_costly else _same(found, rule)
    replaced = put(texts, rows, after)
    if rule.action != "drop":
        return replaced
    gone = (replaced != texts).fill_null(value=False).arg_true()
    return put(texts, gone, pl.Series([mark_of(rule.name)]).new_from_index(0, len(gone)))


@lru_cache(maxsize=1024)
def _compiled(rule: Rule) -> tuple[str, str]:
    """One regex of all patterns of a rule, with numbered groups, and what to put for a find."""
    parts = [f"(?P<_m>{MARK})"]
    for number, pattern in enumerate(rule.patterns):
        parts.append(_GROUP.sub(rf"(?P<_\g<1>{number}>", pattern))
    numbers = range(len(rule.patterns))
    kept, secret, after = ("".join(f"${{_{name}{at}}}" for at in numbers) for name in "kst")
    return "|".join(parts), f"${{_m}}{kept}{_OPEN}{secret}{_CLOSE}{after}"


def _same(marked: pl.Series, rule: Rule) -> pl.Series:
    """Put one mark in the place of every find, but keep earlier marks."""
    kept = marked.str.replace_all(f"{_OPEN}({MARK})?{_CLOSE}", "${1}")
    return kept.str.replace_all(f"{_OPEN}[^{_CLOSE}]+{_CLOSE}", mark_of(rule.name))


def _each(marked: pl.Series, replace: Callable[[str], str]) -> pl.Series:
    """Replace every find by what `replace` makes of it, asked once a distinct find."""
    rows = all_rows(len(marked)).alias("row")
    pieces = pl.DataFrame([rows, marked.str.split(_OPEN).alias("piece")]).explode("piece")
    parts = pieces["piece"].str.splitn(_CLOSE, 2).struct.unnest()
    found = pieces["row"].to_frame().hstack(parts)
    is_find = pl.col("field_1").is_not_null()
    distinct = found.filter(is_find)["field_0"].unique().to_list()
    swapped = pl.col("field_0").replace_strict(
        distinct, [replace(secret) for secret in distinct], return_dtype=pl.String, default=None
    )
    piece = pl.when(is_find).then(swapped + pl.col("field_1")).otherwise("field_0")
    joined = found.select("row", piece=piece).group_by("row", maintain_order=True)
    return joined.agg(pl.col("piece").str.join(""))["piece"]


def replacer(rule: Rule, salt: bytes) -> Callable[[str], str]:
    """What a rule makes of a text that its pattern found."""
    is_mark = re.compile(MARK).fullmatch

    def replace(secret: str) -> str:
        if not secret or is_mark(secret):
            return secret
        span = (0, len(secret)) if rule.check is None else rule.check(secret)
        if span is None:
            return secret
        inner = secret[slice(*span)]
        is_hashed = rule.action == "hash"
        mark = hashed_mark(rule.name, inner, salt) if is_hashed else mark_of(rule.name)
        return f"{secret[: span[0]]}{mark}{secret[span[1] :]}"

    return replace
