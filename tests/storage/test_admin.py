"""Retention in the admin: edited in the list, previewed, run, recorded; each to their own apps."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from logplatform.kernel import clock
from storage.models import RetentionPolicy, RetentionRun
from tests.clients import signed_in
from tests.factories import Roles, make_app
from tests.outages import engine_away, queue_away
from tests.storage.records import AT, make_frame

pytestmark = pytest.mark.django_db

LIST = "/admin/storage/retentionpolicy/"
PREVIEW = "/admin/storage/retentionpolicy/preview/"
RUNS = "/admin/storage/retentionrun/"


def edit(client: Client, policy: RetentionPolicy, days: str) -> Any:
    """Type days into the list and save."""
    body = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "_save": "Save"}
    return client.post(LIST, {**body, "form-0-id": policy.pk, "form-0-days": days}, follow=True)


def text_of(answer: Any) -> str:
    assert answer.status_code == 200
    return str(answer.content.decode())


def days_of(policy: RetentionPolicy) -> int | None:
    policy.refresh_from_db()
    return policy.days


def test_days_are_edited_in_the_list_and_the_history_says_from_what(
    owner: Client, roles: Roles
) -> None:
    edit(owner, roles.a.policy, "90")
    assert days_of(roles.a.policy) == 90
    note = LogEntry.objects.filter(object_id=roles.a.policy.pk).latest("pk")
    assert note.get_change_message() == "Days: 30 → 90."


def test_a_shorter_term_is_answered_with_what_it_means(owner: Client, roles: Roles) -> None:
    answer = edit(owner, roles.a.policy, "7")
    assert "until then you can still set it back" in text_of(answer)
    assert "set it back" not in text_of(edit(owner, roles.a.policy, "70"))
    assert "set it back" not in text_of(edit(owner, roles.a.policy, ""))
    assert "for ever" in text_of(edit(owner, roles.a.policy, "7"))


@pytest.mark.parametrize("days", ["-1", "0", "1.5", "9999999", "many", "1e3", "\x00"])
def test_unusable_days_are_refused(owner: Client, roles: Roles, days: str) -> None:
    assert edit(owner, roles.a.policy, days).status_code == 200
    assert days_of(roles.a.policy) == 30


def test_a_member_cannot_edit_the_term_of_another_app(member: Client, roles: Roles) -> None:
    edit(member, roles.b.policy, "1")
    assert days_of(roles.b.policy) == 30


@pytest.mark.usefixtures("clickhouse")
def test_the_preview_counts_what_would_go_of_the_persons_apps(member: Client) -> None:
    from storage import facade

    old = AT - timedelta(days=31)
    mine = {"app": "alpha", "timestamp": old, "received_at": old}
    imported = {"app": "alpha", "timestamp": old}
    facade.write_logs(make_frame([mine, mine, imported, mine | {"app": "bravo"}]), token="t")
    with clock.frozen(AT):
        text = text_of(member.get(PREVIEW))
        assert "2 lines would go now" in text
        assert "bravo" not in text
        facade.truncate_all()
        assert "Nothing would go now" in text_of(member.get(PREVIEW))


def test_the_preview_says_so_while_the_engine_is_down(owner: Client) -> None:
    with engine_away():
        assert "not available at the moment" in text_of(owner.get(PREVIEW))


@pytest.mark.usefixtures("clickhouse")
def test_a_clean_up_asked_for_by_a_click_runs_and_is_recorded(
    owner: Client, valkey: Any, settings: Any
) -> None:
    from logplatform.celery import app
    from storage import facade

    old = AT - timedelta(days=31)
    lines = [{"app": "alpha", "timestamp": old, "received_at": old}] * 3
    facade.write_logs(make_frame(lines), token="t")
    app.conf.task_always_eager = True
    try:
        with clock.frozen(AT):
            answer = owner.post(PREVIEW, follow=True)
    finally:
        app.conf.task_always_eager = False
    assert "on its way" in text_of(answer)
    run = RetentionRun.objects.get()
    assert (run.state, run.per_app) == ("done", {"alpha": 3})


def test_a_clean_up_waits_in_the_queue_for_a_worker(owner: Client, valkey: Any) -> None:
    assert owner.get(PREVIEW).status_code == 200
    assert valkey.llen("lgs:celery:celery") == 0, "looking must start nothing"
    owner.post(PREVIEW)
    assert valkey.llen("lgs:celery:celery") == 1


def test_a_clean_up_needs_the_right_to_it(roles: Roles, valkey: Any) -> None:
    roles.member.user_permissions.remove(
        *roles.member.user_permissions.filter(codename="add_retentionrun")
    )
    member = signed_in(roles.member)
    assert "Clean up now" not in text_of(member.get(PREVIEW))
    assert member.post(PREVIEW).status_code == 403
    assert valkey.llen("lgs:celery:celery") == 0


def test_runs_tell_each_person_the_figures_of_their_own_apps(owner: Client, member: Client) -> None:
    run = RetentionRun.objects.create(
        state="done", lines=1234, per_app={"alpha": 34, "bravo": 1200}, error="bravo: broken"
    )
    for page in (RUNS, f"{RUNS}{run.pk}/change/"):
        mine = text_of(member.get(page))
        assert "34" in mine
        assert "bravo" not in mine
        assert "1 234" not in mine
        assert "1 234" in text_of(owner.get(page))


@pytest.mark.parametrize(
    "query", ["per_app__bravo__gt=1", "error__contains=b", "lines__gt=1", "per_app__has_key=bravo"]
)
def test_runs_cannot_be_filtered_by_what_is_not_shown(member: Client, query: str) -> None:
    RetentionRun.objects.create(state="done", lines=5, per_app={"bravo": 5}, error="b")
    answer = member.get(f"{RUNS}?{query}")
    assert answer.status_code in (302, 400)
    assert member.get(f"{RUNS}?state__exact=done").status_code == 200


def test_runs_cannot_be_made_changed_or_deleted_by_hand(owner: Client) -> None:
    run = RetentionRun.objects.create(state="done")
    assert owner.get(f"{RUNS}add/").status_code == 403
    assert owner.post(f"{RUNS}{run.pk}/change/", {"lines": 7}).status_code == 403
    assert owner.post(f"{RUNS}{run.pk}/delete/", {"post": "yes"}).status_code == 403
    assert RetentionRun.objects.get().lines == 0


def test_logs_are_read_in_the_explorer(owner: Client) -> None:
    for page in ("", "1/change/", "add/"):
        answer = owner.get(f"/admin/storage/log/{page}")
        assert (answer.status_code, answer["Location"]) == (302, "/")


def test_apps_without_a_policy_are_listed_nowhere_but_keep_for_ever(owner: Client) -> None:
    make_app("plain").retention.delete()
    assert "for ever" in text_of(owner.get("/admin/storage/app/"))


def test_a_clean_up_that_cannot_be_asked_for_says_so(owner: Client) -> None:
    with queue_away():
        answer = owner.get(PREVIEW)
    assert answer.status_code == 200
