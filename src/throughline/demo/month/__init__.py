"""A month of the demo firm: what happens in it, and whether its books tie. Knows the simulated systems only."""
