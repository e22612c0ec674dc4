"""The bands of the Swede score that the site of a library has chosen."""

from __future__ import annotations

from pfm_desktop.domain.bands import ALL, Bands
from pfm_desktop.domain.change import Change
from pfm_desktop.storage import records
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr

KEY = "swede_bands"


def site_bands(lib: Library) -> Bands | None:
    """Those that were chosen here; None where none were, or where this version does not know them."""
    with lib.read() as session:
        kept = records.snapshot(session, "site_choice", KEY)
    return None if kept is None else ALL.get(str(kept["value"]))


def change_site_bands(lib: Library, key: str) -> Change:
    """Choose bands by their key, "" for none. `BadInputError` for a key of none."""
    if key and key not in ALL:
        raise BadInputError(tr("no bands are called {key!r}", key=key), safe=tr("nothing was changed"))
    with lib.read() as session:
        old = records.snapshot(session, "site_choice", KEY)
    said = f"Bands of the Swede score: {ALL[key].source}" if key else "Bands of the Swede score: none"
    return lib.apply(Change("site_choice", KEY, old, {"value": key}, said))
