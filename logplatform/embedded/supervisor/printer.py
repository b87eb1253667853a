"""What the children say, on one terminal."""

import json
from contextlib import suppress
from typing import Any, TextIO

_MAX_LINE_BYTES = 64 << 10
_OWN_NAME = "up"


class LineSplitter:
    """Cuts a stream of bytes into lines; a line over 64 KiB is cut as well."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        """Complete lines, without their ends."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > _MAX_LINE_BYTES:
            lines.append(self._rest)
            self._rest = b""
        return [line.decode(errors="replace").rstrip("\r") for line in lines]


class Printer:
    """Writes lines with the name of their process: for people on a terminal, else as JSON."""

    def __init__(self, output: TextIO) -> None:
        self._output = output
        self._is_terminal = output.isatty()

    def say(self, message: str) -> None:
        """A message of the supervisor."""
        self.line(_OWN_NAME, message)

    def line(self, name: str, line: str) -> None:
        """One line of a child; JSON lines of our own are told apart."""
        if not line.strip():
            return
        entry = _entry_of(line)
        if self._is_terminal:
            self.text(f"{name:<8} | {_sentence(entry) if entry else line}")
        elif entry:
            self.text(json.dumps({"process": name, **entry}, ensure_ascii=False))
        else:
            self.text(json.dumps({"process": name, "message": line}, ensure_ascii=False))

    def text(self, text: str) -> None:
        """As it is. A terminal that went away must not end the services."""
        with suppress(OSError, ValueError):
            self._output.write(f"{text}\n")
            self._output.flush()


def _entry_of(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        entry: dict[str, Any] = json.loads(line)
    except ValueError:
        return None
    return entry if "message" in entry else None


def _sentence(entry: dict[str, Any]) -> str:
    extra = {
        key: value
        for key, value in entry.items()
        if key not in ("timestamp", "level", "logger", "message", "exception")
    }
    words = [str(entry.get("level", "")), str(entry["message"])]
    words += [f"{key}={value}" for key, value in extra.items()]
    text = " ".join(word for word in words if word)
    return f"{text}\n{entry['exception']}" if entry.get("exception") else text
