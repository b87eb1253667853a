"""The quarantine over HTTP: who may do what, and what nasty requests get."""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from ingestion.models import Replay
from ingestion.quarantine import runner
from storage import facade as storage
from storage.facade import RejectQuery
from tests.clients import signed_in
from tests.factories import Roles, make_user
from tests.storage.rejects import reject

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey", "clickhouse", "no_bell")]

MINE = {"app": "alpha", "source": "alpha-web"}
LINES = [
    MINE | {"raw": b'{"message":"fine"}'},
    MINE | {"raw": b"\xff\x00", "reason_code": "invalid_utf8"},
    {"app": "bravo", "source": "bravo-web", "raw": b"secret of bravo"},
]
ALL = RejectQuery(apps=("alpha", "bravo"))


@pytest.fixture
def roles(roles: Roles) -> Roles:
    reject(*LINES)
    return roles


def get(client: Client, path: str) -> Any:
    return client.get(f"/api/v1/quarantine{path}")


def post(client: Client, path: str, **body: Any) -> Any:
    return client.post(
        f"/api/v1/quarantine{path}", json.dumps(body), content_type="application/json"
    )


def delete(client: Client, query: str) -> Any:
    return client.delete(f"/api/v1/quarantine?{query}")


def code_of(answer: Any) -> str:
    return str(answer.json()["error"]["code"])


def test_lines_are_paged_and_filtered(member: Client) -> None:
    first = get(member, "?limit=1").json()
    second = get(member, f"?limit=1&cursor={first['next']}").json()
    assert second["next"] is None
    codes = [page["results"][0]["reason_code"] for page in (first, second)]
    assert sorted(codes) == ["invalid_utf8", "not_json"]
    assert len(get(member, "?reason_code=not_json&source=alpha-web").json()["results"]) == 1
    assert get(member, "?start=2027-01-01").json()["results"] == []
    assert get(member, "?app=bravo").status_code == 404


def test_one_line_is_given_whole_to_its_people(member: Client, roles: Roles) -> None:
    line = get(member, "?reason_code=invalid_utf8").json()["results"][0]
    assert get(member, f"/lines/{line['id']}").json()["raw_base64"] == "/wA="
    assert code_of(get(signed_in(roles.outsider), f"/lines/{line['id']}")) == "line_not_found"
    assert get(member, f"/lines/{uuid4()}").status_code == 404


def test_reasons_are_grouped_with_an_example(member: Client) -> None:
    rows = get(member, "/reasons").json()["results"]
    assert {row["reason_code"]: row["lines"] for row in rows} == {"not_json": 1, "invalid_utf8": 1}
    assert "secret" not in json.dumps(rows)


def test_the_way_from_preview_to_a_replay_that_is_done(member: Client) -> None:
    preview = post(member, "/preview", **MINE, format="json").json()
    assert (preview["total"], preview["stored"], preview["refused"]) == (2, 1, 1)
    assert preview["records"][0]["message"] == "fine"
    answer = post(member, "/replay", **MINE, format="json")
    assert answer.status_code == 202
    replay = answer.json()
    assert (replay["state"], replay["total"], replay["created_by"]) == ("waiting", 2, "member")
    assert code_of(post(member, "/replay", **MINE)) == "replay_running"
    runner.run_replay(Replay.objects.get().pk)
    done = get(member, f"/replays/{replay['id']}").json()
    assert (done["state"], done["stored"], done["refused"], done["percent"]) == ("done", 1, 1, 100)
    assert get(member, "/replays").json()["results"][0]["id"] == replay["id"]
    query = {"q": f"_replay:{replay['mark']}", "start": "2000-01-01"}
    assert len(member.get("/api/v1/logs", query).json()["results"]) == 1


def test_a_replay_is_cancelled_and_is_nobody_elses(member: Client, roles: Roles) -> None:
    replay = post(member, "/replay", **MINE).json()["id"]
    outsider = signed_in(roles.outsider)
    assert code_of(get(outsider, f"/replays/{replay}")) == "replay_not_found"
    assert code_of(post(outsider, f"/replays/{replay}/cancel")) == "replay_not_found"
    assert get(outsider, "/replays").json()["results"] == []
    assert post(member, f"/replays/{replay}/cancel").json()["state"] == "cancelled"


