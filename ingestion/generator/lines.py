"""Turns an event into one line of a log format; an event is always exactly one line."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache

import orjson

from ingestion.generator.events import Event

Render = Callable[[Event], str]

CSV_COLUMNS = (
    "timestamp,level,service,host,logger,message,trace_id,user_id,client_ip,method,path,status,"
    "duration_ms"
)
_SYSLOG_SEVERITY = {"TRACE": 7, "DEBUG": 7, "INFO": 6, "WARN": 4, "ERROR": 3, "FATAL": 2}
_LOCAL0 = 16
_AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Safari/605.1.15",
    "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36",
    "curl/8.14.1",
    "Googlebot/2.1 (+http://www.google.com/bot.html)",
)
_TRACEBACK = (
    "Traceback (most recent call last):\n"
    '  File "/srv/{service}/handlers.py", line {line}, in handle\n'
    "    return self.dispatch(request)\n"
    '  File "/srv/{service}/{module}.py", line {inner}, in run\n'
    "    raise\n"
    "{error}"
)


def stack_trace(event: Event) -> str:
    """The Python traceback of a failure, several lines long; empty for an event without one."""
    if not event.template.error:
        return ""
    return _TRACEBACK.format(
        service=event.service,
        module=event.template.logger.replace(".", "/"),
        line=40 + event.user_id % 80,
        inner=10 + event.bytes_sent % 200,
        error=event.template.error,
    )


def json_line(event: Event) -> str:
    """A JSON object with the fields that structured loggers write."""
    template = event.template
    record: dict[str, object] = {
        "timestamp": _iso(event.at),
        "level": template.level,
        "service": event.service,
        "host": event.host,
        "logger": template.logger,
        "message": event.message,
        "trace_id": event.trace_id,
        "span_id": event.trace_id[:16],
        "user_id": event.user_id,
    }
    if template.median_ms:
        record["duration_ms"] = event.duration_ms
    if template.status:
        record["client_ip"] = event.client_ip
        record["http"] = {
            "method": template.method,
            "path": event.path,
            "status": template.status,
            "bytes": event.bytes_sent,
        }
    if template.error:
        record["exception"] = {
            "type": template.error.partition(":")[0],
            "stacktrace": stack_trace(event),
        }
    return orjson.dumps(record).decode()


def csv_line(event: Event) -> str:
    """A row under `CSV_COLUMNS`."""
    template = event.template
    out = io.StringIO()
    row = (
        _iso(event.at),
        template.level,
        event.service,
        event.host,
        template.logger,
        event.message,
        event.trace_id,
        event.user_id,
        event.client_ip,
        template.method,
        event.path,
        template.status or "",
        event.duration_ms,
    )
    csv.writer(out, lineterminator="").writerow(row)
    return out.getvalue()


def plain_line(event: Event) -> str:
    """Time, level, service and words, as programs print that know no structure."""
    line = (
        f"{_iso(event.at)} {event.template.level:<5} [{event.service}] {event.template.logger}: "
        f"{event.message} trace={event.trace_id} user={event.user_id}"
    )
    trace = stack_trace(event)
    return f"{line} exception={orjson.dumps(trace).decode()}" if trace else line


def nginx_line(event: Event) -> str:
    """The combined access log format of nginx and Apache (HTTP events only).

    Source: nginx, ngx_http_log_module, log_format "combined".
    """
    agent = _AGENTS[event.user_id % len(_AGENTS)]
    return (
        f"{event.client_ip} - - [{_second(int(event.at), '%d/%b/%Y:%H:%M:%S')} +0000] "
        f'"{event.template.method} {event.path} HTTP/1.1" {event.template.status} '
        f'{event.bytes_sent} "-" "{agent}"'
    )


def syslog_line(event: Event) -> str:
    """A syslog message with structured data. Source: RFC 5424, section 6."""
    template = event.template
    priority = _LOCAL0 * 8 + _SYSLOG_SEVERITY[template.level]
    data = f'[lgs@32473 trace_id="{event.trace_id}" user_id="{event.user_id}"]'
    return (
        f"<{priority}>1 {_iso(event.at)} {event.host} {event.service} {1000 + event.user_id % 999} "
        f"{template.logger} {data} {event.message}"
    )


FORMATS: dict[str, Render] = {
    "json": json_line,
    "csv": csv_line,
    "plain": plain_line,
    "nginx": nginx_line,
    "syslog": syslog_line,
}


def _iso(at: float) -> str:
    second, millisecond = divmod(int(at * 1000), 1000)
    return f"{_second(second, '%Y-%m-%dT%H:%M:%S')}.{millisecond:03d}Z"


@lru_cache(maxsize=4096)
def _second(second: int, layout: str) -> str:
    return datetime.fromtimestamp(second, UTC).strftime(layout)
