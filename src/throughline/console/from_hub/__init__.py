"""From what the hub knows to what a page shows: pure functions, one module for each page."""
