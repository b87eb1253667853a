"""Tables people upload: read as they mean them, or refused with the line and the reason."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsing.enrichment import InvalidTable, read_table


def test_a_table_has_its_key_first() -> None:
    table = read_table(
        'id;name;note\n7;"a;b";\n\n8;c;"two\nlines"\n', name="users", field="user_id"
    )
    assert table.columns == ("name", "note")
    assert table.rows == {"7": 0, "8": 1}
    assert list(table.values) == [["a;b", "c"], [None, "two\nlines"]]


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("", 1, "header"),
        ("\ufeff", 1, "header"),
        ("only\n1\n", 1, "one more"),
        ("k,v\n", 2, "no row"),
        ("k,v\n1,2\n1,3\n", 3, "already"),
        ("k,v\n1,2\n\n1,2,3\n", 4, "3 cells"),
        ("k,v\n,2\n", 2, "empty"),
        ("k,v,v\n1,2,3\n", 1, "two columns"),
        ("k,a b\n1,2\n", 1, "a b"),
        ("k,v\n1,2\n2,\0\n", 3, "NUL"),
        ("k,v\n1," + "x" * 1001 + "\n", 2, "1000 characters"),
        ("k," + ",".join(f"c{n}" for n in range(20)) + "\n", 1, "20 columns"),
        ("k,v\n" + "x" * (2 << 20), 1, "2 MiB"),
        ("k,v\n" + "".join(f"{n},1\n" for n in range(50_001)), 50_002, "50000 rows"),
        ('k,v\n1,"open\n', 2, "CSV"),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_a_table_that_cannot_be_used_says_where_and_why(text: str, line: int, problem: str) -> None:
    with pytest.raises(InvalidTable, match=problem) as caught:
        read_table(text, name="t", field="f")
    assert caught.value.data["line"] == line


@given(text=st.text(alphabet='a,;"\t\n\r\0k\ufeff', max_size=60))
def test_no_text_raises_anything_else(text: str) -> None:
    with suppress(InvalidTable):
        read_table(text, name="t", field="f")
