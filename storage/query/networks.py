"""Networks of IPv4 as regular expressions of the addresses in them, the same for both engines."""

import re
from ipaddress import AddressValueError, IPv4Network, NetmaskValueError

from storage.query.errors import QUOTE_IT, QueryError

_NETWORK = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}/[0-9]{1,3}", re.ASCII)
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"


def network_pattern(text: str) -> str | None:
    """The pattern of the addresses in `10.0.0.0/8`; None where the text does not look like one.

    Bits behind the prefix do not count: `10.1.2.3/8` is the same network.

    Raises:
        QueryError: it looks like one, but there is no such network, as `10.0.0.0/33`.
    """
    if not _NETWORK.fullmatch(text):
        return None
    try:
        network = IPv4Network(text, strict=False)
    except (AddressValueError, NetmaskValueError) as error:
        raise QueryError(
            position=0,
            expected=f"a network like 10.0.0.0/8, found “{text}”",
            advice="Each of the four numbers goes up to 255, the one behind / up to 32. "
            + QUOTE_IT,
        ) from error
    octets = network.network_address.packed
    whole, rest = divmod(network.prefixlen, 8)
    parts = [str(octet) for octet in octets[:whole]]
    if rest:
        first = octets[whole]
        parts.append(f"(?:{'|'.join(map(str, range(first, first + (1 << (8 - rest)))))})")
    parts += [_OCTET] * (4 - len(parts))
    return "^" + r"\.".join(parts) + "$"
