"""What a live tail is made of: who may watch, what is kept for a slow page, how many at once."""
