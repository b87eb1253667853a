"""Live tails: who may watch, what arrives, what is counted, what is refused."""

import asyncio
import os
import time

import pytest
from channels.layers import get_channel_layer

from dashboard import consumers
from dashboard.live import messages, slots
from ingestion import metrics, noted, queue, tail
from ingestion.authentication import forget_cached_keys
from tests.dashboard.watching import (
    ORIGIN,
    Watcher,
    headers_of,
    play,
    publish,
    session_of,
    watching,
)
from tests.factories import Roles

# Other threads see what such a test writes.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]


def texts(message: dict) -> list[str]:
    return [record["message"] for record in message["records"]]


# Who may watch


@pytest.mark.parametrize("role", ["member", "owner"])
def test_who_sees_an_app_may_watch_it(roles: Roles, role: str) -> None:
    session = session_of(getattr(roles, role))

    async def scenario() -> None:
        async with watching("alpha", "level:error", session=session) as page:
            assert await page.message() == {"type": "ready", "app": "alpha", "q": "level:error"}

    play(scenario)


def test_a_key_with_the_query_scope_may_watch_its_app(roles: Roles) -> None:
    async def scenario() -> None:
        async with watching("alpha", key=roles.a.query_key) as page:
            assert (await page.message())["type"] == "ready"

    play(scenario)


@pytest.mark.parametrize(
    ("who", "app", "code", "close_code"),
    [
        ("nobody", "alpha", "not_authenticated", 4401),
        ("bad_session", "alpha", "not_authenticated", 4401),
        ("bad_key", "alpha", "not_authenticated", 4401),
        ("outsider", "alpha", "app_not_found", 4403),
        ("outsider", "no-such-app", "app_not_found", 4403),
        ("outsider", "../alpha", "app_not_found", 4403),
        ("outsider", "alpha,bravo" * 1000, "app_not_found", 4403),
        ("query_key", "bravo", "app_not_found", 4403),
        ("ingest_key", "alpha", "scope_missing", 4403),
        ("owner", "", "app_missing", 4400),
    ],
)
def test_others_are_told_why_and_closed(
    roles: Roles, who: str, app: str, code: str, close_code: int
) -> None:
    given = {
        "nobody": {},
        "bad_session": {"session": "x" * 32},
        "bad_key": {"key": roles.a.query_key[:-1] + "!"},
        "outsider": {"session": session_of(roles.outsider)},
        "owner": {"session": session_of(roles.owner)},
        "query_key": {"key": roles.a.query_key},
        "ingest_key": {"key": roles.a.ingest_key},
    }[who]

    async def scenario() -> None:
        async with watching(app, **given) as page:
            message = await page.message()
            assert (message["type"], message["error"]["code"]) == ("error", code)
            assert await page.close_code() == close_code

    play(scenario)


def test_foreign_and_unknown_apps_are_refused_in_the_same_words(roles: Roles) -> None:
    session = session_of(roles.outsider)

    async def scenario() -> None:
        answers = []
        for app in ("alpha", "omega"):
            async with watching(app, session=session) as page:
                error = (await page.message())["error"]
                answers.append(error["message"].replace(app, "…") + error["hint"])
        assert answers[0] == answers[1]

    play(scenario)


def test_a_key_counts_alone_and_the_cookie_beside_it_does_not(roles: Roles) -> None:
    session = session_of(roles.owner)

    async def scenario() -> None:
        async with watching("bravo", session=session, key=roles.a.query_key) as page:
            assert await page.close_code() == 4403

    play(scenario)


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "", "http://localhost:8443", "https://localhost:8000"],
)
def test_pages_of_other_origins_are_not_let_in(roles: Roles, origin: str) -> None:
    session = session_of(roles.member)

    async def scenario() -> None:
        assert not await Watcher("/ws/tail?app=alpha", headers_of(session, "", origin)).connect()

    play(scenario)


def test_a_program_with_a_key_needs_no_origin(roles: Roles) -> None:
    async def scenario() -> None:
        async with watching("alpha", key=roles.a.query_key, origin="") as program:
            assert (await program.message())["type"] == "ready"

    play(scenario)


def sign_out(roles: Roles, session: str) -> None:
    from django.contrib.sessions.models import Session

    Session.objects.get(session_key=session).delete()


