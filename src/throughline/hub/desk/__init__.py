"""The desk: the exception queue as people work it, one hold, one cause, or many holds at a time."""
