"""Redaction of whole records: every field, every form of a line, nothing lost, nothing left."""

import json
from collections.abc import Sequence

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parsing import Hint, parse_joined, parse_lines
from parsing.contracts import RECORD_SCHEMA, Parsed
from parsing.enrichment import Enrichment
from parsing.redaction import RULES, Redaction, built_in_rule, own_rule
from parsing.redaction.text import redact_text
from parsing.treatment import Treatment

SECRET = "hunter2hunter2"
CARD, MAIL, IBAN = "4111111111111111", "ann@example.com", "DE89370400440532013000"


def treatment(action: str = "mask", *names: str) -> Treatment:
    rules = tuple(built_in_rule(name, action) for name in names or RULES)
    return Treatment(redaction=Redaction(rules=rules, salt=b"x"), enrichment=Enrichment())


def parsed(lines: Sequence[str | bytes], how: Treatment | None = None, **hint: object) -> Parsed:
    arrived = pl.Series([1_763_800_000_000] * len(lines), dtype=pl.Datetime("ms", "UTC"))
    raw = [line.encode() if isinstance(line, str) else line for line in lines]
    series = pl.Series(raw, dtype=pl.Binary)
    return parse_lines(series, received_at=arrived, hint=Hint(**hint), treatment=how or treatment())


def attributes(found: Parsed, row: int = 0) -> dict[str, str]:
    return {pair["key"]: pair["value"] for pair in found.frame["attributes"][row]}


def everything(found: Parsed) -> str:
    """All that would be stored, as text."""
    rejected = [raw.decode("utf-8", "replace") for raw in found.rejected["raw"]]
    reasons = found.rejected["reason"].to_list()
    return json.dumps([found.frame.to_dicts(), rejected, reasons], default=str)


def test_message_attributes_and_the_note_of_a_record() -> None:
    line = {"message": f"mail {MAIL}", "user": {"password": "x", "mail": MAIL}, "n": 7}
    found = parsed([json.dumps(line)])
    assert found.frame["message"][0] == "mail [redacted:email]"
    assert attributes(found) == {
        "user.password": "[redacted:password]",
        "user.mail": "[redacted:email]",
        "n": "7",
        "redacted": '["message", "user.mail", "user.password"]',
    }
    assert sorted(found.hits.rows()) == [
        (0, "message", "email"),
        (0, "user.mail", "email"),
        (0, "user.password", "password"),
    ]


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "DB_PASSWORD",
        "userPassword",
        "authorization",
        "http.request.header.authorization",
        "api_key",
        "x-api-key",
        "apiKey",
        "secret",
        "client_secret",
        "set-cookie",
        "Cookie",
        "accessToken",
        "private_key",
    ],
)
def test_attributes_with_a_telling_name_go_whole(name: str) -> None:
    found = parsed([json.dumps({"message": "m", name: SECRET})])
    assert SECRET not in everything(found)
    assert name in attributes(found)


@pytest.mark.parametrize("name", ["tokens", "sort_key", "author", "password_changed_at", "compass"])
def test_attributes_with_an_innocent_name_stay(name: str) -> None:
    assert attributes(parsed([json.dumps({"message": "m", name: "value"})])) == {name: "value"}


@pytest.mark.parametrize("value", ["true", "false", "null", "", "-"])
def test_a_flag_is_no_secret(value: str) -> None:
    assert "redacted" not in attributes(parsed([json.dumps({"message": "m", "password": value})]))


def test_drop_takes_the_attribute_and_keeps_the_record() -> None:
    line = {"message": f"paid by {CARD}", "card": CARD, "password": "x", "n": 1}
    found = parsed([json.dumps(line)], treatment("drop"))
    assert found.frame["message"][0] == "[redacted:card]"
    assert set(attributes(found)) == {"n", "redacted"}


def test_secrets_in_the_names_of_attributes_go_too() -> None:
    found = parsed([json.dumps({"message": "m", MAIL: 1, "bob@example.com": 2})])
    assert attributes(found) == {
        "[redacted:email]": "1",
        "[redacted:email].2": "2",
        "redacted": '["[redacted:email]", "[redacted:email].2"]',
    }


@pytest.mark.parametrize(
    "line",
    [
        f'{{"message":"p\\u0061ssword={SECRET}"}}',
        f'{{"p\\u0061ssword":"{SECRET}"}}',
        f'{{"a":[{{"password":"{SECRET}"}}]}}',
        f'{{"a":{{"b":{{"c":"x:token={SECRET}"}}}}}}',
        f'{{"message":"{{\\"api_key\\":\\"{SECRET}\\"}}"}}',
        f'{{"api":{{"key":"{SECRET}"}}}}',
        f'1.2.3.4 - - [22/Nov/2026:10:00:00 +0000] "GET /?token={SECRET} HTTP/1.1" 200 1 "-" "x"',
        f"plain text with password: {SECRET}",
        f'{{"service":"token={SECRET}","host":"password={SECRET}","trace_id":"token={SECRET}"}}',
        f'{{"timestamp":"password={SECRET}","message":"m"}}',
    ],
)
def test_a_secret_is_found_in_whatever_form_it_comes(line: str) -> None:
    found = parsed([line])
    assert SECRET not in everything(found)
    assert "redacted" in attributes(found)


def test_lines_that_are_refused_are_redacted_with_their_reasons() -> None:
    lines = [f'{{"password":"{SECRET}', '{"fine": tru', f'{{"password=\\"{SECRET}":']
    found = parsed([*lines[:2], b'{"bad \xff": "token=' + SECRET.encode(), lines[2]], None)
    strict = parsed([*lines[:2], b'{"bad \xff": "token=' + SECRET.encode()], strict_json=True)
    assert SECRET not in everything(found) + everything(strict)
    assert strict.rejected["raw"][1] == b'{"fine": tru'
    assert len(strict.rejected) == 3


