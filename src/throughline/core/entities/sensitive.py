"""The mark of a field that is masked for who may not see rates."""


class Sensitive:
    """A rate, a salary, what an hour costs or brings."""
