"""What the edges of a body say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logplatform.kernel.trace_lines import edges_of


@pytest.mark.parametrize(
    ("body", "edges"),
    [
        (b"2026-11-01 10:00:00 INFO fine", ""),
        (b"2026-11-01 10:00:00 ERROR boom\n", "o"),
        (b"2026-11-01 10:00:00 INFO settings:\n", "o"),
        (b"E1101 10:00:00.1 7 x.go:1] boom", "o"),
        (b"  at a\n2026-11-01 INFO fine\n\n \n", "g"),
        (b"\n \n\tat a\r\n", "go"),
        (b"Caused by: x", "go"),
        (b"KeyError: 'card'\n2026-11-01 INFO fine", "g"),
        (b"goroutine 7 [running]:\nmain.main()", "go"),
        (b'{"level": "error",', ""),
        (b'10.0.0.7 - - [x] "GET /error HTTP/1.1" 500 1 "-" "x"', ""),
        (b"<11>Nov 29 10:00:00 web app[7]: error: boom", ""),
        (b"<11>1 2026-11-29T10:00:00Z web app 7 - - error: boom:", ""),
        (b"2026-11-29T10:00:00Z stderr F ERROR boom", ""),
        (b"2026-11-29T10:00:00Z stderr P ERROR boom", "o"),
        (b'time=2026-11-29T10:00:00Z level=error msg="it \\" broke" err=EOF', ""),
        (b'level=error msg="cut off in the middle', "o"),
        (b"a=1 b=2 error", "o"),
        (b"Nov 29 10:00:00 web app[7]: error: boom", "o"),
        (b"\n \t\r\n", ""),
        (b"", ""),
    ],
)
def test_the_lines_at_the_edges_decide(body: bytes, edges: str) -> None:
    assert edges_of(body) == edges


@given(st.binary(max_size=200))
def test_no_body_raises(body: bytes) -> None:
    assert set(edges_of(body)) <= {"g", "o"}
