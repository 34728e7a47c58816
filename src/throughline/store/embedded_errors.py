"""The one thing that can be wrong with the embedded database, told to the person who started the program."""


class DatabaseUnavailable(Exception):
    """No usable database: says what happened, where, and what to do about it."""

    def __init__(self, what: str, *, where: object, fix: str) -> None:
        super().__init__(f"{what} ({where}). {fix}")
        self.what, self.where, self.fix = what, str(where), fix
