"""What is known of a library's tables before the database modules are loaded."""

from __future__ import annotations

import unicodedata

DATABASE = "library.sqlite"
# names of the modules in `migrations/versions`; the place is the version number
VERSIONS: tuple[str, ...] = ("v0001_first", "v0002_time_known")
CURRENT = len(VERSIONS)


def folded(text: str) -> str:
    """Text as search compares it: no case, no accents."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in apart if not unicodedata.combining(character))
