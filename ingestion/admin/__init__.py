"""Admin of apps, sources and keys; one module a page."""

from ingestion.admin import (
    app_pages,
    format_pages,
    gap_pages,
    key_pages,
    source_pages,
    treatment_pages,
)

__all__ = ["app_pages", "format_pages", "gap_pages", "key_pages", "source_pages", "treatment_pages"]
