"""Reconciliation: each comparison run on its clock, and the breaks it leaves behind."""
