"""Code shown in the docs works."""

import importlib.util
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ingestion.far_side import FarSide, far_side

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"


@pytest.fixture
def far() -> Iterator[FarSide]:
    with far_side() as state:
        yield state


@pytest.fixture
def logger(far: FarSide) -> Iterator[logging.Logger]:
    """A logger with the handler of the docs."""
    spec = importlib.util.spec_from_file_location("example", EXAMPLES / "logplatform_handler.py")
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    handler = example.LogplatformHandler(far.url, far.key, service="shop")
    logger = logging.Logger("shop.cart")
    logger.addHandler(handler)
    yield logger
    handler.close()


def sent(far: FarSide) -> list[dict[str, Any]]:
    return [json.loads(line) for line in far.lines]


def test_the_logging_handler_sends_records_with_fields_and_tracebacks(far, logger) -> None:
    logger.warning("cart of %s is empty", "ann", extra={"user_id": 7})
    try:
        {}["currency"]
    except KeyError:
        logger.exception("no currency")
    logger.handlers[0].flush()
    first, second = sent(far)
    assert first["message"] == "cart of ann is empty"
    assert (first["level"], first["logger"], first["service"]) == ("WARNING", "shop.cart", "shop")
    assert first["user_id"] == 7
    assert "KeyError: 'currency'" in second["exception"]


def test_the_logging_handler_sends_again_what_was_not_taken_and_stores_it_once(far, logger) -> None:
    far.answers = [(503, {}), "cut"]
    logger.info("one")
    logger.handlers[0].flush()
    assert [line["message"] for line in sent(far)] == ["one"]
    assert len(far.requests) == 3


def test_the_logging_handler_batches(far, logger) -> None:
    for number in range(5000):
        logger.info("line %d", number)
    logger.handlers[0].flush()
    assert [line["message"] for line in sent(far)] == [f"line {n}" for n in range(5000)]
    assert len(far.requests) < 500
