"""Dialects of JSON: told by their keys, alone and among many, without a word for plain JSON."""

import pytest

from parsing.dialects import dialect_of, dialects
from tests.parsing.ways import FILLER, records

_GELF = '{"version":"1.1","host":"h","short_message":"m","level":3,"_k":1,"nested":{"a":2}}'


@pytest.mark.parametrize("around", [0, 3], ids=["one by one", "as columns"])
def test_lines_of_several_dialects_keep_their_own_fields(around: int) -> None:
    """Rows that share a batch do not share attributes."""
    mix = [_GELF, '{"log":"x\\n","stream":"stdout","time":"2026-02-11T06:43:36Z"}', '{"a": 1}']
    filler = FILLER * around
    rows = records([*filler, *mix, *filler])[len(filler) : len(filler) + 3]
    assert [row["format"] for row in rows] == ["gelf", "docker_json", "json"]
    assert rows[0]["attributes"] == {"version": "1.1", "_k": "1", "nested.a": "2"}
    assert (rows[0]["severity"], rows[0]["host"], rows[0]["message"]) == (17, "h", "m")
    assert (rows[1]["message"], rows[1]["attributes"]) == ("x", {"stream": "stdout"})
    assert rows[2]["attributes"] == {"a": "1"}


def test_a_pinned_dialect_refuses_other_json() -> None:
    """As any pinned format does."""
    assert records([_GELF], formats=("gelf",))[0]["format"] == "gelf"
    assert records(['{"a": 1}'], formats=("gelf", "text"))[0]["format"] == "text"


def test_the_one_with_more_keys_is_asked_first() -> None:
    """It says more about the line."""
    counts = [len(dialect.keys) for dialect in dialects()]
    assert counts == sorted(counts, reverse=True)


@pytest.mark.parametrize(
    "raw",
    [{}, {"keys": ["a"], "names": {"colour": "a"}}, {"keys": ["a"], "levels": {"x": "mood"}}],
)
def test_a_wrong_dialect_is_refused(raw: dict[str, object]) -> None:
    """Keys are needed, columns and levels must exist."""
    with pytest.raises(ValueError, match="unknown|needs keys"):
        dialect_of("x", raw)
