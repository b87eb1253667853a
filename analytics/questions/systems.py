"""Which operating systems requests come from."""

from analytics.requests import ranking

QUESTION = ranking(
    "system",
    path="analytics/systems",
    noun="System",
    summary="Count requests by operating system",
    says="Operating systems, as user agents tell, those with most requests first.",
    example="Android",
)
