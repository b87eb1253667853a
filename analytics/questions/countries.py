"""Which countries requests come from."""

from analytics.requests import ranking

QUESTION = ranking(
    "country",
    path="analytics/countries",
    noun="Country",
    summary="Count requests by country",
    says="Countries of the clients' addresses (ISO 3166), where a database of places was given.",
    example="DE",
)
