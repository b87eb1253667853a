"""How dates and times are written, by language; found through FORMAT_MODULE_PATH."""
