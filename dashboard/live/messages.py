"""What a client may say on a live tail: pause, resume, another filter. Nothing else."""

from collections import deque
from dataclasses import dataclass

import orjson

from dashboard.live.errors import MessageInvalid, MessageTooLarge, TooManyMessages

MAX_MESSAGE_BYTES = 64 << 10
MAX_INVALID = 5
MAX_MESSAGES, WINDOW_S = 20, 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Hold back what arrives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    """Send what was held back and go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Watch something else; `app` None keeps the app."""

    q: str
    app: str | None


ClientMessage = Pause | Resume | Filter


def parse_message(text: str | None) -> ClientMessage:
    """Read one frame; None stands for a binary one.

    Raises:
        MessageTooLarge: over MAX_MESSAGE_BYTES.
        MessageInvalid: anything that is not one of the three messages.
    """
    if text is None:
        raise MessageInvalid(reason="it is binary, text is needed")
    if len(text) > MAX_MESSAGE_BYTES or len(text.encode(errors="replace")) > MAX_MESSAGE_BYTES:
        raise MessageTooLarge(limit_bytes=MAX_MESSAGE_BYTES)
    try:
        content = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise MessageInvalid(reason="it is not JSON") from None
    if not isinstance(content, dict):
        raise MessageInvalid(reason="it is not a JSON object")
    return _of_type(content)


def _of_type(content: dict[str, object]) -> ClientMessage:
    match content:
        case {"type": "pause"}:
            return Pause()
        case {"type": "resume"}:
            return Resume()
        case {"type": "filter"}:
            return _filter(content)
    raise MessageInvalid(reason="its type is not known")


def _filter(content: dict[str, object]) -> Filter:
    q, app = content.get("q", ""), content.get("app")
    if not isinstance(q, str) or not (app is None or isinstance(app, str)):
        raise MessageInvalid(reason="q and app need to be text")
    return Filter(q=q, app=app)


class MessagePace:
    """Tells a person's clicks from a flood."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=MAX_MESSAGES)

    def check(self, now_s: float) -> None:
        """Count one message at `now_s` (any steady clock).

        Raises:
            TooManyMessages: more than MAX_MESSAGES within WINDOW_S.
        """
        if len(self._times) == MAX_MESSAGES and now_s - self._times[0] < WINDOW_S:
            raise TooManyMessages(limit=MAX_MESSAGES, window_s=int(WINDOW_S))
        self._times.append(now_s)


def dump(content: dict[str, object]) -> str:
    """One message of ours as the text of a frame."""
    return orjson.dumps(content).decode()
