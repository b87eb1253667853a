"""The schema of the log engine: numbered steps, applied in order, never edited once released."""
