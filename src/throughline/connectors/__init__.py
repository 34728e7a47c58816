"""One folder per product: what we know about it, as values."""
