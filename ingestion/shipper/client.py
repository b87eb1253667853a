"""The HTTP side of shipping: `POST /api/v1/ingest` of an installation."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from logplatform.remote.client import RemoteClient

INGEST_PATH = "/api/v1/ingest"


class IngestClient(RemoteClient):
    """Sends bodies over one connection. Not safe for use by several threads."""

    user_agent = "logplatform-ship"
    own_path = INGEST_PATH

    def post(
        self, body: bytes, *, headers: Mapping[str, str], params: Mapping[str, str]
    ) -> dict[str, Any]:
        """Send one body once.

        Returns:
            The receipt of the answer: `accepted` (202), or all numbers (200 with `wait=true`).
        Raises:
            Unavailable: not taken or unknown; send the same again, with the same Idempotency-Key.
            Refused: not taken and never will be.
        """
        query = f"?{urlencode(params)}" if params else ""
        return self.exchange("POST", f"{INGEST_PATH}{query}", body, headers)

    def receipt(self, receipt_id: str) -> dict[str, Any]:
        """The numbers of an earlier body. Raises like `post`."""
        return self.exchange("GET", f"/api/v1/receipts/{receipt_id}", None, {})
