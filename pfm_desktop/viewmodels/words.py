"""Problems as the window says them: whole sentences."""

from __future__ import annotations

from pfm_desktop.support.errors import UserError


def spoken(error: UserError) -> str:
    """What happened, what is safe, what to do: one sentence each."""
    return " ".join(f"{capital(part)}." for part in (error.what, error.safe, error.remedy) if part)


def capital(text: str) -> str:
    """With a capital at the start, unless it starts with the name of a file or with other than a plain word."""
    first = text.split(" ", 1)[0].rstrip(",:;")
    return text[:1].upper() + text[1:] if first.isalpha() and first.islower() else text
