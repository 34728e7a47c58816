"""Values and decisions: no I/O, and imports nothing of ours."""
