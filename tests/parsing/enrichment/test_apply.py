"""What is added to records, and when; nothing a sender sends is changed."""

import json
from collections.abc import Sequence

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsing import Hint, parse_lines
from parsing.enrichment import DEFAULT_TAGS, Enrichment, TagRule, read_table
from parsing.redaction import Redaction, built_in_rule
from parsing.treatment import Treatment

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/139.0.0.0 Safari/537.36"
)
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/17.0 Mobile/15E148 Safari/604.1"
)


def added(lines: Sequence[str], enrichment: Enrichment, *rules: str) -> list[dict[str, str]]:
    """Attributes of each line."""
    redaction = Redaction(rules=tuple(built_in_rule(name, "mask") for name in rules))
    arrived = pl.Series([0] * len(lines), dtype=pl.Datetime("ms", "UTC"))
    found = parse_lines(
        pl.Series(list(lines), dtype=pl.String),
        received_at=arrived,
        hint=Hint(),
        treatment=Treatment(redaction=redaction, enrichment=enrichment),
    )
    assert len(found.frame) == len(lines)
    rows = found.frame["attributes"].to_list()
    return [{pair["key"]: pair["value"] for pair in row} for row in rows]


def access(path: str = "/", agent: str = "-", client: str = "10.0.0.7") -> str:
    return f'{client} - - [22/Nov/2026:10:00:00 +0000] "GET {path} HTTP/1.1" 200 5 "-" "{agent}"'


def many(**fields: object) -> list[str]:
    """A hundred lines, so that columns are made."""
    return [json.dumps({"message": "m", "n": number, **fields}) for number in range(100)]


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        (CHROME, ("Chrome", "139.0", "Windows", "10", None, None)),
        (GOOGLEBOT, ("Googlebot", "2.1", None, None, None, "bot")),
        (IPHONE, ("Mobile Safari", "17.0", "iOS", "17.0", "iPhone", None)),
        ("curl/8.5.0", ("curl", "8.5", None, None, None, None)),
        ("x" * 100_000, (None,) * 6),
        ("\x00%n%s\u202e", (None,) * 6),
        ("Mozilla/5.0 " + "(" * 300, (None,) * 6),
    ],
    ids=["chrome", "bot", "phone", "curl", "huge", "odd", "brackets"],
)
def test_user_agents_are_taken_apart(agent: str, expected: tuple[str | None, ...]) -> None:
    found = added(many(user_agent=agent), Enrichment())[0]
    names = ("name", "version", "os.name", "os.version", "device.name", "synthetic.type")
    assert tuple(found.get(f"user_agent.{name}") for name in names) == expected
    assert found["user_agent"] == agent


def test_a_new_agent_for_every_line_does_not_stop_the_worker() -> None:
    lines = [access(agent=f"Agent-{number}/1") for number in range(3_000)]
    assert len(added(lines, Enrichment())) == 3_000


@pytest.mark.parametrize(
    ("path", "route", "query"),
    [
        ("/", "/", None),
        ("/shop/item/1235?from=list&q=a?b", "/shop/item/{id}", "from=list&q=a?b"),
        ("/1/2/3/4", "/{id}/{id}/{id}/{id}", None),
        ("/u/550e8400-e29b-41d4-a716-446655440000/x", "/u/{id}/x", None),
        ("/o/4bf92f3577b34da6a3ce929d0e0e4736", "/o/{id}", None),
        ("/api/v1/orders/ORD-123456.json", "/api/v1/orders/{id}.json", None),
        ("/api/v2/users", "/api/v2/users", None),
        ("/mail/ann@example.com/x", "/mail/{id}/x", None),
        ("https://shop.example:8443/a/1?b=2#c", "/a/{id}", "b=2#c"),
        ("//evil//1//", "//evil//{id}//", None),
        ("*", "*", None),
        ("/%F0%9F%98%80/7", "/%F0%9F%98%80/{id}", None),
        ("/" + "a/" * 500, "/" + ("a/" * 500)[:199], None),
    ],
    ids=lambda value: str(value)[:20],
)
def test_urls_are_taken_apart(path: str, route: str, query: str | None) -> None:
    found = added([access(path)] * 3, Enrichment())[0]
    assert (found["http.route"], found.get("url.query")) == (route, query)


