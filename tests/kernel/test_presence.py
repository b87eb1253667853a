"""Work stops when nobody waits for it any more."""

from logplatform.kernel.presence import Presence


def test_what_is_being_done_is_stopped_once_and_nothing_else() -> None:
    presence, stopped = Presence(), []
    with presence.or_stop(lambda: stopped.append("over")):
        pass
    with presence.or_stop(lambda: stopped.append("running")):
        presence.leave()
        presence.leave()
    assert stopped == ["running"]
    assert presence.has_left
