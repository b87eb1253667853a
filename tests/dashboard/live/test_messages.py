"""What a client may say on a live tail."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.live import messages
from dashboard.live.errors import MessageInvalid, MessageTooLarge, TooManyMessages
from dashboard.live.messages import Filter, MessagePace, Pause, Resume, parse_message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"type": "pause"}', Pause()),
        ('{"type": "resume", "more": 1}', Resume()),
        ('{"type": "filter", "q": "a b"}', Filter(q="a b", app=None)),
        ('{"type": "filter", "app": "shop"}', Filter(q="", app="shop")),
    ],
)
def test_the_three_messages_are_read(text: str, expected: object) -> None:
    assert parse_message(text) == expected


@given(st.one_of(st.none(), st.text(), st.recursive(st.none(), st.lists).map(str)))
def test_anything_else_is_refused_in_words(text: str | None) -> None:
    with pytest.raises(MessageInvalid) as caught:
        parse_message(text)
    assert caught.value.advice.startswith("Send {")


def test_the_limit_counts_bytes_and_not_characters() -> None:
    with pytest.raises(MessageTooLarge):
        parse_message("é" * (messages.MAX_MESSAGE_BYTES // 2 + 1))


def test_a_steady_pace_is_kept_and_a_burst_is_refused() -> None:
    pace = MessagePace()
    for i in range(100):
        pace.check(i * messages.WINDOW_S / messages.MAX_MESSAGES)
    burst = MessagePace()
    for _ in range(messages.MAX_MESSAGES):
        burst.check(0.0)
    with pytest.raises(TooManyMessages):
        burst.check(0.0)
