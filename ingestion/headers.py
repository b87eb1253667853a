"""Headers of CSV, TSV and W3C logs from one body of a sender to the next.

The door sees bodies in the order they come, so it looks for the header and writes the one in force
into each body's entry: a body is then read the same way by any worker, and on every try.
"""

from contextlib import suppress

import redis

from ingestion import queue
from ingestion.formats import formats_in
from logplatform.api_access import KeyIdentity
from parsing.headers import header_after, header_for, table_in

KEPT_S = 30 * 86_400
_MAX_KNOWN = 1_000
# What this process saw, for when the queue's server is away.
_known: dict[str, str] = {}


def is_table(formats: str) -> bool:
    """Whether a setting names a table."""
    return bool(table_in(formats_in(formats)))


def header_of(identity: KeyIdentity, formats: str, body: bytes) -> str:
    """The header in force where a body begins; what is in force behind it is remembered.

    Args:
        identity: each key of a source has a header of its own.
        formats: the setting the body is read by.
        body: decompressed.
    """
    table = table_in(formats_in(formats))
    if not table:
        return ""
    name = f"{queue.header_prefix(identity.app)}{identity.source}/{identity.key_id}:{table}"
    remembered = _read(name)
    header = header_for(table, body, remembered)
    after = header_after(table, body, header)
    if after != remembered:
        _remember(name, after)
    return header


def _read(name: str) -> str:
    with suppress(redis.RedisError):
        found = queue.client().getex(name, ex=KEPT_S)
        return found.decode() if found else ""
    return _known.get(name, "")


def _remember(name: str, header: str) -> None:
    if len(_known) >= _MAX_KNOWN:
        _known.clear()
    _known[name] = header
    with suppress(redis.RedisError):
        queue.client().set(name, header, ex=KEPT_S)
