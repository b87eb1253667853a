"""A handler for Python's `logging` that needs nothing but the standard library. Copy it.

logging.getLogger().addHandler(LogplatformHandler("http://localhost:8000", KEY, service="shop"))
"""

import json
import logging
import queue
import threading
import time
import urllib.error
import urllib.request
import uuid


class LogplatformHandler(logging.Handler):
    """Sends records in the background, in batches; the program never waits for the network.

    Fields given with `extra={...}` become attributes. Up to 50,000 records wait while the platform
    is away; a batch whose answer got lost is sent again under its key and stored once.
    """

    def __init__(self, url: str, key: str, service: str) -> None:
        super().__init__()
        self.url, self.key, self.service = f"{url}/api/v1/ingest", key, service
        self.waiting: queue.Queue[str] = queue.Queue(maxsize=50_000)
        self.known = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
        threading.Thread(target=self._send_for_ever, daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        """Put a record on the way."""
        line = {name: value for name, value in vars(record).items() if name not in self.known}
        line |= {"timestamp": record.created, "level": record.levelname, "logger": record.name}
        line |= {"service": self.service, "message": record.getMessage()}
        if record.exc_info:
            line["exception"] = logging.Formatter().formatException(record.exc_info)
        try:
            self.waiting.put_nowait(json.dumps(line, default=str))
        except queue.Full:
            self.handleError(record)

    def flush(self) -> None:
        """Wait until all is sent, for five seconds at most; `logging` calls it at exit."""
        end = time.monotonic() + 5
        while self.waiting.unfinished_tasks and time.monotonic() < end:
            time.sleep(0.02)

    def _send_for_ever(self) -> None:
        while True:
            batch = [self.waiting.get()]
            while len(batch) < 1000 and not self.waiting.empty():
                batch.append(self.waiting.get())
            headers = {"Authorization": f"Bearer {self.key}", "Idempotency-Key": str(uuid.uuid4())}
            headers["Content-Type"] = "application/x-ndjson"
            body = "\n".join(batch).encode()
            request = urllib.request.Request(self.url, body, headers)
            while not self._is_sent(request):
                time.sleep(1)
            for _ in batch:
                self.waiting.task_done()

    def _is_sent(self, request: urllib.request.Request) -> bool:
        try:
            urllib.request.urlopen(request, timeout=10).close()
        except urllib.error.HTTPError as error:
            # Sending again helps only when the platform was busy or broken.
            return error.code < 500 and error.code != 429
        except OSError:
            return False
        return True
