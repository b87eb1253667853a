"""What enters and leaves parsing, and what a log format is. No format rules belong here.

A format is one file in `parsing/formats`: `<name>.toml` (a regular expression with typed fields,
see `parsing.declared`) or `<name>.py` with a module-level `FORMAT`. `docs/formats-guide.md` shows
both.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar
from zoneinfo import ZoneInfo

import polars as pl

from logplatform.kernel.errors import PlatformError

ATTRIBUTES: pl.DataType = pl.List(pl.Struct({"key": pl.String, "value": pl.String}))
TIMESTAMP: pl.DataType = pl.Datetime("ns", "UTC")
TEXT_COLUMNS = ("message", "service", "host", "logger", "trace_id", "span_id")
RECORD_SCHEMA = pl.Schema(
    {
        "timestamp": TIMESTAMP,
        "severity": pl.UInt8(),
        **dict.fromkeys(TEXT_COLUMNS, pl.String()),
        "attributes": ATTRIBUTES,
        "pattern_id": pl.UInt64(),
        "anomaly_score": pl.UInt8(),
        "_duration_ms": pl.Float32(),
        "format": pl.String(),
        "line": pl.UInt32(),
    }
)
REJECTED_SCHEMA = pl.Schema({"line": pl.UInt32, "raw": pl.Binary, "reason": pl.String})
HITS_SCHEMA = pl.Schema({"line": pl.UInt32, "field": pl.String, "rule": pl.String})
EXTRAS_SCHEMA = pl.Schema({"row": pl.UInt32, "key": pl.String, "value": pl.String})


class UnknownZone(PlatformError):
    """A time zone that this machine's zone data does not hold."""

    code: ClassVar[str] = "unknown_zone"
    status: ClassVar[int] = 400
    message: ClassVar[str] = "There is no time zone named {zone!r}."
    hint: ClassVar[str] = "Use an IANA name such as UTC or Europe/Berlin."


AUTO = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """What the sender or the source's settings say about the lines.

    Attributes:
        formats: names of formats to try, most specific first anyway; empty means detect, and so
            does `auto` among them, for what the others leave.
        own: formats of the sender's own, asked before all others.
        strict_json: the sender said JSON: a line that is not a JSON object is rejected.
        zone: IANA zone of times that carry none.
        max_line_bytes: longer lines are rejected.
        multiline: lines that go on with the one before are part of its record.
    Raises:
        UnknownZone: `zone` does not exist.
    """

    formats: tuple[str, ...] = ()
    own: "tuple[OwnFormat, ...]" = ()
    strict_json: bool = False
    zone: str = "UTC"
    max_line_bytes: int = 262_144
    multiline: bool = False

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.zone)
        except (KeyError, ValueError, OSError) as error:
            raise UnknownZone(zone=self.zone[:64]) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What became of n lines; `len(frame) + len(rejected) == n`.

    Attributes:
        frame: accepted lines in input order, columns of `RECORD_SCHEMA`, no nulls;
            `_duration_ms`, what a line says it took (-1: nothing), is not stored by itself.
        rejected: refused lines in input order, columns of `REJECTED_SCHEMA`; `raw` is the line as
            it came, but for what is redacted; `reason` is `code: sentence`.
        hits: what was redacted in accepted lines, columns of `HITS_SCHEMA`, each once.
    """

    frame: pl.DataFrame
    rejected: pl.DataFrame
    hits: pl.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """Lines of one format that share their columns.

    Attributes:
        rows: which of the lines asked about, UInt32, ascending.
        values: columns of one value per row: any of `timestamp` (String as written, or
            Datetime[ns, UTC]), `severity` UInt8 and `TEXT_COLUMNS` String. Null means absent, as
            does a column that is missing; a missing `message` column means the line.
        attributes: one String series per attribute, named for it, null where absent.
        extras: more attributes as `row` UInt32 (0 is the first of `rows`), `key`, `value`: for keys
            too many for columns. A key is never in both for one row.
        layouts: layouts of a `timestamp` that is String, tried in order (see `parsing.times`);
            empty means ISO-8601 or an epoch.
        format: the name of the format, where one reader knows several; empty: the one asked.
        bodies: String series, the part of each line behind its header (host, thread …), null where
            that is not known; templates are made from it.
    """

    rows: pl.Series
    values: Mapping[str, pl.Series]
    attributes: Sequence[pl.Series]
    extras: pl.DataFrame | None = None
    layouts: tuple[str, ...] = ()
    format: str = ""
    bodies: pl.Series | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one format says about the lines it was asked about.

    Attributes:
        matched: the lines that are of the format, each in one of these, mostly in a single one.
        reasons: String per line asked; why a line that looks like this format is not, else null.
    """

    matched: Sequence[Matched]
    reasons: pl.Series | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A line shown to people and run as a test; `expect` None means that it must be refused."""

    line: str
    expect: dict[str, object] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One named value of a format, for the docs and the API."""

    name: str
    type: str = "text"
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A log format; the name is its file's.

    Attributes:
        title: what people call it.
        parse: n lines (String, no nulls) → `Found`; never raises, whatever the lines hold.
        specificity: higher is asked first; 0 is plain text, which takes everything.
        patterns: regexes, one of which every line of the format matches; lines that cannot are
            not asked about. Empty: any line.
        reader: the format that finds this one's lines too when formats are detected; empty: none.
        group: the folder of `parsing/formats` it is in.
        source: page of the vendor or standard that describes it.
        is_chosen_only: asked only where it is named; detection leaves it out.
    """

    title: str
    parse: Callable[[pl.Series], Found]
    specificity: int
    source: str = ""
    fields: tuple[Field, ...] = ()
    samples: tuple[Sample, ...] = ()
    patterns: tuple[str, ...] = ()
    reader: str = ""
    group: str = ""
    is_chosen_only: bool = False


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class OwnFormat:
    """A format of an app's own (`parsing.own`); each is equal to itself only."""

    name: str
    format: Format
