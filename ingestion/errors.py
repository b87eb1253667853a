"""What the door may answer besides 'accepted'."""

from logplatform.kernel.errors import PlatformError


class EmptyBody(PlatformError):
    """Nothing but white space was sent."""

    code = "empty_body"
    status = 400
    message = "The body has no lines."
    hint = "Send at least one line: NDJSON, a JSON object or array, or plain text."


class TornBody(PlatformError):
    """Fewer or more bytes arrived than announced."""

    code = "torn_body"
    status = 400
    message = "The body has {received} bytes but {announced} were announced."
    hint = "Nothing was stored; send the whole body again."


class SlowBody(PlatformError):
    """The body did not arrive in time."""

    code = "slow_body"
    status = 408
    message = "The body did not arrive within {seconds} seconds."
    hint = "Nothing was stored; send smaller bodies or compress them."


class BodyTooLarge(PlatformError):
    """Over the limit as sent."""

    code = "body_too_large"
    status = 413
    message = "The body is larger than {limit_bytes} bytes."
    hint = "Nothing was stored; split it into smaller bodies."


class TooManyLines(PlatformError):
    """More lines than a worker takes at once."""

    code = "too_many_lines"
    status = 413
    message = "The body has {lines} lines; at most {limit} are taken at once."
    hint = "Nothing was stored; split it into smaller bodies."


class DecompressedTooLarge(PlatformError):
    """Over the limit once decompressed."""

    code = "decompressed_too_large"
    status = 413
    message = "The decompressed body is larger than {limit_bytes} bytes."
    hint = "Nothing was stored; split it into smaller bodies."


class UnknownEncoding(PlatformError):
    """A Content-Encoding we do not read."""

    code = "unknown_encoding"
    status = 415
    message = "Content-Encoding '{encoding}' is not supported."
    hint = "Use gzip, deflate, zstd, or none; one at a time."


class BadEncoding(PlatformError):
    """The body is not what its Content-Encoding says."""

    code = "bad_encoding"
    status = 400
    message = "The body is not valid {encoding}: {problem}."
    hint = "Nothing was stored; compress the whole body again."


class UnsupportedContentType(PlatformError):
    """A body whose type cannot hold lines."""

    code = "unsupported_content_type"
    status = 415
    message = "Bodies of type '{content_type}' are not read here."
    hint = "Send UTF-8 as application/x-ndjson, application/json or text/plain."


class NotDecodable(PlatformError):
    """The body says it is JSON and none of it is."""

    code = "not_decodable"
    status = 400
    message = "No line of the body could be read as {expected}: {problem}."
    hint = "Nothing was stored; check the body at the place named, or send it as text/plain."


class UnknownFormat(PlatformError):
    """`?format=` names no format."""

    code = "unknown_format"
    status = 400
    message = "There is no log format '{format}'."
    hint = "Use one of {known}, or leave ?format= away to have it detected line by line."


class BadIdempotencyKey(PlatformError):
    """The header cannot serve as a key."""

    code = "bad_idempotency_key"
    status = 400
    message = "Idempotency-Key needs 1 to 255 printable ASCII characters."
    hint = "Use for example a UUID, a new one for each body."


class IdempotencyMismatch(PlatformError):
    """The same key came with another body."""

    code = "idempotency_mismatch"
    status = 422
    message = "This Idempotency-Key was used with another body before."
    hint = "Nothing was stored; use a new key for a new body."


class IdempotencyFull(PlatformError):
    """As many keys of the last 24 hours and bodies of content windows are remembered as may be."""

    code = "idempotency_full"
    status = 503
    message = "No more Idempotency-Keys or content windows can be remembered at the moment."
    hint = (
        "Nothing was stored; send larger bodies, or without a key, or ask for a larger "
        "IDEMPOTENCY_MAX_BYTES or a shorter content window."
    )
    retry_after_s = 60


