"""Sends lines to the ingest API of this or another installation; a client, on the far side."""
