"""Lines that could not be stored: reading them by page, reason and batch, and removing them."""
