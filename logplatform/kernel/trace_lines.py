"""What lines of stack traces look like, for who joins lines and for the door, which only asks
whether a body begins or ends within a record of several lines.

The patterns are read by two engines: no look-around, no back-references.
"""

import re

INDENTED = r"^[ \t]+[^ \t]"
_CHAINED = "During handling of the above exception|The above exception was the direct cause"
CHAINED = f"^(?:{_CHAINED})"
# Lines of a trace that are not indented, whatever is before them.
NAMED = (
    r"^(?:Caused by: |Suppressed: |\.\.\. [0-9]+ (?:more|common frames)|--- End of "
    rf"|goroutine [0-9]+ \[|\[signal |[^ :]+\.rb:[0-9]+:in |{_CHAINED})"
)
TRACEBACK = r"^Traceback \(most recent call last\):"
# The last line of a Python traceback, and the first of a Java, .NET or Node one.
PYTHON_ERROR = r"^[A-Za-z_][0-9A-Za-z_.]*(?::|$)"
THROWN = r"^(?:[A-Za-z_$][0-9A-Za-z_$]*\.)*[A-Z][0-9A-Za-z_$]*(?:: |$)"
GO_CALL = r"^(?:created by .*|[^ ]+\(.*\))$"
CLOSING = r"^[\])}]+[,;]?$"
# Lines of an entry of MySQL's slow query log, which goes on until its statement ends.
SLOW_HEAD = r"^# (?:Time|User@Host): "
SLOW_NOTE = r"^(?:# [A-Z][0-9A-Za-z_@]*: |use [^;]+;$|USE [^;]+;$|SET timestamp=[0-9]+;$)"
_SQL = (
    r"^(?:SELECT|INSERT|UPDATE|DELETE|REPLACE|CALL|WITH|FROM|WHERE|AND|OR|ON|SET|VALUES|UNION|LIMIT"
    r"|(?:(?:LEFT|RIGHT|INNER|OUTER|CROSS) )?JOIN|ORDER BY|GROUP BY|HAVING)\b"
)

GOES_ON, IS_OPEN = "g", "o"
_BLANK = b" \t\r\v\f\n"
_LOOKED_AT = 4096
_STATEMENT_BYTES = 1 << 16
_ENDS = re.compile(
    "|".join([INDENTED, NAMED, TRACEBACK, THROWN, GO_CALL, CLOSING, SLOW_NOTE]).encode()
    # A line of the kind a trace comes below, and one that says that more comes.
    + rb"|(?i:\b(?:warn|warning|error|err|critical|crit|fatal|severe|panic|emerg|fail|unhandled"
    rb"|uncaught)\b|(?:exception|error)\b)|^[EWF][0-9]{4} |[:{(\[,\\]$"
)
_BEGINS = re.compile(
    "|".join(
        [INDENTED, NAMED, TRACEBACK, PYTHON_ERROR, THROWN, GO_CALL, CLOSING, SLOW_NOTE, _SQL]
    ).encode()
)
_SQL_LINE = re.compile(_SQL.encode())
# JSON, access logs, and what its sender framed line by line: syslog with its priority, lines of
# containers, logfmt.
_BEGINS_ALONE = re.compile(
    rb"\s*\{|<[0-9]{1,3}>|[^ ]+ std(?:out|err) F "
    rb'|(?:[A-Za-z_][0-9A-Za-z_.]*=(?:"(?:[^"\\]|\\.)*"|[^" ]*) ){2}[A-Za-z_][0-9A-Za-z_.]*='
)
_ACCESS = re.compile(rb'HTTP/[0-9.]+" [0-9]{3} ')


def edges_of(body: bytes) -> str:
    """What the lines at the edges of a body of text say, with no look at what is between.

    Returns:
        `GOES_ON` where its first line may belong to a record that began before, `IS_OPEN` where its
        last record may go on in what comes next, both, or "".
    """
    end = _end_of(body)
    start = body.rfind(b"\n", 0, end) + 1
    last = body[start : min(end, start + _LOOKED_AT)].rstrip(b"\r")
    first = _first_line(body)
    is_open = not _stands_alone(last) and (_ENDS.search(last) or _in_statement(body, end))
    goes_on = not _stands_alone(first) and _BEGINS.search(first)
    return (GOES_ON if goes_on else "") + (IS_OPEN if is_open else "")


def _stands_alone(line: bytes) -> bool:
    return bool(_BEGINS_ALONE.match(line) or _ACCESS.search(line))


def _end_of(body: bytes) -> int:
    """Where what is not blank ends; a body of many megabytes is not copied to find out."""
    tail = body[-_LOOKED_AT:].rstrip(_BLANK)
    return max(len(body) - _LOOKED_AT, 0) + len(tail) if tail else len(body.rstrip(_BLANK))


def _in_statement(body: bytes, end: int) -> bool:
    """Whether a body that ends there does so within a statement of a slow query log."""
    tail = body[max(end - _STATEMENT_BYTES, 0) : end]
    has_begun = b"\n# Query_time: " in b"\n" + tail or _SQL_LINE.search(
        tail[tail.rfind(b"\n") + 1 :]
    )
    return bool(has_begun) and not tail.endswith(b";")


def _first_line(body: bytes) -> bytes:
    """The first line that is not blank, or its beginning."""
    start = len(body) - len(body.lstrip(_BLANK))
    start = body.rfind(b"\n", 0, start) + 1
    return body[start : start + _LOOKED_AT].partition(b"\n")[0].rstrip(b"\r")
