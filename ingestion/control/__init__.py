"""The control plane over HTTP: apps, sources, keys and retention, for people only."""
