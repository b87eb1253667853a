"""What a redaction rule is. The built-in ones are in `parsing.redaction.rules`."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

from logplatform.kernel.errors import PlatformError

Action = Literal["mask", "hash", "drop"]
Check = Callable[[str], tuple[int, int] | None]
ACTIONS: tuple[Action, ...] = ("mask", "hash", "drop")
# What a rule leaves behind; never looked into again, so redaction is idempotent.
MARK = r"\[redacted:[a-z0-9_-]{1,40}(?::[0-9a-f]{16})?\]"


class UnusablePattern(PlatformError):
    """A pattern that the linear-time engine cannot run, or that would match nothing at all."""

    code: ClassVar[str] = "unusable_pattern"
    status: ClassVar[int] = 400
    message: ClassVar[str] = "The pattern cannot be used: {problem}"
    hint: ClassVar[str] = "Write it as RE2 does: no look-around, no back-references."


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One kind of secret and what becomes of it.

    Attributes:
        name: of small letters, digits, `_` and `-`; stands in the mark and in metrics.
        action: `mask` leaves a mark, `hash` a mark with a salted hash of the secret, `drop` takes
            the whole attribute away and leaves a mark for a whole message.
        patterns: regexes with the group `_s`, the secret; `_k` before and `_t` after it are kept.
        words: one of them is in every text that can match, in any case; few, of 5 letters or more.
        literals: or one of them, as it is written.
        shapes: or a find of one of these regexes, which have no anchors, as several lines
            are looked at as one text. Without any of the three there is no short cut.
        keys: regex of attribute names whose values go whole; empty: none.
        check: secret → which part of it is one indeed, or None; asked once a distinct text.
        spares_ids: leave ids alone (trace ids and attributes named like ids).
    """

    name: str
    action: Action
    patterns: tuple[str, ...]
    words: tuple[str, ...] = ()
    literals: tuple[str, ...] = ()
    shapes: tuple[str, ...] = ()
    keys: str = ""
    check: Check | None = None
    spares_ids: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Redaction:
    """The rules of a source, in the order they are applied, and the salt of its app.

    Compared by identity: what is worked out from its rules is kept for as long as it lives.
    """

    rules: tuple[Rule, ...]
    salt: bytes = b""


def mark_of(name: str) -> str:
    """What stands in the place of a secret."""
    return f"[redacted:{name}]"


def hashed_mark(name: str, secret: str, salt: bytes) -> str:
    """A mark that is the same for the same secret of the same app."""
    digest = hmac.new(salt, secret.encode(), hashlib.sha256).hexdigest()
    return f"[redacted:{name}:{digest[:16]}]"
