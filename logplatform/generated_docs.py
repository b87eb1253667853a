"""The pages of `docs/` that are made from the code, so that they cannot be wrong.

`manage.py write_docs` writes them; a test compares them with what stands there.
"""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from logplatform.env import Env
from logplatform.kernel.errors import PlatformError

if TYPE_CHECKING:
    from parsing import Format

FOLDER = Path(settings.BASE_DIR) / "docs"
PACKAGES = ("logplatform", "parsing", "storage", "ingestion", "analytics", "dashboard")
_MADE = "<!-- Made by `make docs`. Edit the code it comes from, not this page. -->"


def pages() -> dict[str, str]:
    """File name below `docs/` → its text."""
    return {
        "configuration.md": configuration_page(),
        "errors.md": errors_page(),
        "formats.md": formats_page(),
    }


def configuration_page() -> str:
    """Every environment variable, from the fields of `logplatform.env.Env`."""
    rows = [
        (f"`{item.name.upper()}`", _default(item.metadata["default"]), item.metadata["doc"])
        for item in fields(Env)
    ]
    return _page(
        "Configuration",
        "Everything is set by environment variables. None is needed to start; one that cannot be "
        "used stops the start with a sentence that says why. Sizes take K, M or G.",
        _table(("variable", "default", "what it does"), rows),
    )


def errors_page() -> str:
    """Every error code: those of the API, then those only commands show."""
    errors = list(_errors())
    answered = [_error_row(error) for error in errors if not _is_of_commands(error)]
    answered = sorted([*_framework_rows(), *answered], key=lambda row: (row[1], row[0], row[2]))
    told = sorted(_error_row(error) for error in errors if _is_of_commands(error))
    return _page(
        "Errors",
        "An error of the API is "
        '`{"error": {"code", "message", "hint", "data", "request_id"}}`. '
        "The code stays the same from release to release; words in braces stand for values that "
        "are also in `data`. After 429 and 503, send the same again when the time in `Retry-After` "
        "is over. After any other 4xx nothing was stored, and sending the same again will not "
        "help, but for 408 over a faster line.",
        _table(("code", "status", "message", "what to do"), answered),
        "## Of commands\n",
        _table(
            ("code", "message", "what to do"),
            [(code, message, hint) for code, _, message, hint in told],
        ),
    )


def formats_page() -> str:
    """Every log format, from the plug-ins of `parsing/formats`."""
    from parsing import log_formats

    formats = log_formats()
    parts = [
        f"{len(formats)} formats; the most specific one that fits a line is used, line by line. "
        "A source or `?format=<name>` can fix one, or several; those of `tables` are read only "
        "where they are chosen ([how](tables.md)). `formats-guide.md` shows how to add one: a "
        "file, nothing else.",
    ]
    for group in sorted({item.group for item in formats.values()}):
        own = {name: item for name, item in sorted(formats.items()) if item.group == group}
        rows = [(f"[`{name}`](#{name})", item.title, item.source) for name, item in own.items()]
        parts += [f"## {group}\n", _table(("name", "what it is", "described at"), rows)]
        parts += [_format_section(name, item) for name, item in own.items()]
    return _page("Log formats", *parts)


def _format_section(name: str, item: "Format") -> str:
    """A line of the format and its fields."""
    parts = [f"### {name}\n"]
    if accepted := [sample.line for sample in item.samples if sample.expect is not None]:
        parts.append(f"```\n{accepted[0]}\n```\n")
    fields = [f"`{field.name}`{f' ({field.unit})' if field.unit else ''}" for field in item.fields]
    return "\n".join([*parts, f"Fields: {', '.join(fields)}.\n"] if fields else parts)


def _errors() -> Iterator[type[PlatformError]]:
    """Every error class of ours that has a code of its own."""
    for package in PACKAGES:
        _import_all(package)
    todo: list[type[PlatformError]] = [PlatformError]
    while todo:
        error = todo.pop()
        todo += error.__subclasses__()
        if "code" in vars(error) and error.__module__.partition(".")[0] in PACKAGES:
            yield error


def _is_of_commands(error: type[PlatformError]) -> bool:
    return not error.status or error.__module__.startswith("logplatform.embedded")


def _import_all(package: str) -> None:
    root = importlib.import_module(package)
    for module in pkgutil.walk_packages(root.__path__, f"{package}."):
        if not module.name.endswith("__main__") and ".migrations." not in module.name:
            importlib.import_module(module.name)


def _error_row(error: type[PlatformError]) -> tuple[str, str, str, str]:
    return (f"`{error.code}`", str(error.status), error.message, error.hint)


def _framework_rows() -> list[tuple[str, str, str, str]]:
    """Codes of errors that the framework raises; their message says what was wrong."""
    from logplatform.api_errors import _CODES

    return [(f"`{code}`", str(status), "", hint) for status, (code, hint) in _CODES.items()]


def _default(text: str) -> str:
    return f"`{text}`" if text else ""


def _page(title: str, *parts: str) -> str:
    return "\n".join([f"# {title}\n", f"{_MADE}\n", *(f"{part.rstrip()}\n" for part in parts)])


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(head), ["---"] * len(list(head)), *(list(row) for row in rows)]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
