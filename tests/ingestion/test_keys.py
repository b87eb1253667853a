"""The format of API keys."""

import random
import string

import pytest

from ingestion.keys import make_key, parse_key


def test_a_key_survives_the_round_trip() -> None:
    key = make_key()
    assert parse_key(key.plaintext) == key


def test_keys_match_only_their_own_hash() -> None:
    first, second = make_key(), make_key()
    assert first.matches(first.secret_hash)
    assert not first.matches(second.secret_hash)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[:-1] + ("0" if text[-1] != "0" else "1"),
        lambda text: text.replace("lgs_", "lgs-"),
        lambda text: text + "0",
        lambda text: text[:20] + ("a" if text[20] != "a" else "b") + text[21:],
        lambda text: "",
        lambda text: "lgs_" + "é" * 60,
    ],
    ids=["checksum", "prefix", "longer", "one letter", "empty", "not ascii"],
)
def test_garbage_is_refused_by_its_checksum_alone(change) -> None:
    assert parse_key(change(make_key().plaintext)) is None


def test_no_key_is_guessed_by_chance() -> None:
    """The checksum lets none of these come as far as the database."""
    signs = string.ascii_letters + string.digits
    guesses = ("".join(random.choices(signs, k=59)) for _ in range(50_000))
    assert not any(parse_key(f"lgs_{guess[:10]}_{guess[10:]}") for guess in guesses)
