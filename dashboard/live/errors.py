"""What can go wrong with a live tail, in words for the person who watches."""

from logplatform.kernel.errors import PlatformError


class NotAuthenticated(PlatformError):
    """Neither a session nor a valid key came with the connection."""

    code = "not_authenticated"
    status = 401
    message = "You are not signed in, or your key is not valid."
    hint = "Sign in again, or send `Authorization: Bearer <key>` with a key that may query."


class AppMissing(PlatformError):
    """No app was named and the viewer sees more than one."""

    code = "app_missing"
    status = 400
    message = "A live tail shows one app; none was named."
    hint = "Add ?app=<slug>; GET /api/v1/apps lists the apps you may see."


class MessageInvalid(PlatformError):
    """A frame from the client that means nothing to us."""

    code = "invalid_message"
    status = 400
    message = "This message cannot be read: {reason}."
    hint = 'Send {{"type": "pause"}}, {{"type": "resume"}} or {{"type": "filter", "q": "…"}}.'


class MessageTooLarge(PlatformError):
    """A frame over the size limit."""

    code = "message_too_large"
    status = 413
    message = "A message may have {limit_bytes} bytes at most."
    hint = "Shorten the query."


class TooManyMessages(PlatformError):
    """The client sends more control messages than a person can cause."""

    code = "too_many_messages"
    status = 429
    message = "Too many messages on this connection."
    hint = "Send at most {limit} messages in {window_s} seconds."


class TooManyTails(PlatformError):
    """One viewer, or this web process, holds as many live tails as allowed."""

    code = "too_many_tails"
    status = 429
    message = "There are too many live tails open."
    hint = "Close another tab that is live; {per_viewer} may be open at a time."


class TooSlow(PlatformError):
    """The client does not read what is sent."""

    code = "too_slow"
    status = 408
    message = "The connection took nothing for {limit_s} seconds."
    hint = "Narrow the query, or connect again over a faster line."
