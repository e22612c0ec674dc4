"""Errors meant for a person: what happened, what is safe, what to do next."""


class UserError(Exception):
    """A problem the user can act on.

    `str(error)` is one line that names what happened and the remedy; the command line prints it behind `error: `.
    """

    exit_code = 2

    def __init__(self, what: str, *, remedy: str = "", safe: str = "") -> None:
        self.what = what.rstrip(".")
        self.remedy = remedy.rstrip(".")
        self.safe = safe.rstrip(".")
        super().__init__(". ".join(part for part in (self.what, self.safe, self.remedy) if part) + ".")


class BadInputError(UserError):
    """A file, folder, number or manifest that cannot be used as it is."""


class StorageError(UserError):
    """The library or the disk did not take or give back what was asked."""


class ModelError(UserError):
    """A model is missing, altered or does not fit the sources."""
