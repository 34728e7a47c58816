"""Other engines at the same work. Each script runs in an interpreter of its own, in which that engine is installed."""
