"""One app's people read everything there is to read, and find nothing of another app."""

import json
import re
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from analytics.models import Dashboard, SavedSearch
from ingestion import drain, queue
from ingestion.models import ApiKey, CustomFormat, LookupTable, Source
from storage import facade as storage
from storage.models import App
from tests.clients import signed_in
from tests.factories import Roles
from tests.ingestion.feeding import put

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("valkey", "clickhouse"),
    pytest.mark.timeout(180),
]

CANARY = "canary-of-bravo"
MOST_PAGES = 120
_LINKS = re.compile(r'(?:href|hx-get|data-url|src)="(/[^"#]*)')
# The way out, and what is no page.
_SKIPPED = re.compile(r"/(?:admin/)?logout|^/static/|^/api/docs|^/metrics")


@pytest.fixture
def ids(roles: Roles) -> list[str]:
    """Everything bravo has, with the canary in it; returns the ids of all of it."""
    b = roles.b
    App.objects.filter(pk=b.app.pk).update(name=CANARY)
    Source.objects.filter(pk=b.source.pk).update(name=CANARY)
    ApiKey.objects.filter(source=b.source).update(name=CANARY)
    User.objects.filter(pk=roles.outsider.pk).update(username=CANARY, first_name=CANARY)
    b.group.name = CANARY
    b.group.save()
    kept = {"app": b.app, "owner": roles.outsider, "is_shared": True, "name": CANARY}
    made = [
        SavedSearch.objects.create(q=CANARY, **kept),
        Dashboard.objects.create(**kept),
        CustomFormat.objects.create(app=b.app, name="own", title=CANARY, pattern="<message>"),
        LookupTable.objects.create(
            app=b.app, name="hosts", field="host", content=f"host,team\n1,{CANARY}\n"
        ),
        b.source,
        b.key,
        b.policy,
        *b.app.tag_rules.all()[:1],
    ]
    body = json.dumps({"message": CANARY, "service": CANARY, "host": CANARY, CANARY: CANARY})
    receipt = put(
        f'{body}\n{{"cut {CANARY}'.encode(), app="bravo", source="bravo-web", strict_json=True
    )
    put(b'{"message":"of alpha"}\n{"cut', app="alpha", source="alpha-web", strict_json=True)
    for shard in queue.shards():
        drain.drain_shard(shard, idle_s=0.01)
    (line,) = storage.search_logs(storage.LogQuery(apps=("bravo",)), limit=10).records
    (refused,) = storage.list_rejects(storage.RejectQuery(apps=("bravo",))).lines
    found = [str(thing.pk) for thing in made]
    return ["bravo", receipt, str(line["id"]), str(refused["id"]), *dict.fromkeys(found)]


def pages(client: Client) -> Iterator[tuple[str, str]]:
    """(address, text) of the front pages and of whatever they lead to."""
    waiting, seen = ["/", "/admin/"], set[str]()
    while waiting and len(seen) < MOST_PAGES:
        address = waiting.pop(0).replace("&amp;", "&")
        place = address.partition("?")[0]
        if place in seen or _SKIPPED.search(place):
            continue
        seen.add(place)
        answer = client.get(address, follow=True)
        text = answer.content.decode(errors="replace") if not answer.streaming else ""
        yield address, text
        waiting += _LINKS.findall(text)


def answers(client: Client, ids: list[str]) -> Iterator[tuple[str, str]]:
    """(address, text) of everything the API lets one read, of what is one's own and of bravo."""
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    for path in (path for path, ways in paths.items() if "get" in ways):
        parameters = re.findall(r"\{\w+\}", path)
        filled = [path.replace(parameters[0], one) for one in ids] if parameters else [path]
        for address in filled:
            for query in ({}, {"app": "bravo"}):
                answer = client.get(address, {**query, "start": "now-1h"})
                content = b"".join(answer) if answer.streaming else answer.content
                yield f"{address} {query}", content.decode(errors="replace")


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse")
def test_nobody_of_another_app_meets_the_canary(roles: Roles, ids: list[str]) -> None:
    by_key = Client(headers={"Authorization": f"Bearer {roles.a.query_key}"})
    sender = Client(headers={"Authorization": f"Bearer {roles.a.ingest_key}"})
    member = signed_in(roles.member)
    read = [
        *pages(member),
        *answers(member, ids),
        *answers(by_key, ids),
        *answers(sender, ids),
    ]
    assert len(read) > 300
    assert [address for address, text in read if CANARY in text] == []


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse")
def test_its_own_people_meet_it_everywhere(roles: Roles, ids: list[str]) -> None:
    """Else the test above would look where nothing can be."""
    outsider = signed_in(roles.outsider)
    met = [address for address, text in pages(outsider) if CANARY in text]
    assert len(met) > 10, met
    met = [address for address, text in answers(outsider, ids) if CANARY in text]
    assert len(met) > 25, met
