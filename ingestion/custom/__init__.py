"""Log formats that people make for an app: drafts, cases, versions."""
