"""SQL, and only here: one module per noun, one function per question."""
