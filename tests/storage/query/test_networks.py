"""Networks as patterns of their addresses."""

import re
from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.query.errors import QueryError
from storage.query.meaning import meaning_of
from storage.query.networks import network_pattern
from storage.query.parser import parse_query

ADDRESSES = st.integers(0, 2**32 - 1).map(IPv4Address)


@given(address=ADDRESSES, other=ADDRESSES, prefix=st.integers(0, 32))
def test_a_pattern_fits_the_addresses_of_its_network(
    address: IPv4Address, other: IPv4Address, prefix: int
) -> None:
    network = IPv4Network((address, prefix), strict=False)
    pattern = network_pattern(f"{address}/{prefix}")
    assert pattern is not None
    for one in (address, other, network.broadcast_address, network.network_address):
        assert bool(re.fullmatch(pattern, str(one))) == (one in network)
    for text in (f"{address}0000", f"x{address}", f"{address}.1", ""):
        assert not re.fullmatch(pattern, text)


@pytest.mark.parametrize("text", ["", "10.0.0.0", "10.0.0/8", "::/0", "/pay/8", "1/2"])
def test_what_is_no_network_has_none(text: str) -> None:
    assert network_pattern(text) is None


@pytest.mark.parametrize("text", ["10.0.0.0/33", "10.0.0.0/99", "256.0.0.0/8", "10.0.0.01/8"])
def test_what_looks_like_a_network_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(QueryError, match="a network like 10.0.0.0/8") as refused:
        meaning_of(parse_query(f"client_ip:{text}"))
    assert "quotes" in refused.value.advice
    assert meaning_of(parse_query(f'client_ip:"{text}"'))
