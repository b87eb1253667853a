"""What people set about redaction and enrichment, and how it reaches the workers."""
