"""TSV and the separators of CSV."""

from tests.parsing.formats.tables.reading import parse


def test_semicolons_and_tabs_separate_too() -> None:
    assert parse("csv", "level;message", "ERROR;a,b").frame["message"].to_list() == ["a,b"]
    assert parse("tsv", "level\tmessage", "ERROR\ta,b").frame["severity"].to_list() == [17]
