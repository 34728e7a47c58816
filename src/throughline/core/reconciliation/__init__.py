"""Reconciliation: what two sides that should agree say of the same things, and what is wrong between them."""