def deactivate(roles: Roles, session: str) -> None:
    roles.member.is_active = False
    roles.member.save()


def leave_group(roles: Roles, session: str) -> None:
    roles.member.groups.clear()


def change_password(roles: Roles, session: str) -> None:
    roles.member.set_password("another-long-password")
    roles.member.save()


@pytest.mark.usefixtures("quick_recheck")
@pytest.mark.parametrize("change", [sign_out, deactivate, leave_group, change_password])
def test_a_person_who_loses_the_right_is_cut_off(roles: Roles, change) -> None:
    from channels.db import database_sync_to_async

    session = session_of(roles.member)

    async def scenario() -> None:
        async with watching("alpha", session=session) as page:
            assert (await page.message())["type"] == "ready"
            await database_sync_to_async(change)(roles, session)
            assert await page.close_code() == 4403

    play(scenario)


@pytest.mark.usefixtures("quick_recheck")
def test_a_revoked_key_is_cut_off(roles: Roles) -> None:
    from channels.db import database_sync_to_async

    from ingestion.models import ApiKey

    def revoke() -> None:
        ApiKey.objects.get(name="alpha query key").revoke()
        forget_cached_keys()

    async def scenario() -> None:
        async with watching("alpha", key=roles.a.query_key) as page:
            assert (await page.message())["type"] == "ready"
            await database_sync_to_async(revoke)()
            assert await page.close_code() == 4403

    play(scenario)


# What arrives


def test_the_first_line_comes_at_once_and_later_ones_four_times_a_second(roles: Roles) -> None:
    session = session_of(roles.member)

    async def scenario() -> None:
        async with watching("alpha", session=session) as page:
            await page.message()
            started = time.monotonic()
            await publish(["one"])
            assert texts(await page.message()) == ["one"]
            assert time.monotonic() - started < consumers.FRAME_EVERY_S
            await publish(["two"], total=1)
            await publish(["three", "four"], total=2)
            message = await page.message()
            assert texts(message) == ["two", "three", "four"]
            assert message["dropped"] == 0
            assert time.monotonic() - started >= consumers.FRAME_EVERY_S

    play(scenario)


def test_lines_lost_on_the_way_and_cut_by_the_worker_are_counted(roles: Roles) -> None:
    session = session_of(roles.member)

    async def scenario() -> None:
        async with watching("alpha", session=session) as page:
            await page.message()
            await publish(["a"], total=100)
            assert (await page.message())["dropped"] == 0
            await publish(["b"], total=111)
            assert (await page.message())["dropped"] == 10
            await publish(["c"], total=112, dropped=7)
            assert (await page.message())["dropped"] == 7
            await publish(["d"], total=120)
            assert (await page.message())["dropped"] == 0
            await publish(["e"], total=50, origin="worker-2")
            assert (await page.message())["dropped"] == 0

    play(scenario)


def test_nothing_of_another_app_or_filter_arrives(roles: Roles) -> None:
    session = session_of(roles.member)

    async def scenario() -> None:
        async with watching("alpha", "level:error", session=session) as page:
            await page.message()
            await publish(["foreign"], app="bravo", q="level:error")
            await publish(["unfiltered"], app="alpha", q="")
            assert await page.is_silent(0.4)

    play(scenario)


def test_a_paused_page_gets_counts_and_on_resuming_the_lines(roles: Roles) -> None:
    session = session_of(roles.member)

    async def scenario() -> None:
        async with watching("alpha", session=session) as page:
            await page.message()
            await page.say({"type": "pause"})
            await publish(["one", "two"])
            assert await page.message() == {"type": "waiting", "count": 2, "dropped": 0}
            await page.say({"type": "resume"})
            assert texts(await page.message()) == ["one", "two"]

    play(scenario)


def test_a_page_paused_for_long_keeps_the_newest_and_counts_the_rest(
    roles: Roles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "Outbox", lambda: outbox_of(3))
    session = session_of(roles.member)

    async def scenario() -> None:
        async with watching("alpha", session=session) as page:
            await page.message()
            await page.say({"type": "pause"})
            await publish([str(n) for n in range(10)])
            assert await page.message() == {"type": "waiting", "count": 3, "dropped": 7}
            await page.say({"type": "resume"})
            message = await page.message()
            assert (texts(message), message["dropped"]) == (["7", "8", "9"], 7)
            await publish(["10"], total=15, dropped=100)
            assert (await page.message())["dropped"] == 105

    before = left_out()
    play(scenario)
    assert left_out() - before == 7 + 5, "workers count what they cut themselves"


