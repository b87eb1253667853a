"""What people paste: each text makes a request that our endpoint takes, as its shipper would."""

import gzip
import json
from dataclasses import replace
from typing import Any

import pytest
import yaml
from django.test import Client, RequestFactory

from dashboard.shippers import KEY_PLACE, SHIPPERS, snippets
from ingestion import drain
from storage import facade as storage
from tests.factories import make_tenant

pytestmark = pytest.mark.django_db

ACCESS = '10.0.0.7 - - [11/Feb/2026:06:43:36 +0000] "GET /a HTTP/1.1" 404 577 "-" "curl/8"'
JOURNAL = {
    "__REALTIME_TIMESTAMP": 1770792216125,
    "PRIORITY": "3",
    "MESSAGE": "failed",
    "_HOSTNAME": "web-1",
    "SYSLOG_IDENTIFIER": "sshd",
}
POD = {
    "timestamp": "2026-02-11T06:43:36.125Z",
    "stream": "stderr",
    "log": "connection refused",
    "kubernetes": {"pod_name": "shop-1", "container_name": "shop"},
}
TAILED = {"timestamp": "2026-02-11T06:43:36.125Z", "log": "started"}
DOCKER = {"timestamp": "2026-02-11T06:43:36Z", "message": "up", "service": "shop", "host": "h"}


@pytest.fixture(autouse=True)
def _any_host_and_one_shard(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    settings.ENV = replace(settings.ENV, ingest_shards=1)


def texts(host: str = "localhost:8000", *, is_secure: bool = False) -> dict[str, str]:
    request = RequestFactory().get("/sources", headers={"Host": host}, secure=is_secure)
    return {str(each["name"]): str(each["text"]) for each in snippets(request)}


def outputs(text: str) -> dict[str, str]:
    """The [OUTPUT] section of a classic Fluent Bit configuration; keys in small letters."""
    lines = text.split("[OUTPUT]")[1].strip().splitlines()
    return {key.lower(): value for key, value in (line.split(None, 1) for line in lines)}


def test_each_has_the_address_and_a_place_for_the_key() -> None:
    for name, text in texts("logs.example:8443", is_secure=True).items():
        assert "logs.example" in text, name
        assert "8443" in text, name
        assert KEY_PLACE in text, name
        assert "{{" not in text, name
        assert "&" not in text.replace("&&", ""), name


@pytest.mark.parametrize(
    ("host", "is_secure", "port", "tls"),
    [
        ("localhost:8000", False, "8000", "off"),
        ("localhost", True, "443", "on"),
        ("localhost", False, "80", "off"),
        ("[::1]:8000", False, "8000", "off"),
    ],
)
def test_fluent_bit_gets_host_and_port_apart(
    host: str, is_secure: bool, port: str, tls: str
) -> None:
    out = outputs(texts(host, is_secure=is_secure)["fluent_bit"])
    assert (out["port"], out["tls"], out["uri"]) == (port, tls, "/api/v1/ingest")
    assert ":" not in out["host"].replace("::1", "")


@pytest.mark.usefixtures("clickhouse")
@pytest.mark.parametrize(
    ("name", "sent", "expected"),
    [
        ("systemd", JOURNAL, {"level": "ERROR", "service": "sshd", "message": "failed"}),
        ("kubernetes", POD, {"message": "connection refused"}),
        ("fluent_bit", TAILED, {"message": "started"}),
    ],
)
def test_what_fluent_bit_sends_is_read(
    valkey: Any, name: str, sent: dict[str, Any], expected: dict[str, str]
) -> None:
    text = texts()[name]
    if name == "kubernetes":
        text = yaml.safe_load(text)["config"]["outputs"]
    out = outputs(text)
    assert (out["name"], out["format"], out["compress"]) == ("http", "json_lines", "gzip")
    assert out["json_date_key"] in sent
    header, value = out["header"].split(" ", 1)
    record = post(out["uri"], header, value, json.dumps(sent) + "\n")
    assert {key: record[key] for key in expected} == expected
    assert record["timestamp"].startswith("2026-02-11T06:43:36")


@pytest.mark.usefixtures("clickhouse")
@pytest.mark.parametrize(
    ("name", "sent", "expected"),
    [
        ("nginx", ACCESS, {"level": "WARN"}),
        ("vector", ACCESS, {"level": "WARN"}),
        ("docker", json.dumps(DOCKER), {"service": "shop", "message": "up", "host": "h"}),
    ],
)
def test_what_vector_sends_is_read(
    valkey: Any, name: str, sent: str, expected: dict[str, str]
) -> None:
    made = yaml.safe_load(texts()[name])
    sink = made["sinks"]["logplatform"]
    assert sink["inputs"][0] in {**made["sources"], **made.get("transforms", {})}
    assert (sink["type"], sink["compression"]) == ("http", "gzip")
    assert sink["framing"] == {"method": "newline_delimited"}
    assert sink["encoding"]["codec"] == ("json" if sent.startswith("{") else "text")
    assert sink["auth"]["strategy"] == "bearer"
    path = sink["uri"].removeprefix("http://localhost:8000")
    record = post(path, "Authorization", f"Bearer {sink['auth']['token']}", sent)
    assert {key: record[key] for key in expected} == expected


def post(path: str, header: str, value: str, body: str) -> dict[str, Any]:
    """Send a compressed body and store it; the one record there is then."""
    tenant = make_tenant("alpha")
    answer = Client().post(
        path,
        gzip.compress(body.encode()),
        # What both shippers name lines of JSON, and Vector lines of text.
        content_type="application/x-ndjson" if body.startswith("{") else "text/plain",
        headers={header: value.replace(KEY_PLACE, tenant.ingest_key), "Content-Encoding": "gzip"},
    )
    assert answer.status_code == 202, answer.content
    drain.drain_shard(0, idle_s=0.05)
    query = storage.LogQuery(apps=("alpha",), start=storage.read_moment("2026-02-01T00:00:00Z"))
    [record] = storage.search_logs(query, limit=10).records
    return dict(record)


def test_every_text_belongs_to_a_shipper() -> None:
    from pathlib import Path

    files = {path.stem for path in Path("templates/dashboard/send").glob("*.txt")}
    assert files == {shipper.name for shipper in SHIPPERS}
