"""Key figures: each computed once, from the records it names, for every door alike."""
