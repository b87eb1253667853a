"""The load generator, a process of its own: it builds bodies, says `ready`, and waits to go.

`python -m bench.load PLAN` with a JSON plan; the result is JSON on the last line of stdout.
"""

import json
import selectors
import socket
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from bench.bodies import Span, make_bodies, trace_ids


class Wire:
    """One kept-alive connection; requests are built before the clock starts."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self._address = (plan["host"], plan["port"])
        self._socket = socket.create_connection(self._address)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""

    def fileno(self) -> int:
        """For a selector."""
        return self._socket.fileno()

    def exchange(self, request: bytes) -> int:
        """Send a request, return the status of its answer."""
        self.send(request)
        return self.status()

    def send(self, request: bytes) -> None:
        """Send a request."""
        self._socket.sendall(request)

    def status(self) -> int:
        """Read an answer, return its status."""
        head = self._read_head()
        length = next(
            (
                int(line.partition(b":")[2])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length:")
            ),
            0,
        )
        while len(self._buffer) < length:
            self._receive()
        self._buffer = self._buffer[length:]
        return int(head[9:12])

    def _read_head(self) -> bytes:
        while b"\r\n\r\n" not in self._buffer:
            self._receive()
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        return head

    def _receive(self) -> None:
        part = self._socket.recv(65536)
        if not part:
            raise ConnectionError("the server closed the connection")
        self._buffer += part


def request_of(plan: dict[str, Any], body: bytes, content_type: str) -> bytes:
    """The bytes of a POST."""
    return (
        f"POST /api/v1/ingest HTTP/1.1\r\nHost: {plan['host']}:{plan['port']}\r\n"
        f"Authorization: Bearer {plan['key']}\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def run_bulk(plan: dict[str, Any]) -> dict[str, Any]:
    """Bodies of 5 000 lines over a few connections, as fast as they are taken."""
    span = Span(start=datetime.fromisoformat(plan["start"]), seconds=plan["seconds"])
    bodies = make_bodies(plan["bodies"], span, seed=plan["seed"])
    needles = trace_ids(bodies[len(bodies) // 2])[::250]
    requests = [request_of(plan, body, "application/x-ndjson") for body in bodies]
    times = _send_all(plan, iter(requests))
    return {"seconds": times["seconds"], "refused": times["refused"], "needles": needles}


def run_singles(plan: dict[str, Any]) -> dict[str, Any]:
    """One event a request over many connections, for a while; each sends once it has its answer.

    One thread for all of them: what the generator takes of the CPU, the server has not.
    """
    event = '{{"level":"info","service":"bench","message":"single event {:07}"}}'
    whole = request_of(plan, event.format(0).encode(), "application/json")
    head = whole[: -len(event.format(0))]
    wires = [Wire(plan) for _ in range(plan["connections"])]
    sent_at: dict[Wire, float] = {}
    answers: list[tuple[int, float]] = []

    def send(wire: Wire) -> None:
        number = len(answers) + len(sent_at)
        sent_at[wire] = time.monotonic()
        wire.send(head + event.format(number).encode())

    with selectors.EpollSelector() as answered:
        for wire in wires:
            answered.register(wire, selectors.EVENT_READ, wire)
        _ready()
        began = time.monotonic()
        for wire in wires:
            send(wire)
        while sent_at:
            for key, _ in answered.select():
                wire = key.data
                status = wire.status()
                now = time.monotonic()
                answers.append((status, now - sent_at.pop(wire)))
                if status in (429, 503):
                    time.sleep(0.2)
                if now - began < plan["seconds"]:
                    send(wire)
    return _outcome(answers, time.monotonic() - began)


def run_steady(plan: dict[str, Any]) -> dict[str, Any]:
    """A steady number of lines a second in small bodies, until a line on stdin says stop."""
    span = Span(start=datetime.fromisoformat(plan["start"]), seconds=plan["seconds"])
    lines = make_bodies(1, span, seed=plan["seed"])[0].splitlines(keepends=True)
    size = plan["rate"] // 20
    bodies = [b"".join(lines[first : first + size]) for first in range(0, len(lines), size)]
    requests = [request_of(plan, body, "application/x-ndjson") for body in bodies]
    wire = Wire(plan)
    stop = threading.Event()
    _ready()
    threading.Thread(target=lambda: (sys.stdin.readline(), stop.set()), daemon=True).start()
    sent = 0
    began = time.monotonic()
    while not stop.wait(max(0, began + sent / 20 - time.monotonic())):
        wire.exchange(requests[sent % len(requests)])
        sent += 1
    return {"lines": sent * size, "seconds": time.monotonic() - began}


def _send_all(plan: dict[str, Any], requests: Iterator[bytes]) -> dict[str, Any]:
    wires = [Wire(plan) for _ in range(plan["connections"])]
    lock = threading.Lock()
    answers: list[tuple[int, float]] = []

    def work(wire: Wire) -> None:
        while True:
            with lock:
                request = next(requests, None)
            if request is None:
                return
            status = 503
            began = time.monotonic()
            while status in (429, 503):
                status = wire.exchange(request)
                answers.append((status, time.monotonic() - began))
                if status in (429, 503):
                    time.sleep(0.2)

    threads = [threading.Thread(target=work, args=(wire,)) for wire in wires]
    _ready()
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return _outcome(answers, time.monotonic() - began)


def _outcome(answers: list[tuple[int, float]], seconds: float) -> dict[str, Any]:
    """How long it all took, and how long answers did."""
    taken = sorted(took for status, took in answers if status in (200, 202))
    odd = {status for status, _ in answers} - {200, 202, 429, 503}
    if odd:
        raise SystemExit(f"the door answered {odd}")
    return {
        "seconds": seconds,
        "count": len(taken),
        "refused": len(answers) - len(taken),
        "p50_ms": 1000 * taken[len(taken) // 2],
        "p99_ms": 1000 * taken[int(len(taken) * 0.99)],
    }


def _ready() -> None:
    print("ready", flush=True)
    sys.stdin.readline()


def main() -> None:
    """Run the plan."""
    plan = json.loads(sys.argv[1])
    run = {"bulk": run_bulk, "singles": run_singles, "steady": run_steady}[plan["what"]]
    print(json.dumps(run(plan)), flush=True)


if __name__ == "__main__":
    main()
