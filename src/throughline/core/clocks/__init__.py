"""How long each hop of the business may take, how much of that is used, and what comes of it."""