def test_a_filter_that_would_not_filter_is_refused(member: Client) -> None:
    for query in ("?reason=not_json", "?sorce=x", "/reasons?reason_cod=not_json"):
        assert code_of(get(member, query)) == "unknown_parameter", query


def test_deleting_needs_a_filter_and_takes_only_what_it_names(member: Client) -> None:
    for query in ("", "app=alpha", "source=alpha-web", "app=alpha&reason=not_json", "app=alpha&x"):
        assert delete(member, query).status_code == 400, query
    assert delete(member, "app=alpha&ids=").status_code == 400
    assert storage.count_rejects(ALL) == 3
    assert delete(member, "app=alpha&reason_code=not_json").json() == {"deleted": 1}
    assert delete(member, "app=bravo&source=bravo-web").status_code == 404
    assert storage.count_rejects(ALL) == 2


def test_nothing_is_deleted_under_a_replay(member: Client) -> None:
    post(member, "/replay", **MINE)
    assert code_of(delete(member, "app=alpha&source=alpha-web")) == "replay_running"
    assert code_of(delete(member, "app=alpha&reason_code=not_json")) == "replay_running"
    assert delete(member, "app=alpha&source=other").json() == {"deleted": 0}


def test_single_lines_are_replayed_or_deleted_by_id(member: Client) -> None:
    chosen = get(member, "?reason_code=not_json").json()["results"][0]["id"]
    assert post(member, "/preview", **MINE, ids=[chosen]).json()["total"] == 1
    assert delete(member, f"app=alpha&ids={chosen}").json() == {"deleted": 1}
    assert code_of(post(member, "/preview", **MINE, ids=[chosen])) == "nothing_to_replay"


def test_keys_read_and_preview_and_do_nothing_else(roles: Roles) -> None:
    key = Client(headers={"Authorization": f"Bearer {roles.a.query_key}"})
    sender = Client(headers={"Authorization": f"Bearer {roles.a.ingest_key}"})
    assert len(get(key, "").json()["results"]) == 2
    assert post(key, "/preview", **MINE).status_code == 200
    assert code_of(post(key, "/preview", app="bravo", source="bravo-web")) == "app_not_found"
    assert code_of(post(key, "/replay", **MINE)) == "people_only"
    assert code_of(delete(key, "app=alpha&source=alpha-web")) == "people_only"
    assert code_of(post(key, f"/replays/{uuid4()}/cancel")) == "people_only"
    for path in ("", "/reasons", "/replays"):
        assert code_of(get(sender, path)) == "scope_missing"
    assert code_of(post(sender, "/preview", **MINE)) == "scope_missing"


def test_people_without_the_right_look_only(roles: Roles) -> None:
    reader = signed_in(make_user("reader", groups=[roles.a.group]))
    assert len(get(reader, "").json()["results"]) == 2
    assert post(reader, "/preview", **MINE).status_code == 200
    assert post(reader, "/replay", **MINE).status_code == 403
    assert delete(reader, "app=alpha&source=alpha-web").status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"app": "alpha"},
        {**MINE, "format": "no such format"},
        {**MINE, "ids": []},
        {**MINE, "ids": ["' OR 1=1"]},
        {**MINE, "start": "yesterday-ish"},
        {**MINE, "start": "2026-02-01", "end": "2026-01-01"},
        {**MINE, "reason": "a field of another name"},
        {**MINE, "source": "nul\0"},
        {"app": ["alpha"], "source": {}},
    ],
    ids=lambda body: json.dumps(body)[:60],
)
def test_nasty_choices_get_a_clear_400(member: Client, body: dict[str, Any]) -> None:
    for path in ("/preview", "/replay"):
        answer = post(member, path, **body)
        assert answer.status_code == 400, answer.content
        assert answer.json()["error"]["message"]
    assert not Replay.objects.exists()


def test_an_app_of_somebody_else_is_not_there(member: Client) -> None:
    for path in ("/preview", "/replay"):
        answer = post(member, path, app="bravo", source="bravo-web")
        assert (answer.status_code, code_of(answer)) == (404, "app_not_found")
        assert "secret" not in answer.content.decode()
