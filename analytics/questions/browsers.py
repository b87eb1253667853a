"""Which browsers and programs send requests."""

from analytics.requests import ranking

QUESTION = ranking(
    "browser",
    path="analytics/browsers",
    noun="Browser",
    summary="Count requests by browser",
    says="Browsers and other programs, as their user agents tell, those with most requests first.",
    example="Firefox",
)