def left_out() -> float:
    """What `/metrics` says of records that tails of the app alpha were not sent."""
    noted.flush()
    return float(queue.booked().get(next(iter(metrics.tail_drops("alpha", 0))).encode(), 0))


def outbox_of(size: int):
    from dashboard.live.outbox import Outbox

    return Outbox(max_records=size)


def test_the_filter_changes_while_it_runs(roles: Roles) -> None:
    session = session_of(roles.member)

    async def scenario() -> None:
        async with watching("alpha", session=session) as page:
            await page.message()
            await page.say({"type": "filter", "q": "timeout"})
            assert await page.message() == {"type": "ready", "app": "alpha", "q": "timeout"}
            await publish(["old"], q="")
            await publish(["new"], q="timeout")
            assert texts(await page.message()) == ["new"]

    play(scenario)


def test_a_filter_on_a_foreign_app_is_refused_and_the_old_one_stays(roles: Roles) -> None:
    session = session_of(roles.member)

    async def scenario() -> None:
        async with watching("alpha", session=session) as page:
            await page.message()
            await page.say({"type": "filter", "q": "", "app": "bravo"})
            assert (await page.message())["error"]["code"] == "app_not_found"
            await publish(["foreign"], app="bravo")
            await publish(["own"])
            assert texts(await page.message()) == ["own"]

    play(scenario)


def test_a_query_that_cannot_be_read_is_told_with_its_position(roles: Roles) -> None:
    session = session_of(roles.member)

    async def scenario() -> None:
        async with watching("alpha", session=session) as page:
            await page.message()
            await page.say({"type": "filter", "q": 'timeout "oops'})
            error = (await page.message())["error"]
            assert error["code"] == "invalid_query"
            assert error["data"]["position"] == 8
        async with watching("alpha", '"oops', session=session) as page:
            assert await page.close_code() == 4400

    play(scenario)


@pytest.mark.usefixtures("quick_recheck")
def test_a_subscription_is_kept_alive_while_somebody_watches(roles: Roles, valkey) -> None:
    session = session_of(roles.member)

    async def scenario() -> None:
        async with watching("alpha", "kept", session=session) as page:
            await page.message()
            before = float(valkey.hget(tail._key("alpha"), "kept"))
            deadline = time.monotonic() + 5
            while float(valkey.hget(tail._key("alpha"), "kept")) <= before:
                assert time.monotonic() < deadline
                await page.is_silent(0.05)

    play(scenario)


def test_waiting_for_news_never_looks_like_a_lost_queue() -> None:
    """The layer blocks for seconds; no timeout of the client may end that (see the settings)."""
    pool = get_channel_layer().create_pool(0)
    assert pool.connection_kwargs["socket_timeout"] is None


def test_a_broken_queue_is_told_before_the_connection_closes(
    roles: Roles, monkeypatch: pytest.MonkeyPatch
) -> None:
    from channels_redis.core import RedisChannelLayer

    async def fail(*args: object) -> None:
        raise ConnectionError("gone")

    session = session_of(roles.member)

    async def scenario() -> None:
        monkeypatch.setattr(RedisChannelLayer, "receive", fail)
        async with watching("alpha", session=session) as page:
            assert await page.close_code() == 1011

    play(scenario)


# What is refused


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "not json",
        "[]",
        "null",
        "42",
        '{"type": "drop"}',
        '{"type": ["pause"]}',
        '{"type": "filter", "q": 5}',
        '{"type": "filter", "q": "", "app": ["alpha"]}',
        '{"a":' * 5000 + "1" + "}" * 5000,
        b"\x00\xff",
        b"",
    ],
    ids=str,
)
def test_nonsense_is_answered_and_the_fifth_time_closed(roles: Roles, frame: str | bytes) -> None:
    session = session_of(roles.member)

    async def scenario() -> None:
        async with watching("alpha", session=session) as page:
            await page.message()
            for _ in range(messages.MAX_INVALID):
                await (page.say_bytes(frame) if isinstance(frame, bytes) else page.say_text(frame))
                assert (await page.message())["error"]["code"] == "invalid_message"
            assert await page.close_code() == 4400

    play(scenario)


