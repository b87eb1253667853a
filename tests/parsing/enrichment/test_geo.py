"""Places and networks out of real MaxMind-format files, also damaged and exchanged ones."""

import os
import struct
from pathlib import Path
from typing import Any

import pytest

from parsing.enrichment import geo
from parsing.enrichment.geo import GeoFiles

CITY = {"country": {"iso_code": "DE"}, "city": {"names": {"en": "Berlin", "de": "Berlin"}}}
NETWORK = {"autonomous_system_number": 64500, "autonomous_system_organization": "Example"}


def _value(value: Any) -> bytes:
    """A value in the data section. Source: MaxMind DB file format 2.0."""
    if isinstance(value, dict):
        inner = b"".join(_value(key) + _value(item) for key, item in value.items())
        return bytes([7 << 5 | len(value)]) + inner
    if isinstance(value, str):
        raw = value.encode()
        head = bytes([2 << 5 | len(raw)]) if len(raw) < 29 else bytes([2 << 5 | 29, len(raw) - 29])
        return head + raw
    if isinstance(value, list):
        return bytes([len(value), 4]) + b"".join(map(_value, value))
    return bytes([6 << 5 | 4]) + int(value).to_bytes(4, "big")


def _uint16(value: int) -> bytes:
    return bytes([5 << 5 | 2]) + value.to_bytes(2, "big")


def database(data: dict[str, Any]) -> bytes:
    """A file of IPv4 in which 0.0.0.0/1 has `data` and the rest nothing."""
    nodes = 1
    tree = (nodes + 16).to_bytes(3, "big") + nodes.to_bytes(3, "big")
    short = {
        "record_size": 24,
        "ip_version": 4,
        "binary_format_major_version": 2,
        "binary_format_minor_version": 0,
    }
    metadata = bytes([7 << 5 | 9]) + b"".join(_value(k) + _uint16(v) for k, v in short.items())
    for name, value in (("node_count", nodes), ("database_type", "Test"), ("languages", ["en"])):
        metadata += _value(name) + _value(value)
    metadata += _value("description") + _value({"en": "Test"})
    metadata += _value("build_epoch") + bytes([1, 2, 1])
    return tree + bytes(16) + _value(data) + b"\xab\xcd\xefMaxMind.com" + metadata


@pytest.fixture(autouse=True)
def _look_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geo, "LOOK_S", 0.0)


@pytest.fixture
def city(tmp_path: Path) -> Path:
    path = tmp_path / "city.mmdb"
    path.write_bytes(database(CITY))
    return path


def test_two_files_tell_place_and_network(city: Path, tmp_path: Path) -> None:
    network = tmp_path / "asn.mmdb"
    network.write_bytes(database(NETWORK))
    files = GeoFiles((city, network))
    assert files.find(["8.8.8.8", "200.1.1.1", "rubbish", "fe80::1%eth0"]) == [
        ("DE", None, None, None),
        ("Berlin", None, None, None),
        ("64500", None, None, None),
        ("Example", None, None, None),
    ]
    assert files.problems() == []


@pytest.mark.parametrize(
    "data",
    [{"country": "FR", "city": "Paris", "asn": "AS64500", "as_name": "Flat"}],
)
def test_flat_files_are_read_too(tmp_path: Path, data: dict[str, Any]) -> None:
    path = tmp_path / "flat.mmdb"
    path.write_bytes(database(data))
    assert [column[0] for column in GeoFiles((path,)).find(["8.8.8.8"])] == [
        "FR",
        "Paris",
        "64500",
        "Flat",
    ]


@pytest.mark.parametrize(
    "data", [{}, {"country": {}}, {"country": {"iso_code": {}}, "city": {"names": "x"}}]
)
def test_odd_entries_tell_nothing(tmp_path: Path, data: dict[str, Any]) -> None:
    path = tmp_path / "odd.mmdb"
    path.write_bytes(database(data))
    assert GeoFiles((path,)).find(["8.8.8.8"]) == [(None,)] * 4


@pytest.mark.parametrize("damage", ["missing", "empty", "text", "cut", "folder", "pointer"])
def test_a_file_that_cannot_be_used_is_reported_and_costs_nothing_else(
    tmp_path: Path, city: Path, damage: str
) -> None:
    path = tmp_path / "bad.mmdb"
    whole = database(NETWORK)
    if damage == "folder":
        path.mkdir()
    elif damage != "missing":
        content = {
            "empty": b"",
            "text": b"no database" * 100,
            "cut": whole[:-20],
            "pointer": struct.pack(">I", 0xFFFFFF)[1:] + whole[3:],
        }[damage]
        path.write_bytes(content)
    files = GeoFiles((path, city))
    assert files.find(["8.8.8.8"])[0] == ("DE",)
    assert len(files.problems()) == (0 if damage == "pointer" else 1)


def test_a_file_is_opened_again_when_it_changes(city: Path) -> None:
    files = GeoFiles((city,))
    assert files.find(["8.8.8.8"])[0] == ("DE",)
    city.write_bytes(database({"country": {"iso_code": "FR"}}))
    assert files.find(["8.8.8.8"])[0] == ("FR",)
    new = city.with_suffix(".new")
    new.write_bytes(database({"country": {"iso_code": "IT"}}))
    os.replace(new, city)
    assert files.find(["8.8.8.8"])[0] == ("IT",)
    city.unlink()
    assert files.find(["8.8.8.8"])[0] == (None,)


def test_no_file_no_answer() -> None:
    assert GeoFiles(()).find(["8.8.8.8"]) == [(None,)] * 4
