"""Every sample of every format is a test; so is what a wrong format file is told."""

from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from parsing import Format, Sample, format_names, log_formats
from parsing.loader import FormatError, load_format
from tests.parsing.ways import ARRIVAL, parse_all, records

_SAMPLES = [
    pytest.param(name, sample, id=f"{name}-{number}")
    for name, log_format in log_formats().items()
    for number, sample in enumerate(log_format.samples, start=1)
]


def _value(row: dict[str, object], key: str) -> object:
    attributes = row["attributes"]
    assert isinstance(attributes, dict)
    return row[key] if key in row else attributes.get(key)


@pytest.mark.parametrize(("name", "sample"), _SAMPLES)
def test_samples_are_read_as_their_format_says(name: str, sample: Sample) -> None:
    """Accepted samples give the expected values; refused ones are not of the format."""
    parsed = parse_all([sample.line], formats=(name,))
    if sample.expect is None:
        assert len(parsed.rejected) == 1
        return
    row = records([sample.line], formats=(name,))[0]
    for key, expected in sample.expect.items():
        if key == "timestamp":
            expected = datetime.fromisoformat(str(expected))
            assert row[key] == expected
        else:
            found = _value(row, key)
            assert (found if isinstance(found, int) else str(found)) == (
                expected if isinstance(found, int) else str(expected)
            )


@pytest.mark.parametrize(("name", "sample"), _SAMPLES)
def test_accepted_samples_are_detected_as_their_format(name: str, sample: Sample) -> None:
    """Among all formats, a sample is found to be of its own."""
    if sample.expect is not None and not log_formats()[name].is_chosen_only:
        assert records([sample.line])[0]["format"] == name


def test_plain_text_comes_last_and_takes_all() -> None:
    """Formats are ranked by how specific they are; names are those of the files."""
    ranked = [log_format.specificity for log_format in log_formats().values()]
    assert ranked == sorted(ranked, reverse=True)
    assert [*log_formats()][-1] == "text"
    assert sorted(log_formats()) == [*format_names()]


def test_a_date_that_does_not_exist_is_noted() -> None:
    """The record keeps its arrival as time, and what was written."""
    row = records(['::1 - - [31/Feb/2026:06:43:36 +0000] "GET / HTTP/1.1" 200 12'])[0]
    assert row["timestamp"] == ARRIVAL
    assert row["attributes"]["_time_error"] == "31/Feb/2026:06:43:36 +0000"


def test_the_format_of_the_guide_loads(tmp_path: Path) -> None:
    """The example in docs/formats-guide.md is a format that works."""
    guide = (Path(__file__).parents[2] / "docs" / "formats-guide.md").read_text("utf-8")
    file = tmp_path / "acme.toml"
    file.write_text(guide.split("```toml\n")[1].split("```")[0], "utf-8")
    acme = load_format(file)
    (matched,) = acme.parse(pl.Series([sample.line for sample in acme.samples])).matched
    assert matched.rows.to_list() == [0]
    assert {each.name: each[0] for each in matched.attributes} == {
        "request": None,
        "status": "404",
        "method": "GET",
        "path": "/a",
    }
    assert matched.values["severity"].to_list() == [13]


_GOOD = """
title = "letters"
[[pattern]]
name = "ab"
regex = '^(?P<left>a+) (?P<right>b+)$'
[[sample]]
line = "aa bb"
expect = { left = "aa" }
[[sample]]
line = "b"
expect = "reject"
"""


def _load(folder: Path, text: str) -> Format:
    file = folder / "letters.toml"
    file.write_text(text, "utf-8")
    return load_format(file)


def test_a_good_file_loads(tmp_path: Path) -> None:
    """Its groups become its fields, and their number how specific it is."""
    log_format = _load(tmp_path, _GOOD)
    assert [field.name for field in log_format.fields] == ["left", "right"]
    assert log_format.specificity == 20


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('title = "letters"', "", "needs a title"),
        ('title = "letters"', "title = ", "not readable as TOML"),
        ('title = "letters"', 'title = "x"\ncolour = 1', "unknown key colour"),
        ("(?P<left>a+)", "(?P<left>a+", r"\[\[pattern\]\] ab: the regex does not compile"),
        ("(?P<left>a+)", "(?P<left>a+)(?=x)", r"\[\[pattern\]\] ab: the regex does not compile"),
        ("(?P<left>a+) (?P<right>b+)", "a+", "names no group"),
        ("?P<left>", "?P<_app>", "a group cannot be named _app"),
        ("?P<left>", "?P<severity>", "a group cannot be named severity"),
        ('expect = "reject"', 'expect = { left = "b" }', "sample.* that is refused"),
        ('expect = { left = "aa" }', 'expect = "reject"', "sample.* that is accepted"),
        ('expect = "reject"', 'expect = "no"', r"\[\[sample\]\] 2: expect"),
        ("[[sample]]\nline", "[fields]\nnone = {}\n[[sample]]\nline", "no pattern has a group"),
    ],
)
def test_a_wrong_file_says_where(tmp_path: Path, old: str, new: str, problem: str) -> None:
    """The error names the file and the place in it."""
    with pytest.raises(FormatError, match=problem) as caught:
        _load(tmp_path, _GOOD.replace(old, new, 1))
    assert "letters.toml" in str(caught.value)


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("left = { type = 'colour' }", "unknown type 'colour'"),
        ("left = { size = 1 }", "unknown key size"),
        ("left = { severity = 'mood' }", "unknown severity rule 'mood'"),
        ("left = 'text'", "must be a table"),
    ],
)
def test_a_wrong_field_says_where(tmp_path: Path, entry: str, problem: str) -> None:
    """Fields are checked as patterns are."""
    with pytest.raises(FormatError, match=r"\[fields\] left: " + problem):
        _load(tmp_path, f"{_GOOD}\n[fields]\n{entry}\n")
