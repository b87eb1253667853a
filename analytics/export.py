"""Every line a query finds, as a file that is sent while it is made."""

import asyncio
from collections.abc import AsyncIterator, Generator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from itertools import chain
from typing import Any

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from analytics import documentation as docs
from analytics.views import LogsView
from logplatform.kernel import clock
from logplatform.parameters import InvalidParameter
from storage import facade as storage
from storage.logs import LogSet

_TYPES = {
    "ndjson": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8; header=present",
    "parquet": "application/vnd.apache.parquet",
}
_STAMP = "%Y%m%dT%H%M%SZ"


class ExportView(LogsView):
    """All lines of a query."""

    http_method_names = ["get", "options"]
    own_parameters = docs.EXPORTED

    @extend_schema(
        operation_id="logs_export",
        summary="Download all lines of a query",
        parameters=[*docs.ASKED, *docs.EXPORTED],
        responses={
            (200, "application/x-ndjson"): OpenApiTypes.BINARY,
            (200, "text/csv"): OpenApiTypes.BINARY,
            (200, "application/vnd.apache.parquet"): OpenApiTypes.BINARY,
        },
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """Streamed, however many there are; newest first unless `order=asc`."""
        fmt = request.query_params.get("format", "ndjson")
        if fmt not in storage.EXPORT_FORMATS:
            raise InvalidParameter(name="format", value=fmt[:50], expected="ndjson, csv or parquet")
        logs = self.asked()
        pieces = logs.export(fmt=fmt, fields=_fields(request))
        # Whatever can be refused is refused here, while there can still be an error.
        first = next(pieces, b"")
        answer = StreamingHttpResponse(_Sending(first, pieces), content_type=_TYPES[fmt])
        answer["Content-Disposition"] = f'attachment; filename="{_file_name(logs, fmt)}"'
        answer["X-Accel-Buffering"] = "no"
        return answer

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """`format` decides, not the Accept header; errors are JSON whatever it says."""
        return super().perform_content_negotiation(request, force=True)


class _Sending:
    """The pieces, made in a thread of their own while the event loop sends the one before."""

    def __init__(self, first: bytes, pieces: Generator[bytes]) -> None:
        self._pieces = pieces
        self._rest = chain((first,), pieces)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="export")
        # Who asks, and whether they are still there.
        self._context = copy_context()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        make = partial(self._context.run, next, self._rest, b"")
        try:
            while piece := await loop.run_in_executor(self._thread, make):
                yield piece
        finally:
            self.close()

    def close(self) -> None:
        """End the query, after the piece that is being made."""
        self._thread.submit(self._pieces.close)
        self._thread.shutdown(wait=False)


def _fields(request: Request) -> list[str]:
    """The names in `fields`, by commas."""
    text = request.query_params.get("fields", "")
    return storage.split_names(text) if text else []


def _file_name(logs: LogSet, fmt: str) -> str:
    """Made of slugs and digits only, whatever the query is."""
    apps = logs.apps or ()
    parts = ["logs", *(apps if len(apps) == 1 else ()), clock.now().strftime(_STAMP)]
    return f"{'-'.join(parts)}.{fmt}"