def test_a_message_over_the_limit_is_refused(roles: Roles) -> None:
    session = session_of(roles.member)

    async def scenario() -> None:
        async with watching("alpha", session=session) as page:
            await page.message()
            await page.say({"type": "filter", "q": "é" * (messages.MAX_MESSAGE_BYTES // 2)})
            assert (await page.message())["error"]["code"] == "message_too_large"
            assert await page.close_code() == 1009

    play(scenario)


def test_a_flood_of_messages_is_cut_off(roles: Roles) -> None:
    session = session_of(roles.member)

    async def scenario() -> None:
        async with watching("alpha", session=session) as page:
            await page.message()
            for _ in range(messages.MAX_MESSAGES + 1):
                await page.say({"type": "pause"})
            assert await page.close_code() == 4008

    play(scenario)


def test_a_viewer_may_have_five_tails_and_closed_ones_do_not_count(roles: Roles) -> None:
    from contextlib import AsyncExitStack

    session, other = session_of(roles.member), session_of(roles.owner)

    async def scenario() -> None:
        async with AsyncExitStack() as stack:
            for _ in range(slots.PER_VIEWER):
                page = await stack.enter_async_context(watching("alpha", session=session))
                assert (await page.message())["type"] == "ready"
            async with watching("alpha", session=session) as sixth:
                assert (await sixth.message())["error"]["code"] == "too_many_tails"
                assert await sixth.close_code() == 4008
            async with watching("alpha", session=other) as page:
                assert (await page.message())["type"] == "ready"
        assert slots.open_tails() == 0
        async with watching("alpha", session=session) as page:
            assert (await page.message())["type"] == "ready"

    play(scenario)


def test_a_page_that_reads_nothing_is_let_go_and_its_place_is_free(
    roles: Roles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is sent to it never arrives, not even the goodbye."""
    monkeypatch.setattr(consumers, "STALLED_S", 0.05)
    monkeypatch.setattr(consumers, "GOODBYE_S", 0.05)
    headers = headers_of(session_of(roles.member), "", ORIGIN)

    async def scenario() -> None:
        from logplatform.asgi import application

        said, is_ready = asyncio.Queue(), asyncio.Event()

        async def send(message: dict) -> None:
            if is_ready.is_set():
                await asyncio.Event().wait()
            if message["type"] == "websocket.send":
                is_ready.set()

        scope = Watcher("/ws/tail?app=alpha", headers).communicator.scope
        serving = asyncio.ensure_future(application(scope, said.get, send))
        said.put_nowait({"type": "websocket.connect"})
        await asyncio.wait_for(is_ready.wait(), 20)
        await publish(["never read"])
        await asyncio.wait_for(serving, 20)
        assert slots.open_tails() == 0

    play(scenario)


def test_many_tails_at_once_leave_five_and_no_open_files(roles: Roles) -> None:
    session, all_there = session_of(roles.member), asyncio.Event()

    async def watch_once(seen: list[str]) -> None:
        async with watching("alpha", session=session) as page:
            first = await page.message()
            seen.append(first["type"])
            if len(seen) == 80:
                all_there.set()
            if first["type"] == "ready":
                await all_there.wait()
            else:
                assert await page.close_code() == 4008

    async def scenario() -> None:
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(2):
            all_there.clear()
            seen: list[str] = []
            await asyncio.gather(*(watch_once(seen) for _ in range(80)))
            assert (seen.count("ready"), len(seen)) == (slots.PER_VIEWER, 80)
            assert slots.open_tails() == 0
        assert len(os.listdir("/proc/self/fd")) <= before + 20

    play(scenario)


def test_a_process_serves_so_many_tails_and_no_more(
    roles: Roles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots, "PER_PROCESS", 1)
    member, owner = session_of(roles.member), session_of(roles.owner)

    async def scenario() -> None:
        async with watching("alpha", session=member) as first:
            await first.message()
            async with watching("alpha", session=owner) as second:
                assert await second.close_code() == 4008

    play(scenario)


def test_unknown_addresses_are_not_let_in(roles: Roles) -> None:
    async def scenario() -> None:
        assert not await Watcher("/ws/other", headers_of("", "", ORIGIN)).connect()

    play(scenario)
