"""Unusual volumes: each series of counts against its own week. Pure; needs numpy."""
