"""Senders: threads that deliver bodies like a shipper does, and note every 2xx as a promise."""

import threading
import time

import httpx

from tests.installation import Up
from tests.soak.oracle import Obligation, Oracle

# What these refuse was surely not stored, so a sender without a key may send it again as well.
_UNKNOWN = "outcome_unknown"
_PAUSE_S = 0.2


class Senders:
    """Threads that send until `stop`; each finishes the body it has in hand.

    Args:
        up: where to send.
        oracle: gives the bodies.
        keyed: how many send with an Idempotency-Key and repeat until a 2xx.
        bare: how many send without; after a broken connection the outcome stays unknown.
        pause_s: between two bodies of one sender.
    """

    def __init__(self, up: Up, oracle: Oracle, *, keyed: int, bare: int, pause_s: float) -> None:
        self._up, self._oracle, self._pause_s = up, oracle, pause_s
        self._stop = threading.Event()
        self.answers: dict[str, int] = {}
        self.problems: list[str] = []
        self._threads = [
            threading.Thread(target=self._run, args=(number < keyed,), daemon=True)
            for number in range(keyed + bare)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self, timeout_s: float) -> bool:
        """Let them finish; false when a body was not taken within the time."""
        self._stop.set()
        deadline = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _run(self, is_keyed: bool) -> None:
        with httpx.Client(timeout=30) as client:
            while True:
                body = self._oracle.issue(is_keyed=is_keyed)
                content = self._oracle.content(body.number)
                while not self._try(client, body, content):
                    time.sleep(_PAUSE_S)
                if self._stop.wait(self._pause_s):
                    return

    def _try(self, client: httpx.Client, body: Obligation, content: bytes) -> bool:
        """Send once; true when this body is done with."""
        try:
            answer = client.post(self._url, content=content, headers=self._headers(body))
        except httpx.ConnectError:
            return self._note("no connection", is_done=False)
        except httpx.TransportError:
            body.is_unknown = not body.is_keyed
            return self._note("broken off", is_done=body.is_unknown)
        if answer.status_code in (200, 202):
            found = answer.json()
            body.receipt, body.backend = found["receipt"], found.get("backend", "")
            return self._note(f"{answer.status_code} {body.backend}", is_done=True)
        return self._refused(body, answer)

    def _refused(self, body: Obligation, answer: httpx.Response) -> bool:
        try:
            code = answer.json()["error"]["code"]
        except (ValueError, KeyError):
            code = answer.text[:80]
        if answer.status_code not in (429, 503):
            self.problems.append(f"{answer.status_code}: {answer.text[:300]}")
        body.is_unknown = not body.is_keyed and code == _UNKNOWN
        return self._note(f"{answer.status_code} {code}", is_done=body.is_unknown)

    def _note(self, what: str, *, is_done: bool) -> bool:
        self.answers[what] = self.answers.get(what, 0) + 1
        return is_done

    @property
    def _url(self) -> str:
        return f"http://127.0.0.1:{self._up.port}/api/v1/ingest"

    def _headers(self, body: Obligation) -> dict[str, str]:
        headers = {
            "Authorization": f"Bearer {self._up.first_run['ingest_key']}",
            "Content-Type": "application/x-ndjson",
        }
        key = {"Idempotency-Key": f"{self._oracle.run}-{body.number}"} if body.is_keyed else {}
        return headers | key
