"""What a question about logs can get wrong."""

from logplatform.kernel.errors import PlatformError


class InvalidTime(PlatformError):
    """A time that cannot be read, or that cannot be stored in nanoseconds since 1970."""

    code = "invalid_time"
    status = 400
    message = "{name}={value} is not a time between 1678 and 2262."
    hint = "Use ISO-8601 such as 2026-02-11T06:43:36Z, or now, now-15m, now-2h, now-7d."


class LogNotFound(PlatformError):
    """No such record among the caller's apps."""

    code = "log_not_found"
    status = 404
    message = "There is no log line with this id that you may see."
    hint = "It may have expired; check the id, and that you belong to its app."
