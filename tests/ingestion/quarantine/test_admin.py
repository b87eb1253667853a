"""The admin's way from a reason to lines that are stored: look, preview, replay, delete."""

from datetime import UTC, datetime
from html import escape
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from ingestion.models import Replay, Source
from ingestion.quarantine import runner
from storage import facade as storage
from storage.facade import RejectQuery
from tests.clients import signed_in
from tests.factories import Roles, make_user
from tests.outages import engine_away
from tests.storage.rejects import reject

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey", "clickhouse", "no_bell")]

ROOT = "/admin/ingestion/source/not-stored/"
MINE = {"app": "alpha", "source": "alpha-web"}
CHOICE = "?app=alpha&source=alpha-web"
ALPHA = RejectQuery(apps=("alpha",))


@pytest.fixture
def roles(roles: Roles) -> Roles:
    now = datetime.now(UTC)
    reject(
        MINE | {"raw": b'{"message":"fine"}', "received_at": now},
        MINE | {"raw": b"<script>\xff", "reason_code": "invalid_utf8", "received_at": now},
        {"app": "bravo", "source": "bravo-web", "raw": b"secret", "received_at": now},
    )
    return roles


def text_of(answer: Any) -> str:
    assert answer.status_code == 200, answer.status_code
    return str(answer.content.decode())


def test_lines_are_paged_with_their_bytes_escaped(member: Client) -> None:
    reject(*(MINE | {"raw": b"line %d" % n} for n in range(60)))
    first = text_of(member.get(f"{ROOT}lines/{CHOICE}"))
    assert "&lt;script&gt;\ufffd" in first
    assert "not UTF-8" in first
    older = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0]
    second = text_of(member.get(f"{ROOT}lines/{older.replace('&amp;', '&')}"))
    assert "line 0" in second
    assert "&lt;script&gt;\ufffd" not in second.split("Older lines")[1]


def test_the_format_is_a_click_away_from_the_lines(member: Client) -> None:
    page = text_of(member.get(f"{ROOT}lines/{CHOICE}&reason=not_json"))
    source = Source.objects.get(slug="alpha-web")
    assert f"/admin/ingestion/source/{source.pk}/change/" in page
    assert "as the source is set now: detected line by line" in page


def test_a_preview_shows_columns_and_what_is_still_refused(member: Client) -> None:
    page = text_of(member.get(f"{ROOT}preview/{CHOICE}&format=json"))
    assert "Replay 2 lines" in page
    assert "Would still be refused" in page
    assert "fine" in page
    assert not Replay.objects.exists()


def test_a_replay_is_started_followed_and_done(member: Client, roles: Roles) -> None:
    answer = member.post(f"{ROOT}preview/{CHOICE}&format=json")
    replay = Replay.objects.get()
    assert answer["Location"] == f"{ROOT}replays/{replay.pk}/"
    running = text_of(member.get(answer["Location"]))
    assert 'data-lp-every="1000"' in running
    assert "Cancel the replay" in running
    again = member.post(f"{ROOT}preview/{CHOICE}", follow=True)
    assert "is at work" in text_of(again)
    runner.run_replay(replay.pk)
    done = text_of(member.get(answer["Location"]))
    assert 'data-lp-every="0"' in done
    assert f"_replay%3A{replay.pk.hex}" in done
    assert "Cancel the replay" not in done
    assert "2 / 2" in text_of(member.get(ROOT))
    assert signed_in(roles.outsider).get(answer["Location"]).status_code == 404


def test_a_replay_is_cancelled(member: Client) -> None:
    answer = member.post(f"{ROOT}preview/{CHOICE}")
    member.post(answer["Location"])
    assert Replay.objects.get().state == "cancelled"


def test_only_selected_lines_are_replayed_or_deleted(member: Client) -> None:
    lines = storage.list_rejects(ALPHA).lines
    chosen = next(line["id"] for line in lines if line["reason_code"] == "invalid_utf8")
    assert "Replay 1 line<" in text_of(member.get(f"{ROOT}preview/{CHOICE}&id={chosen}"))
    confirm = text_of(member.get(f"{ROOT}delete/{CHOICE}&id={chosen}"))
    assert "Delete 1 line<" in confirm
    assert storage.count_rejects(ALPHA) == 2
    assert "Deleted 1 quarantined" in text_of(
        member.post(f"{ROOT}delete/{CHOICE}&id={chosen}", follow=True)
    )
    assert [line["reason_code"] for line in storage.list_rejects(ALPHA).lines] == ["not_json"]
    assert "nothing to delete" in text_of(member.get(f"{ROOT}delete/{CHOICE}&id={chosen}"))


def test_nothing_is_deleted_while_the_source_is_replayed(member: Client) -> None:
    member.post(f"{ROOT}preview/{CHOICE}")
    page = text_of(member.post(f"{ROOT}delete/{CHOICE}", follow=True))
    assert "is at work" in page
    assert storage.count_rejects(ALPHA) == 2


def test_who_may_look_may_not_replay_or_delete(roles: Roles) -> None:
    looker = make_user(
        "looker", groups=[roles.a.group], rights=["ingestion.view_source"], is_staff=True
    )
    client = signed_in(looker)
    page = text_of(client.get(f"{ROOT}lines/{CHOICE}"))
    assert "Preview a replay" not in page
    assert "Delete" not in page
    for action in ("preview", "delete"):
        for method in (client.get, client.post):
            assert method(f"{ROOT}{action}/{CHOICE}").status_code == 403
    assert not Replay.objects.exists()
    assert storage.count_rejects(ALPHA) == 2


def test_a_source_that_was_deleted_still_has_its_lines(member: Client) -> None:
    Source.objects.all().delete()
    assert "There is no source alpha-web any more" in text_of(member.get(f"{ROOT}lines/{CHOICE}"))
    assert "Replay 2 lines" in text_of(member.get(f"{ROOT}preview/{CHOICE}"))


@pytest.mark.parametrize("page", ["lines/", "preview/", "delete/"])
def test_odd_addresses_are_answered_plainly(member: Client, page: str) -> None:
    for query in ("", "?app=alpha", "?app=bravo&source=bravo-web", f"{CHOICE}&id=zebra"):
        assert member.get(f"{ROOT}{page}{query}").status_code == 404, query
    for query in ("&reason=%00", "&format=no-such", "&cursor=made-up", f"&id={uuid4()}"):
        answer = member.get(f"{ROOT}{page}{CHOICE}{query}")
        assert answer.status_code == 200, query
    text = text_of(member.get(f"{ROOT}{page}{CHOICE}&reason={escape('<b>')}&format=<i>"))
    assert "<i>" not in text


@pytest.mark.parametrize("page", ["", "lines/", "preview/", "delete/"])
def test_every_page_survives_a_dead_engine(member: Client, page: str) -> None:
    with engine_away():
        text = text_of(member.get(f"{ROOT}{page}{CHOICE}"))
        posted = member.post(f"{ROOT}{page}{CHOICE}", follow=True)
    assert "not available at the moment" in text
    assert posted.status_code == 200
