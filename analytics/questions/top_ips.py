"""Which addresses send most requests."""

from analytics.requests import ranking

QUESTION = ranking(
    "ip",
    path="analytics/top-ips",
    noun="Ip",
    summary="Count requests by address",
    says="Addresses of clients, those with most requests first, with their share and their errors.",
    example="203.0.113.9",
)
