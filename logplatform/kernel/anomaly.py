"""How unusual a record is, from 0 to 100, with the reasons: the rules, and one record at a time.

Points of all reasons add up to at most 100. Most depend on the record alone, so they are the same
in every body and worker, and need not be stored; `parsing.scores` does the same for columns, and
has to agree with this on every record. What depends on what its source sent before is found by
`ingestion.rarity`, which writes it into the attribute `UNUSUAL` for this module to explain.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from logplatform.kernel.request_fields import DURATION_MS, DURATION_S, STATUS
from logplatform.kernel.templates import SLASH, masked, subject_of_record

MAX_SCORE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a record is unusual: `code`, the points it gives, and a sentence."""

    code: str
    points: int
    text: str


# From this value up to the next one: points.
SEVERITY_POINTS = {13: 15, 17: 40, 21: 60}
DURATION_MS_POINTS = {1_000: 10, 5_000: 20, 30_000: 30}
STATUS_POINTS = {401: 10, 402: 0, 403: 10, 404: 0, 429: 15, 430: 0, 500: 30, 600: 0}
WORD_POINTS = 20
ERROR_POINTS = 15
UNUSUAL = "_unusual"
NEW_TEMPLATE, NEW_VALUE, SLOWER = "new_template", "new", "slower"
RARITY_POINTS = {NEW_TEMPLATE: 25, NEW_VALUE: 15, SLOWER: 20}

ERRORS = ("error.type", "exception.type", "err.type", "error.code", "error_code", "exception") + (
    "error.stack_trace", "exception.stacktrace", "stack_trace", "err.stack"
)  # fmt: skip
_WORDS = (
    "exception|traceback|panic|segfault|segmentation fault|out of memory|oom-kill|deadlock"
    "|corrupt|core dumped|fatal|timed out|timeout|refused|failed|failure|unreachable"
)
_STATUS = re.compile("[0-9]{3}")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?")


def word_pattern(ignoring_case: str) -> str:
    """The words that tell trouble; the flag is spelled `i` or `i-u`, as the engine has it."""
    return f"(?{ignoring_case}:{_WORDS})"


def reasons_of(record: Mapping[str, Any]) -> list[Reason]:
    """The reasons of a record, most points first.

    Args:
        record: needs `severity`, `message`, `attributes`; `pattern_id`, where it has one.
    """
    attributes: Mapping[str, str] = record["attributes"]
    found = [
        _severity(record["severity"]),
        _status(_first(attributes, STATUS)),
        _duration(_number(_first(attributes, DURATION_MS))),
        _duration(_number(_first(attributes, DURATION_S)) * 1000),
        _word(subject_of_record(record)),
        _error(attributes),
        *(_rarity(mark) for mark in attributes.get(UNUSUAL, "").split(" ")),
    ]
    return sorted((reason for reason in found if reason), key=lambda reason: -reason.points)


def score_of(record: Mapping[str, Any]) -> int:
    """The sum of the reasons' points, 0 to 100."""
    return min(MAX_SCORE, sum(reason.points for reason in reasons_of(record)))


def severity_points(severity: int) -> int:
    """Points of an OpenTelemetry severity."""
    return _reached(severity, SEVERITY_POINTS)


def status_points(status: int) -> int:
    """Points of an HTTP status."""
    return _reached(status, STATUS_POINTS)


def _severity(severity: int) -> Reason | None:
    points = severity_points(severity)
    words = {15: "warning", 40: "error", 60: "fatal"}
    text = f"The level is {words.get(points)}."
    return Reason(code="severity", points=points, text=text) if points else None


def _status(status: str) -> Reason | None:
    number = int(status) if _STATUS.fullmatch(status) else 0
    points = status_points(number)
    text = f"The HTTP status is {number}."
    return Reason(code="status", points=points, text=text) if points else None


def _duration(duration_ms: float) -> Reason | None:
    points = _reached(duration_ms, DURATION_MS_POINTS)
    text = f"It took {duration_ms / 1000:.1f} s."
    return Reason(code="slow", points=points, text=text) if points else None


def _word(subject: str) -> Reason | None:
    found = None if SLASH in subject else _words().search(masked(subject))
    if found is None:
        return None
    return Reason(code="word", points=WORD_POINTS, text=f"The message says “{found[0]}”.")


def _rarity(mark: str) -> Reason | None:
    """What a mark such as `new_template`, `new:host` or `slower:230` says."""
    kind, _, detail = mark.partition(":")
    points = RARITY_POINTS.get(kind)
    if points is None:
        return None
    texts = {
        NEW_TEMPLATE: "Its source had not sent this kind of message for a week or longer.",
        NEW_VALUE: f"Its source had not sent this {detail[:64]} for a week or longer.",
        SLOWER: f"It took much longer than 99 % of what its source sends ({detail[:20]} ms).",
    }
    return Reason(code=kind, points=points, text=texts[kind])


def _error(attributes: Mapping[str, str]) -> Reason | None:
    name = next((name for name in ERRORS if attributes.get(name)), None)
    text = f"It carries an error in {name}."
    return Reason(code="error_field", points=ERROR_POINTS, text=text) if name else None


@cache
def _words() -> re.Pattern[str]:
    return re.compile(word_pattern("i"), re.ASCII)


def _reached(value: float, steps: Mapping[int, int]) -> int:
    reached = max((step for step in steps if value >= step), default=None)
    return 0 if reached is None else steps[reached]


def _first(attributes: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((attributes[name] for name in names if name in attributes), "")


def _number(text: str) -> float:
    """The number a text spells, 0 for all else."""
    value = float(text) if _NUMBER.fullmatch(text) else 0.0
    return value if math.isfinite(value) else 0.0
