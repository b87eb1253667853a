"""Errors in ClickHouse's own words: code, name, HTTP status."""

import re

_CODE = re.compile(r"Code: (\d+)\. DB::Exception: ")
_NAME = re.compile(r"\(([A-Z][A-Z0-9_]+)\)[^()]*$")
_VERSION = re.compile(r" \(version [0-9.]+[^)]*\)")

# ClickHouse: src/Server/HTTP/exceptionCodeToHTTPStatus.cpp; every other error is a 500.
_STATUS_OF_NAME = {
    "REQUIRED_PASSWORD": 401,
    "AUTHENTICATION_FAILED": 403,
    "ACCESS_DENIED": 403,
    "TIMEOUT_EXCEEDED": 408,
    "HTTP_LENGTH_REQUIRED": 411,
    "QUERY_IS_TOO_LARGE": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "NOT_IMPLEMENTED": 501,
    "SOCKET_TIMEOUT": 503,
    "CANNOT_OPEN_FILE": 503,
    "CANNOT_SCHEDULE_TASK": 503,
} | dict.fromkeys(
    [
        "BAD_ARGUMENTS",
        "CANNOT_COMPILE_REGEXP",
        "CANNOT_PARSE_TEXT",
        "CANNOT_PARSE_ESCAPE_SEQUENCE",
        "CANNOT_PARSE_QUOTED_STRING",
        "CANNOT_PARSE_DATE",
        "CANNOT_PARSE_DATETIME",
        "CANNOT_PARSE_NUMBER",
        "CANNOT_PARSE_DOMAIN_VALUE_FROM_STRING",
        "CANNOT_PARSE_IPV4",
        "CANNOT_PARSE_IPV6",
        "CANNOT_PARSE_INPUT_ASSERTION_FAILED",
        "CANNOT_PARSE_UUID",
        "DUPLICATE_COLUMN",
        "ILLEGAL_COLUMN",
        "UNKNOWN_ELEMENT_IN_AST",
        "UNKNOWN_TYPE_OF_AST_NODE",
        "THERE_IS_NO_COLUMN",
        "TOO_DEEP_AST",
        "TOO_BIG_AST",
        "UNEXPECTED_AST_STRUCTURE",
        "SYNTAX_ERROR",
        "INCORRECT_DATA",
        "TYPE_MISMATCH",
        "VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE",
    ],
    400,
)
_STATUS_OF_NAME |= dict.fromkeys(
    [
        "UNKNOWN_TABLE",
        "UNKNOWN_FUNCTION",
        "UNKNOWN_IDENTIFIER",
        "UNKNOWN_TYPE",
        "UNKNOWN_STORAGE",
        "UNKNOWN_DATABASE",
        "UNKNOWN_SETTING",
        "UNKNOWN_DIRECTION_OF_SORTING",
        "UNKNOWN_AGGREGATE_FUNCTION",
        "UNKNOWN_FORMAT",
        "UNKNOWN_DATABASE_ENGINE",
        "UNKNOWN_TYPE_OF_QUERY",
        "UNKNOWN_ROLE",
    ],
    404,
)


class EngineError(Exception):
    """An error to answer with; `name` is ClickHouse's constant and decides the HTTP status."""

    def __init__(self, code: int, name: str, message: str) -> None:
        self.code, self.name, self.message = code, name, message
        super().__init__(message)

    @property
    def status(self) -> int:
        """The HTTP status ClickHouse answers this error with."""
        return _STATUS_OF_NAME.get(self.name, 500)

    def body(self, version: str) -> str:
        """The text clients parse: `Code: 60. DB::Exception: … (UNKNOWN_TABLE) (version …)`."""
        return (
            f"Code: {self.code}. DB::Exception: {self.message} ({self.name}) (version {version})\n"
        )


def syntax_error(message: str) -> EngineError:
    """SYNTAX_ERROR, for statements refused before the engine sees them."""
    return EngineError(62, "SYNTAX_ERROR", f"Syntax error: {message}")


def bad_request(message: str) -> EngineError:
    """BAD_ARGUMENTS, for requests that cannot be read."""
    return EngineError(36, "BAD_ARGUMENTS", message)


def not_implemented(message: str) -> EngineError:
    """NOT_IMPLEMENTED, for parts of the HTTP interface left out on purpose."""
    return EngineError(48, "NOT_IMPLEMENTED", message)


def from_chdb(text: str) -> EngineError:
    """Read the text of an exception of chdb, which may nest the same words several times."""
    codes = _CODE.findall(text)
    bare = _VERSION.sub("", text)
    name = _NAME.search(bare)
    if not codes or name is None:
        return EngineError(1000, "STD_EXCEPTION", text.strip() or "The engine gave no reason.")
    message = bare[: name.start()]
    message = message[message.find("DB::Exception: ") :]
    while message.startswith("DB::Exception: "):
        message = _CODE.sub("", message.removeprefix("DB::Exception: "), count=1)
    while message.rstrip(" .").endswith(f"({name[1]})"):
        message = message.rstrip(" .").removesuffix(f"({name[1]})")
    return EngineError(int(codes[-1]), name[1], message.strip())
