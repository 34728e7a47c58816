"""Measurements: ratios from one run against a named baseline."""
