"""How API keys are named in the OpenAPI schema; loaded when the app is ready."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # its __init_subclass__
    """Two ways to send the same key."""

    target_class = "ingestion.authentication.ApiKeyAuthentication"
    name = ["bearerKey", "headerKey"]

    def get_security_definition(self, auto_schema: Any) -> Any:
        """One definition for each header."""
        return [
            {"type": "http", "scheme": "bearer", "description": "An API key, `lgs_…`."},
            {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        ]

    def get_security_requirement(self, auto_schema: Any) -> Any:
        """Either of them does."""
        return [{name: []} for name in self.name]
