"""Throughline keeps what a services firm sold, planned, worked, billed and was paid in one line."""
