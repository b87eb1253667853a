"""The judge sees every way to break a promise: else a soak proves nothing."""

import pytest

from tests.soak.judge import Stored, Verdict, judge
from tests.soak.oracle import Oracle

LINES = 10


@pytest.fixture
def oracle() -> Oracle:
    """Two bodies with a promise, one without."""
    oracle = Oracle(run="r", lines=LINES)
    for receipt in ("one", "two", ""):
        oracle.issue(is_keyed=True).receipt = receipt
    return oracle


def found(**changes: Stored) -> dict[int, Stored]:
    whole = {0: Stored(rows=10, seqs=10, damaged=0), 1: Stored(rows=10, seqs=10, damaged=0)}
    return whole | {int(number[1:]): stored for number, stored in changes.items()}


def receipt(name: str, **changes: int) -> dict[str, object]:
    whole = {"times": 1, "received": 10, "stored": 10, "duplicate": 0, "quarantined": 0}
    return {"receipt": name, **whole, **changes}


RECEIPTS = [receipt("one"), receipt("two")]


def test_kept_promises_are_good(oracle: Oracle) -> None:
    verdict = judge(oracle, found(), RECEIPTS)
    assert verdict.is_good
    assert (verdict.acked, verdict.unknown, verdict.stored) == (20, 10, 20)


@pytest.mark.parametrize(
    ("fault", "amount", "changes"),
    [
        ("lost", 3, {"b1": Stored(rows=7, seqs=7, damaged=0)}),
        ("doubled", 1, {"b0": Stored(rows=11, seqs=10, damaged=0)}),
        ("damaged", 2, {"b0": Stored(rows=10, seqs=10, damaged=2)}),
        ("invented", 5, {"b9": Stored(rows=5, seqs=5, damaged=0)}),
        ("torn", 1, {"b2": Stored(rows=4, seqs=4, damaged=0)}),
    ],
)
def test_each_fault_has_a_number(
    oracle: Oracle, fault: str, amount: int, changes: dict[str, Stored]
) -> None:
    verdict = judge(oracle, found(**changes), RECEIPTS)
    assert getattr(verdict, fault) == amount
    assert not verdict.is_good


def test_a_body_without_a_promise_may_be_stored_whole(oracle: Oracle) -> None:
    extra = {"b2": Stored(rows=10, seqs=10, damaged=0)}
    assert judge(oracle, found(**extra), [*RECEIPTS, receipt("three")]).is_good


@pytest.mark.parametrize(
    "receipts",
    [
        [receipt("one")],
        [receipt("one"), receipt("two", times=2)],
        [receipt("one"), receipt("two", stored=9)],
        [receipt("one"), receipt("two", received=9, stored=9)],
    ],
    ids=["missing", "twice", "not all lines", "another body's"],
)
def test_a_receipt_that_does_not_add_up_is_wrong(oracle: Oracle, receipts: list) -> None:
    verdict: Verdict = judge(oracle, found(), receipts)
    assert verdict.receipts_wrong == 1
    assert not verdict.is_good
