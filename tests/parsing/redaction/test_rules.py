"""What the built-in rules find, what they leave alone, and that they find it once."""

import polars as pl
import pytest

from parsing.redaction import RULES, Redaction, UnusablePattern, built_in_rule, own_rule
from parsing.redaction.text import redact_text

SALT = b"salt of an app"
# Put together here, so that no scanner of this repository takes them for real ones.
JWT = ".".join(("eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiIxMjM0In0", "dBjftJeZ4CVPmB92K27uhb"))
GITHUB = "ghp" + "_" + "A1b2C3d4E5" * 4
STRIPE = "sk" + "_live_" + "4eC39HqLyjWDarjtT1"
SLACK = "xoxb" + "-123456789012-abcdefGHIJKL"
AWS = "AKIA" + "IOSFODNN7EXAMPLE"


def everything(action: str = "mask") -> Redaction:
    return Redaction(rules=tuple(built_in_rule(name, action) for name in RULES), salt=SALT)


def redacted(text: str, redaction: Redaction | None = None) -> str:
    clean, _ = redact_text(pl.Series([text]), redaction or everything())
    return str(clean[0])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("password=hunter2 ok", "password=[redacted:password] ok"),
        ('{"password":"hun\\"ter2","a":1}', '{"password":"[redacted:password]","a":1}'),
        (r"{\"password\":\"hunter2\"}", r"{\"password\":\"[redacted:password]\"}"),
        ("DB_PASSWORD: 'hunter2'", "DB_PASSWORD: '[redacted:password]'"),
        ("pAsSwOrD => hunter2", "pAsSwOrD => [redacted:password]"),
        ("mysqldump --password hunter2 db", "mysqldump --password [redacted:password] db"),
        ("postgres://bob:hu@nter2@db/x", "postgres://bob:[redacted:password]@db/x"),
        ("redis://:hunter2@cache:6379/0", "redis://:[redacted:password]@cache:6379/0"),
        ("GET /a?token=hunter2&x=1", "GET /a?token=[redacted:token]&x=1"),
        ("Authorization: Bearer hunter2hunter2", "Authorization: Bearer [redacted:token]"),
        ('"authorization": "Basic aHVudGVyMg=="', '"authorization": "Basic [redacted:token]"'),
        ("sent bearer abc123def456 along", "sent bearer [redacted:token] along"),
        ("Set-Cookie: sid=hunter2; Path=/", "Set-Cookie: [redacted:token]"),
        ('api_key = "a b c", next', 'api_key = "[redacted:token]", next'),
        ("clientSecret:hunter2", "clientSecret:[redacted:token]"),
        (f"jwt {JWT} end", "jwt [redacted:token] end"),
        (f"{GITHUB},{STRIPE};{SLACK} {AWS}", ",;".join(["[redacted:token]"] * 2)),
        ("mail ann@example.com, now", "mail [redacted:email], now"),
        ("jürgen@bücher.example", "[redacted:email]"),
        ("4111111111111111 and 4111 1111 1111 1111.", "[redacted:card] and [redacted:card]."),
        ("amex 3782-822463-10005", "amex [redacted:card]"),
        ("IBAN DE89 3704 0044 0532 0130 00 EUR", "IBAN [redacted:iban] EUR"),
        ("from 10.0.0.1:8080", "from [redacted:ip]:8080"),
        ("fe80::1%eth0 up, ::1 too", "[redacted:ip] up, [redacted:ip] too"),
    ],
    ids=lambda value: value[:24],
)
def test_secrets_are_found(text: str, expected: str) -> None:
    clean = redacted(text)
    if text.startswith("ghp"):
        assert clean == "[redacted:token],[redacted:token];[redacted:token] [redacted:token]"
    else:
        assert clean == expected
    assert redacted(clean) == clean


@pytest.mark.parametrize(
    "text",
    [
        "/etc/passwd: permission denied",
        "sudo: bob : TTY=pts/0 ; PWD=/srv/shop ; USER=root",
        "total_tokens: 512 max_tokens=5",
        "Invalid token: expired",
        "the bearer of bad news",
        "id 550e8400-e29b-41d4-a716-446655440000",
        "trace 4bf92f3577b34da6a3ce929d0e0e4736",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-4111111111111111-01",
        "f4111111111111111a",
        "took 0.4111111111111111 s",
        "4111111111111112 does not pass Luhn's check",
        "0000000000000000",
        "at 1732272000123456789 ns",
        "４１１１１１１１１１１１１１１１ in full width",
        "DE89370400440532013001 has a wrong checksum",
        "at 10:00:15 on 2026-11-22T10:00:15",
        "version 10.15.7 (x64)",
        "user@localhost said @everyone",
        "password",
        "password=",
        "[redacted:password] [redacted:email:0123456789abcdef]",
    ],
)
def test_what_only_looks_like_a_secret_stays(text: str) -> None:
    assert redacted(text) == text


def test_the_hash_of_a_secret_is_the_same_for_one_app_and_another_for_the_next() -> None:
    rule = built_in_rule("email", "hash")
    one = redacted("ann@example.com", Redaction(rules=(rule,), salt=b"one"))
    same = redacted("to ann@example.com", Redaction(rules=(rule,), salt=b"one"))
    other = redacted("ann@example.com", Redaction(rules=(rule,), salt=b"two"))
    assert one.startswith("[redacted:email:")
    assert len(one) == len("[redacted:email:") + 17
    assert same == f"to {one}"
    assert other != one
    assert redacted(one, Redaction(rules=(rule,), salt=b"one")) == one


def test_drop_leaves_nothing_of_a_text() -> None:
    rules = (built_in_rule("card", "drop"),)
    assert redacted("ann paid by 4111111111111111", Redaction(rules=rules)) == "[redacted:card]"


def test_a_whole_private_key_goes() -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----"
    assert redacted(f"read {key} from disk") == "read [redacted:private_key] from disk"
    assert redacted("cut off: -----BEGIN PRIVATE KEY-----\nMIIEow") == (
        "cut off: [redacted:private_key]"
    )


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("(", "unclosed group"),
        ("a(?=b)", "look-around"),
        (r"(a)\1", "backreferences"),
        (".*", "empty text"),
        ("x?", "empty text"),
        (r"\b", "empty text"),
        ("a" * 501, "longer than"),
        ("(?P<_s>a)", "begin with _"),
    ],
)
def test_patterns_that_cannot_work_are_refused_with_the_reason(pattern: str, problem: str) -> None:
    with pytest.raises(UnusablePattern, match=problem):
        own_rule("own", pattern, "mask")


@pytest.mark.parametrize("pattern", [".", ".+", "[a-z]", r"(\d)(\d)", "^.", "x|y", "(?s).+", "]"])
def test_own_patterns_however_greedy_redact_once(pattern: str) -> None:
    redaction = Redaction(rules=(own_rule("own", pattern, "mask"),))
    once = redacted("abc 123 [x]", redaction)
    assert redacted(once, redaction) == once
    assert len(once) < 250


def test_own_patterns_find_what_has_no_needle() -> None:
    redaction = Redaction(
        rules=(built_in_rule("password", "mask"), own_rule("order", r"ORD-\d+", "hash"))
    )
    assert redacted("ORD-77 shipped", redaction).startswith("[redacted:order:")
