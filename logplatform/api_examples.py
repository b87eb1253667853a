"""An example for every parameter in `/api/docs`, by its name. No behaviour.

What a view says of its own parameter comes first; this is for names that mean the same everywhere.
The page fills a form with the first example: of what may be left away, that is to leave it away.
"""

from collections.abc import Iterator
from typing import Any

_ID = "019c4b7a-4a40-7000-8000-1ef000000000"
_AWAY = "away"
_EXAMPLES: dict[str, Any] = {
    "Content-Encoding": "gzip",
    "Idempotency-Key": "8f7a1c52-upload-17",
    "after": 20,
    "app": "shop",
    "backend": "queue",
    "baseline_end": "now-1h",
    "baseline_start": "now-2h",
    "before": 20,
    "confirm": "shop",
    "cursor": "WzE3OTU5MTY5NzcyODEwMDAwMDBd:1xXU3B:8uYJsLYO",
    "end": "now",
    "fields": "level,service,status",
    "format": "nginx_error",
    "host": ["web-1"],
    "id": 1,
    "ids": [_ID],
    "interval": "auto",
    "level": ["error", "fatal"],
    "limit": 100,
    "line": _ID,
    "min_score": 50,
    "order": "-count",
    "page": 1,
    "page_size": 50,
    "reason_code": "invalid_json",
    "receipt": "0-1795916925344-0",
    "record_id": _ID,
    "replay": _ID,
    "service": ["payment"],
    "services": 100,
    "slug": "shop",
    "source": "web",
    "start": "now-1h",
    "wait": True,
}


def add_examples(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Give examples to the parameters of an OpenAPI document that have none."""
    for parameter in parameters_of(result):
        schema = parameter["schema"]
        found = parameter.pop("examples", None)
        if found is None:
            value = schema.get("default", _example(parameter["name"], schema))
            shown = ", ".join(value) if isinstance(value, list) else str(value)
            found = {} if value is None else {"one": {"summary": shown, "value": value}}
        if not parameter.get("required") and "default" not in schema:
            found = {_AWAY: {"summary": "left away"}, **found}
        parameter["examples"] = found
    return result


def parameters_of(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every parameter of every operation."""
    for methods in document["paths"].values():
        for operation in methods.values():
            yield from operation.get("parameters", ())


def _example(name: str, schema: dict[str, Any]) -> Any:
    if "enum" in schema:
        return schema["enum"][0]
    value = _EXAMPLES.get(name)
    is_list = schema.get("type") == "array"
    if value is None or is_list == isinstance(value, list):
        return value
    return [value] if is_list else value[0]
