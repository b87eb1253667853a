"""Which of the texts that look like one is one: checksums, over distinct texts only."""

import re
from ipaddress import ip_address

_NUMBER = re.compile(
    r"[2-6][0-9]{13,18}|[2-6][0-9]{3}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{1,4}(?:\1[0-9]{1,3})?"
    r"|3[0-9]{3}([ -])[0-9]{6}\2[0-9]{4,5}"
)
# Issuers: Visa, Mastercard, American Express, Discover, JCB, Diners, UnionPay, Maestro.
_ISSUER = re.compile(r"4|5[0-9]|2[2-7]|3[0-9]|6")
_HEX_GROUP = re.compile(r"(?:^|[-_.])[0-9a-fA-F]{4,}-$")
_ODD = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
# ISO 13616 registry: country → length.
_IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22,
    "BI": 27, "BR": 29, "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27,
    "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18, "FK": 18, "FO": 18, "FR": 27,
    "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HN": 28, "HR": 21, "HU": 28,
    "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28,
    "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22,
    "MK": 19, "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NI": 28, "NL": 18, "NO": 15, "OM": 23,
    "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24,
    "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "SO": 23, "ST": 25, "SV": 28,
    "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20, "YE": 30,
}  # fmt: skip


def card_in(text: str) -> tuple[int, int] | None:
    """Where a card number stands in a run of letters, digits and dots.

    It must be of a known issuer and pass Luhn's check, and not be a part of a longer number, of a
    decimal or of a hexadecimal id. Source: ISO/IEC 7812-1.
    """
    for match in _NUMBER.finditer(text):
        before, after = text[: match.start()], text[match.end() :]
        digits = re.sub("[ -]", "", match[0])
        if _stands_alone(before, after) and _ISSUER.match(digits) and _passes_luhn(digits):
            return match.span()
    return None


def _stands_alone(before: str, after: str) -> bool:
    if before[-1:].isalnum() or after[:1].isalnum() or _HEX_GROUP.search(before):
        return False
    is_fraction = re.search(r"[0-9]\.$", before) or re.match(r"\.[0-9]", after)
    return not is_fraction and not re.match(r"-[0-9a-fA-F]{4,}", after)


def _passes_luhn(digits: str) -> bool:
    odd = sum(_ODD[int(digit)] for digit in digits[-2::-2])
    return (odd + sum(map(int, digits[::-2]))) % 10 == 0 and len(set(digits)) > 1


def iban_in(text: str) -> tuple[int, int] | None:
    """Where an IBAN stands: as long as its country says, remainder 1. Source: ISO 13616."""
    length = _IBAN_LENGTHS.get(text[:2], 0)
    end, left = 0, length
    while left and end < len(text):
        left -= text[end] != " "
        end += 1
    if left or not length or text[end : end + 1].isalnum():
        return None
    compact = text[:end].replace(" ", "")
    number = "".join(str(int(letter, 36)) for letter in compact[4:] + compact[:4])
    return (0, end) if int(number) % 97 == 1 else None


def address_in(text: str) -> tuple[int, int] | None:
    """Where an IP address stands; a zone (`%eth0`) belongs to it."""
    stripped = text.rstrip(".:")
    for end in (len(text), len(stripped)):
        try:
            ip_address(text[:end])
        except ValueError:
            continue
        return 0, end
    return None
