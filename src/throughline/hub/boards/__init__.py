"""Boards: what one team looks at each morning, as rows and columns that every door shows alike."""
