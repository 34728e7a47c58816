"""One module per business process."""
