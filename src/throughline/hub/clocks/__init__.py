"""The clockwork: reads the event log, lets clocks begin and end, looks at those that run, and tells what is late."""
