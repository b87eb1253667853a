"""What became of a request, for senders who wait for it."""

import time
from collections.abc import Mapping
from typing import Any

from ingestion.queue import names
from ingestion.queue.connection import client

_KEPT_S = 60


def add_results(pipeline: Any, results: Mapping[str, str]) -> None:
    """Hand results (receipt → JSON) to who waits, when the pipeline is run."""
    for receipt, result in results.items():
        pipeline.rpush(names.result_key(receipt), result)
        pipeline.expire(names.result_key(receipt), _KEPT_S)


def wait_for_result(receipt: str, *, timeout_s: float) -> str | None:
    """The result JSON of a receipt once the drain has it, None after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while (left := deadline - time.monotonic()) > 0:
        found = client().blpop([names.result_key(receipt)], timeout=min(left, 3))
        if found:
            return str(found[1].decode())
    return None