def test_bytes_that_hold_no_secret_stay_as_they_came() -> None:
    found = parsed([b"\xff\xfe broken", b'{"a":1}'], strict_json=True)
    assert found.rejected["raw"][0] == b"\xff\xfe broken"


def test_the_lines_of_a_private_key_go_one_by_one() -> None:
    body = ["MIIEowIBAAKCAQEA" + "x" * 48] * 3
    key = ["-----BEGIN RSA PRIVATE KEY-----", *body, "c2hvcnQ=", "-----END RSA PRIVATE KEY-----"]
    found = parsed(["before", *key, "after"])
    assert found.frame["message"].to_list() == [
        "before",
        *["[redacted:private_key]"] * 5,
        "-----END RSA PRIVATE KEY-----",
        "after",
    ]
    cut = parsed([key[0], *body, "an ordinary line"])
    assert cut.frame["message"].to_list()[-2:] == ["[redacted:private_key]", "an ordinary line"]


def test_lines_that_are_joined_to_another_are_redacted_with_it() -> None:
    lines = ["Traceback (most recent call last):", f"  connect(password='{SECRET}')", "E: no"]
    found = parse_joined(
        pl.Series(lines),
        streams=pl.Series([0, 0, 0]),
        received_at=pl.Series([0, 0, 0], dtype=pl.Datetime("ms", "UTC")),
        hint=Hint(multiline=True),
        treatment=treatment(),
    )
    assert len(found.joined) == 2
    assert "password='[redacted:password]'" in found.parsed.frame["message"][0]
    assert SECRET not in everything(found.parsed)


def test_ids_are_no_card_numbers() -> None:
    line = {"message": "m", "trace_id": CARD, "request_id": CARD, "card": CARD}
    found = parsed([json.dumps(line)])
    assert found.frame["trace_id"][0] == CARD
    assert attributes(found)["request_id"] == CARD
    assert attributes(found)["card"] == "[redacted:card]"


def test_a_source_may_switch_everything_off() -> None:
    off = Treatment(redaction=Redaction(rules=()), enrichment=Enrichment())
    found = parsed([json.dumps({"message": f"password={SECRET}"})], off)
    assert found.frame["message"][0] == f"password={SECRET}"
    assert found.hits.is_empty()


_PIECES = [
    *(f"password={SECRET}", f'"token":"{SECRET}"', f"https://u:{SECRET}@h/", f"Bearer {SECRET}"),
    *(CARD, MAIL, IBAN, "10.1.2.3", "fe80::1%eth0", "\\", '"', "'", "=", ":", "@", "\ufdd0"),
    *(
        "[redacted:password]",
        "[redacted:",
        "\u0660\u0661",
        "é",
        "\x00",
        "{",
        "}",
        " ",
        "&",
        "-----",
    ),
    *("-----BEGIN PRIVATE KEY-----", "token", "password", "\ufeff", "cookie: a=b", "x" * 40),
]
_TEXT = st.lists(st.sampled_from(_PIECES) | st.text(max_size=8), max_size=8).map("".join)
_JSON = st.dictionaries(_TEXT, _TEXT | st.lists(_TEXT, max_size=2), max_size=4).map(json.dumps)


@given(
    lines=st.lists(_TEXT | _JSON, min_size=1, max_size=6),
    action=st.sampled_from(["mask", "hash", "drop"]),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_input_raises_or_loses_a_line_and_redacting_twice_changes_nothing(
    lines: list[str], action: str
) -> None:
    rules = tuple(built_in_rule(name, action) for name in RULES)
    redaction = Redaction(rules=(*rules, own_rule("own", "[x-z]+", action)), salt=b"x")
    how = Treatment(redaction=redaction, enrichment=Enrichment())
    found = parsed(lines, how)
    assert len(found.frame) + len(found.rejected) == len(lines)
    assert found.frame.schema == RECORD_SCHEMA
    messages = found.frame["message"]
    assert redact_text(messages, redaction)[0].to_list() == messages.to_list()


_SECRETS = st.from_regex(r"[A-Za-z0-9]{6}[0-9]{6}Zq", fullmatch=True)
_CARRIERS = st.sampled_from(
    [
        "password={}", "Password: {}",
        '{{"password":"{}"}}', '{{"a":{{"apiKey":"{}"}}}}', "token={}",
        "Authorization: Bearer {}", "http://u:{}@host/p", "GET /x?secret={}&y=1",
        "--password {} -x",
        '{{"message":"set-cookie: sid={}; Path=/"}}', '{{"m":"{{\\"secret\\":\\"{}\\"}}"}}',
        "x\tpasswd='{}'", '{{"headers":["token: {}"]}}', "client_secret => {}", 'api-key="{}"',
    ]
)  # fmt: skip


@given(pairs=st.lists(st.tuples(_CARRIERS, _SECRETS), min_size=1, max_size=8), strict=st.booleans())
@settings(max_examples=80, deadline=None)
def test_no_secret_is_left_anywhere_in_what_would_be_stored(
    pairs: list[tuple[str, str]], strict: bool
) -> None:
    lines = [carrier.format(secret) for carrier, secret in pairs]
    found = parsed(lines, treatment("mask", "password", "token"), strict_json=strict)
    stored = everything(found)
    assert [secret for _, secret in pairs if secret in stored] == []
