"""What can be wrong with a query, in words for the person who wrote it."""

from logplatform.kernel.errors import PlatformError

QUOTE_IT = "Put text to be found as it is in quotes."


class QueryError(PlatformError):
    """A query that cannot be read.

    Data: `position` (column, from 0), `expected` (what should have stood there), `advice`.
    """

    code = "invalid_query"
    status = 400
    message = "The query cannot be read at column {position}: expected {expected}."
    hint = "{advice}"

    def __init__(self, *, position: int, expected: str, advice: str = QUOTE_IT) -> None:
        super().__init__(position=position, expected=expected, advice=advice)


class QueryTooComplex(PlatformError):
    """A query beyond one of the limits of `storage.query.parser`."""

    code = "query_too_complex"
    status = 400
    message = "The query is too complex: {measure} is over the limit of {limit}."
    hint = "Split the query, or narrow it with a field such as service: or a shorter time range."