class BacklogFull(PlatformError):
    """The queue holds as much as it may."""

    code = "backlog_full"
    status = 503
    message = "The queue is full."
    hint = "Nothing was stored; send it again after the time in Retry-After."
    retry_after_s = 5


class DiskFull(PlatformError):
    """Too little of the disk is free to take more."""

    code = "disk_full"
    status = 503
    message = "The disk of the platform is nearly full, so it takes nothing more."
    hint = "Nothing was stored; send it again after the time in Retry-After."
    retry_after_s = 30


class QuotaExceeded(PlatformError):
    """A key, its source or its app has sent as much as it may for now."""

    code = "quota_exceeded"
    status = 429
    message = "Over the quota of {quota}: {used} of {limit} are used, free again at {resets_at}."
    hint = (
        "Nothing was stored; send it again after the time in Retry-After, or ask an administrator "
        "for a higher quota."
    )


class TooBusy(PlatformError):
    """Too many bytes are being received at this moment."""

    code = "too_busy"
    status = 503
    message = "Too many bodies are being received at this moment."
    hint = "Nothing was stored; send it again after the time in Retry-After."
    retry_after_s = 1


class OutcomeUnknown(PlatformError):
    """The queue went away while it took the body."""

    code = "outcome_unknown"
    status = 503
    message = "The queue went away while it took the body; it may or may not have it."
    hint = "Send it again with the same Idempotency-Key: then it is stored once."
    retry_after_s = 2


class KeysAway(PlatformError):
    """The control plane cannot be asked about a key."""

    code = "keys_away"
    status = 503
    message = "API keys cannot be checked at the moment: the database is away."
    hint = "Nothing was stored; send it again after the time in Retry-After."
    retry_after_s = 2


class QueueAway(PlatformError):
    """A body that must not be stored twice came while the queue was away."""

    code = "queue_away"
    status = 503
    message = "The queue is away, and only it knows whether this body came before."
    hint = "Nothing was stored; send it again after the time in Retry-After."
    retry_after_s = 1


class QueueUnavailable(PlatformError):
    """Somebody asked about the queue while it was away."""

    code = "queue_unavailable"
    status = 503
    message = "The queue is not available at the moment."
    hint = "Try again in a few seconds; nothing that was accepted is lost."
    retry_after_s = 5


class NoStore(PlatformError):
    """Neither the queue nor the log engine can take the body."""

    code = "no_store"
    status = 503
    message = "Neither the queue nor the log engine can be reached."
    hint = "Nothing was stored; send it again after the time in Retry-After."
    retry_after_s = 5


class ReceiptNotFound(PlatformError):
    """No such receipt, or it belongs to another app."""

    code = "receipt_not_found"
    status = 404
    message = "There is no receipt '{receipt}' that you may see."
    hint = "Receipts are kept for 30 days."


class NothingToReplay(PlatformError):
    """No quarantined line fits."""

    code = "nothing_to_replay"
    status = 404
    message = "No quarantined line fits this choice."
    hint = "They may have been replayed or removed meanwhile; look at the list again."


class ReplayRunning(PlatformError):
    """Lines of the source are being replayed."""

    code = "replay_running"
    status = 409
    message = "A replay of {app} / {source} is at work."
    hint = "Wait until it is done, or cancel it; there is one at a time for each source."


class ReplayNotFound(PlatformError):
    """No such replay, or it belongs to another app."""

    code = "replay_not_found"
    status = 404
    message = "There is no replay '{replay}' that you may see."
    hint = "The answer that starts a replay has its id."


class LineNotFound(PlatformError):
    """No such line in quarantine, or it belongs to another app."""

    code = "line_not_found"
    status = 404
    message = "There is no quarantined line '{line}' that you may see."
    hint = "It may have been replayed or removed meanwhile; look at the list again."


class RulesUnavailable(PlatformError):
    """Nobody can say what to redact, so nothing is stored until somebody can."""

    code = "rules_unavailable"
    status = 503
    message = "The settings of the source cannot be read now."
    hint = "Nothing was stored; send it again."
    retry_after_s = 5