def test_urls_of_other_lines_are_taken_apart_on_demand_only() -> None:
    lines = many(path="/a/1")
    assert "http.route" not in added(lines, Enrichment())[0]
    assert added(lines, Enrichment(urls="on"))[0]["http.route"] == "/a/{id}"
    assert "http.route" not in added([access("/a/1")], Enrichment(urls="off"))[0]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("10.0.0.7", "private"),
        ("8.8.8.8", "public"),
        ("127.0.0.1:80", "loopback"),
        ("[::1]:443", "loopback"),
        ("fe80::1%eth0", "link_local"),
        ("::ffff:8.8.8.8", "public"),
        ("100.64.1.1", "shared"),
        ("203.0.113.9, 10.0.0.1", "documentation"),
        ("240.0.0.1", "private"),
        ("224.0.0.1", "multicast"),
        ("0.0.0.0", "unspecified"),
        ("999.1.1.1", None),
        ("unknown", None),
        ("१०.०.०.७", None),
        ("", None),
        ("1" * 10_000, None),
    ],
)
def test_addresses_have_a_class(address: str, expected: str | None) -> None:
    found = added(many(client_ip=address), Enrichment(ip_class=True))[0]
    assert found.get("client.address.class") == expected


def test_tags_come_from_rules_and_are_joined() -> None:
    rules = (
        TagRule(tag="slow", fields=("message",), words=("took long", "a.b*c")),
        TagRule(tag="web", fields=("path", "team"), words=("/SHOP",)),
    )
    lines = [
        json.dumps({"message": "it Took Long", "path": "/shop/1"}),
        json.dumps({"message": "axbc", "team": "/shop"}),
        json.dumps({"message": "A.B*C"}),
        json.dumps({"message": "none"}),
    ]
    tags = [found.get("tags") for found in added(lines * 50, Enrichment(tags=rules))[:4]]
    assert tags == ["slow,web", "web", "slow", None]


def test_the_default_tags_know_the_usual_paths_and_services() -> None:
    lines = [
        json.dumps({"message": "m", "service": "auth", "path": "/api/v1/login"}),
        json.dumps({"message": "m", "service": "payment-gateway", "path": "/x"}),
        json.dumps({"message": "m", "service": "web", "path": "/healthz"}),
    ]
    found = added(lines * 50, Enrichment(tags=DEFAULT_TAGS))
    assert [each.get("tags") for each in found[:3]] == ["api,auth", "payment", "health"]


def test_tables_add_their_columns_to_the_records_that_have_the_key() -> None:
    table = read_table(
        "\ufeffhost,team,rack\nweb-1,shop,\nweb-2,pay,r7\n", name="hosts", field="host"
    )
    lines = [json.dumps({"message": "m", "host": f"web-{number % 3}"}) for number in range(90)]
    found = added(lines, Enrichment(tables=(table,)))
    assert found[0] == {}
    assert found[1] == {"hosts.team": "shop"}
    assert found[2] == {"hosts.team": "pay", "hosts.rack": "r7"}


@pytest.mark.parametrize("count", [1, 100], ids=["one by one", "as columns"])
def test_what_the_sender_says_wins(count: int) -> None:
    line = many(user_agent=CHROME, **{"user_agent.name": "mine"})
    found = added(line[:count], Enrichment())[0]
    assert (found["user_agent.name"], found["user_agent.os.name"]) == ("mine", "Windows")


def test_what_is_added_is_made_of_redacted_text() -> None:
    found = added(
        [access("/?password=hunter2&x=1", client="8.8.8.8")] * 3,
        Enrichment(ip_class=True),
        "password",
        "ip",
    )[0]
    assert found["url.query"] == "password=[redacted:password]&x=1"
    assert (found["client_ip"], found["client.address.class"]) == ("[redacted:ip]", "public")


_VALUE = st.text(max_size=30) | st.sampled_from([CHROME, "/a/1?b", "fe80::1%x", "8.8.8.8", "://"])
_LINE = st.dictionaries(
    st.sampled_from(["user_agent", "path", "client_ip", "status", "host", "tags", "url.path"]),
    _VALUE,
    max_size=7,
).map(json.dumps)


@given(lines=st.lists(_LINE | st.text(max_size=40).filter(str.strip), min_size=1, max_size=30))
@settings(max_examples=60, deadline=None)
def test_no_input_raises_or_loses_a_line(lines: list[str]) -> None:
    table = read_table("k;v\n8.8.8.8;dns\n", name="t", field="client_ip")
    everything = Enrichment(urls="on", ip_class=True, tags=DEFAULT_TAGS, tables=(table,))
    whole = [" ".join(line.split("\n")) for line in lines]
    for found in added(whole, everything):
        assert all(isinstance(value, str) for value in found.values())
