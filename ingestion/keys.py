"""The format of API keys: `lgs_<public id>_<secret><checksum>`, all base62.

The public id finds the row, the secret (256 random bits) is kept as its SHA-256 only, the checksum
(CRC-32) lets garbage be refused without a look-up and secret scanners be sure of a hit.
"""

import hashlib
import hmac
import re
import secrets
import zlib
from dataclasses import dataclass
from functools import lru_cache

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ID_LENGTH, _SECRET_LENGTH, _SUM_LENGTH = 10, 43, 6
_REMEMBERED = 1024
_SHAPE = re.compile(
    rf"lgs_([0-9A-Za-z]{{{_ID_LENGTH}}})_([0-9A-Za-z]{{{_SECRET_LENGTH}}})([0-9A-Za-z]{{{_SUM_LENGTH}}})"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyText:
    """The parts of a well-formed key."""

    public_id: str
    secret: str

    @property
    def plaintext(self) -> str:
        """The key as its owner pastes it."""
        body = f"lgs_{self.public_id}_{self.secret}"
        return body + _checksum(body)

    @property
    def secret_hash(self) -> str:
        """What the database keeps: SHA-256 of the secret, in hex."""
        return hashlib.sha256(self.secret.encode()).hexdigest()

    def matches(self, secret_hash: str) -> bool:
        """Whether the stored hash belongs to this key, in constant time."""
        return hmac.compare_digest(self.secret_hash, secret_hash)


def make_key() -> KeyText:
    """A new random key."""
    return KeyText(public_id=_random(_ID_LENGTH), secret=_random(_SECRET_LENGTH))


@lru_cache(_REMEMBERED)
def parse_key(text: str) -> KeyText | None:
    """The parts of `text`, or None if it is not a key or its checksum is wrong."""
    match = _SHAPE.fullmatch(text)
    if not match:
        return None
    public_id, secret, checksum = match.groups()
    if _checksum(f"lgs_{public_id}_{secret}") != checksum:
        return None
    return KeyText(public_id=public_id, secret=secret)


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _checksum(text: str) -> str:
    number = zlib.crc32(text.encode())
    digits = ""
    for _ in range(_SUM_LENGTH):
        number, digit = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits
