"""Errors meant for a person: what happened, what is safe, what to do next."""

from pfm_desktop.support.language import ENGLISH, current, tr

_STOPS = ".\N{IDEOGRAPHIC FULL STOP}"


def capital(text: str) -> str:
    """With a capital at the start, unless it starts with the name of a file or with other than a plain word."""
    first = text.split(" ", 1)[0].rstrip(",:;")
    if current() != ENGLISH:  # n'est, choisissez-le
        first = first.replace("\N{RIGHT SINGLE QUOTATION MARK}", "").replace("-", "")
    return text[:1].upper() + text[1:] if first.isalpha() and first.islower() else text


class UserError(Exception):
    """A problem the user can act on.

    `str(error)` is one line that names what happened and the remedy; the command line prints it behind `error: `.
    """

    exit_code = 2

    def __init__(self, what: str, *, remedy: str = "", safe: str = "") -> None:
        self.what, self.remedy, self.safe = (part.rstrip(_STOPS) for part in (what, remedy, safe))
        super().__init__(". ".join(part for part in (self.what, self.safe, self.remedy) if part) + ".")

    @property
    def sentences(self) -> str:
        """What happened, what is safe, what to do: one sentence each, as a window says it."""
        parts = (part for part in (self.what, self.safe, self.remedy) if part)
        return " ".join(tr("{sentence}.", sentence=capital(part)) for part in parts)


class BadInputError(UserError):
    """A file, folder, number or manifest that cannot be used as it is."""


class StorageError(UserError):
    """The library or the disk did not take or give back what was asked."""


class ModelError(UserError):
    """A model is missing, altered or does not fit the sources."""


class MemoryFullError(UserError):
    """The computer had not enough free memory for what was asked."""

    def __init__(self) -> None:
        super().__init__(
            tr("there is not enough free memory for this"),
            safe=tr("what was finished before is kept, and nothing was left half written"),
            remedy=tr("close other programs, then start it again"),
        )


# what numpy and Python raise is a `MemoryError`; libraries and systems say it in words, each in its own
_FULL = (
    "not enough memory",
    "cannot allocate memory",
    "can't allocate memory",
    "could not allocate memory",
    "bad_alloc",
    "could not create a primitive",  # oneDNN, within torch: it has no room for what a layer needs
    "bad allocation",
    "insufficient memory",
    "failed to map segment",  # a library that is loaded
    "paging file is too small",
)


def for_a_person(error: BaseException) -> UserError | None:
    """What a person can act on of an error, wherever it came from; None where that is not known."""
    if isinstance(error, UserError):
        return error
    if isinstance(error, MemoryError):
        return MemoryFullError()
    words = str(error).lower()
    said = isinstance(error, RuntimeError | ImportError | OSError) or type(error).__module__ == "cv2"
    if said and any(full in words for full in _FULL):
        return MemoryFullError()
    from pfm_desktop.support.installation import trouble

    return trouble(error)
