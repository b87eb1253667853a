"""Errors meant for people: a code, a sentence, a hint and data.

`logplatform.api_errors` is the only place that turns one into an HTTP answer.
"""

from typing import Any, ClassVar


class PlatformError(Exception):
    """Base of every error a user may see.

    A subclass sets `code` (documented in `docs/errors.md`), `status` (the HTTP status), `message`
    (a sentence; may use `{names}` of the data) and `hint` (what to do). Keyword arguments are the
    data; they are shown, so they must never hold a secret or another tenant's name.
    """

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    message: ClassVar[str] = "Something went wrong on our side."
    hint: ClassVar[str] = "Try again; if it stays, give the request id to your administrator."
    retry_after_s: int | None = None

    def __init__(self, *, retry_after_s: int | None = None, **data: Any) -> None:
        self.data = data
        if retry_after_s is not None:
            self.retry_after_s = retry_after_s
        super().__init__(self.message.format(**data))

    @property
    def text(self) -> str:
        """The sentence with its data filled in."""
        return str(self)

    @property
    def advice(self) -> str:
        """The hint with the data filled in."""
        return self.hint.format(**self.data)
