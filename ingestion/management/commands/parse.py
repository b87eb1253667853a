"""`manage.py parse FILE`: shows what the lines of a file would be stored as; stores nothing."""

import json
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError

from logplatform.kernel.errors import PlatformError

_LINES_AT_ONCE = 5000
_COLUMNS = ("service", "host", "logger", "trace_id", "span_id")


class Command(BaseCommand):
    """Parses as the platform does, line by line to standard output."""

    help = "Show what the lines of a file would be stored as; nothing is stored."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options of `parse`."""
        parser.add_argument("file", metavar="FILE", help="a path, or - for standard input")
        parser.add_argument(
            "--format", default="", help="a format or several with commas; default: detected"
        )
        parser.add_argument("--zone", default="UTC", help="zone of times that carry none")
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
        origin, before = Origin(zone=options["zone"]), 0
        for body in _bodies(file):
            found = try_lines(body, origin=origin, formats=options["format"], is_text=True)
            counts.update(name or "refused" for name in found.formats)
            for record, name in zip(found.records, found.formats, strict=True):
                if record is not None:
                    self.stdout.write(_shown(record, str(name), is_json=options["json"]))
            for reject in found.rejects:
                self.stderr.write(f"line {before + reject['line'] + 1}: {reject['reason']}")
            before += len(found.records)
        told = ", ".join(f"{name} {count}" for name, count in counts.most_common())
        self.stderr.write(f"{before} lines: {told}" if before else "No lines.")


def _opened(name: str) -> BinaryIO:
    return sys.stdin.buffer if name == "-" else Path(name).open("rb")


def _bodies(file: BinaryIO) -> Iterator[bytes]:
    """The lines that are not blank, some thousand at once."""
    lines = (line.removesuffix(b"\n").removesuffix(b"\r") for line in file if not line.isspace())
    while chunk := list(islice(lines, _LINES_AT_ONCE)):
        yield b"\n".join(chunk)


def _shown(record: dict[str, Any], name: str, *, is_json: bool) -> str:
    if is_json:
        return json.dumps(record | {"format": name}, ensure_ascii=False)
    fields = {key: record[key] for key in _COLUMNS if record[key]} | record["attributes"]
    values = {key: json.dumps(value, ensure_ascii=False) for key, value in fields.items()}
    told = " ".join(f"{key}={value}" for key, value in values.items())
    head = f"{record['timestamp']} {record['level']:5} [{name}] {record['message']}"
    return f"{head}\n    {told}" if told else head
