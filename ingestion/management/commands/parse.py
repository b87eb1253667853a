"""`manage.py parse FILE`: shows what the lines of a file would be stored as; stores nothing."""

import json
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError

from ingestion.formats import formats_in
from logplatform.kernel.errors import PlatformError
from parsing.headers import header_after, header_for, table_in
from parsing.journal_export import looks_like_export

if TYPE_CHECKING:
    from ingestion.trial.service import Trial

_LINES_AT_ONCE = 5000
_COLUMNS = ("service", "host", "logger", "trace_id", "span_id")


class Command(BaseCommand):
    """Parses as the platform does, record by record to standard output."""

    help = "Show what the lines of a file would be stored as; nothing is stored."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options of `parse`."""
        parser.add_argument("file", metavar="FILE", help="a path, or - for standard input")
        parser.add_argument(
            "--format", default="", help="a format or several with commas; default: detected"
        )
        parser.add_argument("--zone", default="UTC", help="zone of times that carry none")
        parser.add_argument(
            "--single-lines", action="store_true", help="join no lines that go on, such as traces"
        )
        parser.add_argument("--json", action="store_true", help="records as NDJSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print each record, each refused line with its reason, and in the end the formats."""
        try:
            with _opened(options["file"]) as file:
                self._parse(file, options)
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}") from error
        except PlatformError as error:
            raise CommandError(f"{error.text} {error.advice}") from error

    def _parse(self, file: BinaryIO, options: dict[str, Any]) -> None:
        from ingestion.trial.service import Origin, try_lines

        counts: Counter[str] = Counter()
        before, header, carried = 0, "", b""
        origin = Origin(zone=options["zone"], multiline=not options["single_lines"])
        table = table_in(formats_in(options["format"]))
        for body, is_first, is_last in _bodies(file):
            body = b"\n".join(filter(None, (carried, body)))
            # What comes whole is read as it would be if it were sent so: as JSON of any shape.
            found = try_lines(
                body,
                origin=origin,
                formats=options["format"],
                is_text=not (is_first and is_last),
                header=header,
            )
            keep = len(found.records) if is_last or table else _settled(found)
            carried = b"\n".join(body.split(b"\n")[keep:])
            header = header_after(table, body, header_for(table, body, header)) if table else ""
            counts.update(self._tell(found, keep, before, is_json=options["json"]))
            before += keep
        told = ", ".join(f"{name} {count}" for name, count in counts.most_common())
        self.stderr.write(f"{before} lines: {told}" if before else "No lines.")

    def _tell(self, found: "Trial", keep: int, before: int, *, is_json: bool) -> Iterator[str]:
        """Print what became of the first `keep` lines; their formats, or what else they are."""
        for record, name in zip(found.records[:keep], found.formats, strict=False):
            if record is not None:
                self.stdout.write(_shown(record, str(name), is_json=is_json))
                yield str(name)
        for reject in found.rejects:
            if reject["line"] < keep:
                self.stderr.write(f"line {before + reject['line'] + 1}: {reject['reason']}")
                yield "refused"
        yield from ["joined" for line in found.joined if line < keep]


def _opened(name: str) -> BinaryIO:
    return sys.stdin.buffer if name == "-" else Path(name).open("rb")


def _bodies(file: BinaryIO) -> Iterator[tuple[bytes, bool, bool]]:
    """Some thousand lines at once, those that are not blank, and whether they are the first and the
    last; an export of the journal in one piece, as its blank lines count.
    """
    first = file.readline()
    if looks_like_export(first):
        yield first + file.read(), True, True
        return
    lines = (
        line.removesuffix(b"\n").removesuffix(b"\r")
        for line in chain([first], file)
        if line and not line.isspace()
    )
    chunk, is_first = list(islice(lines, _LINES_AT_ONCE)), True
    while chunk:
        following = list(islice(lines, _LINES_AT_ONCE))
        yield b"\n".join(chunk), is_first, not following
        chunk, is_first = following, False


def _settled(found: "Trial") -> int:
    """How many lines belong to records that nothing below can change: all but the last two."""
    joined = {*found.joined}
    starts = [line for line in range(len(found.records)) if line not in joined]
    return starts[-2] if len(starts) > 1 else 0


def _shown(record: dict[str, Any], name: str, *, is_json: bool) -> str:
    if is_json:
        return json.dumps(record | {"format": name}, ensure_ascii=False)
    fields = {key: record[key] for key in _COLUMNS if record[key]} | record["attributes"]
    values = {key: json.dumps(value, ensure_ascii=False) for key, value in fields.items()}
    told = " ".join(f"{key}={value}" for key, value in values.items())
    head = f"{record['timestamp']} {record['level']:5} [{name}] {record['message']}"
    return f"{head}\n    {told}" if told else head
