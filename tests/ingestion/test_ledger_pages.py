"""The ledger in the admin: receipts, one in full, gaps; each person sees their own apps."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry

from ingestion import drain, queue
from ingestion.ledger import repeats
from ingestion.ledger.models import LedgerGap
from tests.clients import signed_in
from tests.factories import Roles, make_user
from tests.ingestion.feeding import make_entry, send
from tests.outages import engine_away, queue_away

pytestmark = [pytest.mark.usefixtures("one_shard", "valkey", "clickhouse"), pytest.mark.django_db]

LIST = "/admin/ingestion/source/receipts/"
GAPS = "/admin/ingestion/ledgergap/"
MIXED = b'{"message":"good"}\n{"cut\n{"message":"too"}'


def put(body: bytes = MIXED, app: str = "alpha", *, drained: bool = True, **changes: Any) -> str:
    lines = body.count(b"\n") + 1
    entry = make_entry(body, app=app, source=f"{app}-web", lines=lines, **changes)
    receipt = queue.enqueue(entry, idempotency_key="", body_hash="").receipt
    if drained:
        drain.drain_shard(0, idle_s=0.05)
    return receipt


def page(user: Any, address: str, status: int = 200) -> str:
    answer = signed_in(user).get(address)
    assert answer.status_code == status
    return str(answer.content.decode())


def make_gap(roles: Roles, **changes: Any) -> LedgerGap:
    at = datetime(2026, 11, 22, 10, tzinfo=UTC)
    figures = {"booked": 9, "found": 8, "lost": 1, "doubled": 0, "unbooked": 0}
    values = {"app": roles.a.app, "source": "alpha-web", "minute": at, **figures, **changes}
    return LedgerGap.objects.create(found_at=at, checked_at=at, **values)


def test_the_list_shows_receipts_of_ones_own_apps(roles: Roles) -> None:
    mine, other = put(strict_json=True), put(app="bravo")
    text = page(roles.member, LIST)
    assert mine in text
    assert other not in text
    assert "bravo" not in text
    everything = page(roles.owner, LIST)
    assert mine in everything
    assert other in everything


def test_filters_narrow_and_pages_go_on(roles: Roles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingestion.admin.receipt_pages.PAGE", 1)
    whole, rejected = put(b"fine"), put(strict_json=True)
    assert rejected in page(roles.member, f"{LIST}?state=rejects")
    assert whole not in page(roles.member, f"{LIST}?state=rejects")
    first = page(roles.member, f"{LIST}?app=alpha")
    older = first.split('href="?')[1].split('"')[0].replace("&amp;", "&")
    second = page(roles.member, f"{LIST}?{older}")
    assert (whole in first) != (whole in second)
    assert "No request fits" in page(roles.member, f"{LIST}?source=none&backend=direct")


@pytest.mark.parametrize(
    "query",
    [
        "state=x&backend=%00&start=yesterday&end=now-99999999999w",
        "cursor=forged",
        "app=bravo",
        "start=now&end=now-1d",
        "source=%3Cscript%3E" + "x" * 5000,
    ],
)
def test_whatever_the_address_says_the_page_answers(roles: Roles, query: str) -> None:
    text = page(roles.member, f"{LIST}?{query}")
    assert "<script>x" not in text
    assert "Traceback" not in text


def test_a_receipt_is_found_by_its_id_and_shown_in_full(roles: Roles) -> None:
    receipt = put(strict_json=True)
    answer = signed_in(roles.member).get(f"{LIST}?receipt=+{receipt}+")
    text = page(roles.member, answer["Location"])
    link = text.split('href="/admin/ingestion/source/not-stored/lines/')[1].split('"')[0]
    lines = page(
        roles.member, f"/admin/ingestion/source/not-stored/lines/{link}".replace("&amp;", "&")
    )
    assert "{&quot;cut" in lines
    assert "bytes" in text
    assert "through the queue" in text


def test_what_came_again_is_listed_and_leads_to_what_came_first(roles: Roles) -> None:
    first = send(roles.a, b"once", key="k").receipt
    send(roles.a, b"once", key="k")
    drain.drain_shard(0, idle_s=0.05)
    assert repeats.book_repeats() == 1
    text = page(roles.member, f"{LIST}?state=duplicates")
    link = text.split(f'href="{LIST}repeat-')[1].split('"')[0]
    assert f'href="{LIST}{first}/"' not in text
    assert f'href="{LIST}{first}/"' in page(roles.member, f"{LIST}repeat-{link}")


def test_a_receipt_of_another_app_is_not_there(roles: Roles) -> None:
    receipt = put()
    for name in (receipt, "0-1-1", "nonsense", "9-%00"):
        assert "alpha" not in page(roles.outsider, f"{LIST}{name}/", 404)


def test_a_receipt_nobody_can_ask_the_queue_about_says_so(roles: Roles) -> None:
    with queue_away():
        assert "queue is not available" in page(roles.member, f"{LIST}0-1-0/")


def test_a_waiting_request_is_shown_as_waiting(roles: Roles) -> None:
    receipt = put(drained=False)
    assert "waits in the queue" in page(roles.member, f"{LIST}{receipt}/")


def test_a_ledger_without_gaps_says_so(roles: Roles) -> None:
    assert "receipts and stored lines agree" in page(roles.owner, GAPS)
    assert "Nothing fits this search" in page(roles.owner, f"{GAPS}?q=nobody")


def test_who_may_not_see_sources_sees_no_receipts(roles: Roles) -> None:
    reader = make_user("plain", groups=[roles.a.group], is_staff=True)
    page(reader, LIST, 403)
    page(reader, f"{LIST}{put()}/", 403)


def test_an_engine_that_is_away_is_said(roles: Roles) -> None:
    receipt = put()
    with engine_away(), queue_away():
        assert "lp-bad" in page(roles.member, LIST)
        assert "lp-bad" in page(roles.member, f"{LIST}{receipt}/")


def test_gaps_are_seen_and_accepted_by_people_of_the_app(roles: Roles) -> None:
    gap = make_gap(roles, receipts=[{"receipt": "0-1-1", "booked": 9, "found": 8}])
    make_gap(roles, app=roles.b.app, source="bravo-web")
    text = page(roles.member, GAPS)
    assert "1 lost" in text
    assert "bravo" not in text
    shown = page(roles.member, f"{GAPS}{gap.pk}/change/")
    assert 'href="/admin/ingestion/source/receipts/0-1-1/">0-1-1</a>' in shown
    assert "send those bodies again" in shown
    page(roles.outsider, f"{GAPS}{gap.pk}/change/", 302)
    body = {"action": "accept_selected", "_selected_action": [gap.pk]}
    signed_in(roles.outsider).post(GAPS, body)
    gap.refresh_from_db()
    assert gap.state == LedgerGap.State.OPEN
    signed_in(roles.member).post(GAPS, body)
    gap.refresh_from_db()
    assert gap.state == LedgerGap.State.ACCEPTED
    assert "Accepted" in LogEntry.objects.get(object_id=str(gap.pk)).change_message


def test_nobody_adds_changes_or_deletes_gaps_by_hand(roles: Roles) -> None:
    gap = make_gap(roles)
    client = signed_in(roles.owner)
    assert client.get(f"{GAPS}add/").status_code == 403
    assert client.post(f"{GAPS}{gap.pk}/delete/", {"post": "yes"}).status_code == 403
    client.post(f"{GAPS}{gap.pk}/change/", {"lost": 0, "state": "closed"})
    gap.refresh_from_db()
    assert (gap.lost, gap.state) == (1, LedgerGap.State.OPEN)


def test_the_overview_says_whether_the_ledger_agrees(roles: Roles) -> None:
    assert "Every receipt has its lines in the store" in page(roles.member, "/admin/")
    make_gap(roles, lost=3)
    text = page(roles.member, "/admin/")
    assert "3 lost, 0 doubled" in text
    assert "that is long ago" not in text
    assert "Every receipt has its lines in the store" in page(roles.outsider, "/admin/")
    from ingestion.models import LedgerCheck

    LedgerCheck.objects.update(until=datetime(2020, 1, 1, tzinfo=UTC))
    assert "that is long ago" in page(roles.member, "/admin/")
