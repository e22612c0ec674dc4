from __future__ import annotations

import pytest

from pfm_desktop.services import bands, review
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError


def test_a_site_chooses_its_bands_and_takes_that_back(lib: Library) -> None:
    assert bands.site_bands(lib) is None
    change = bands.change_site_bands(lib, "iarc")
    chosen = bands.site_bands(lib)
    assert chosen is not None
    assert chosen.key == "iarc"
    assert "IARC" in change.text
    bands.change_site_bands(lib, "")
    assert bands.site_bands(lib) is None
    again = bands.change_site_bands(lib, "waocp")
    review.undo(lib, again)
    assert bands.site_bands(lib) is None
    with pytest.raises(BadInputError, match="no bands"):
        bands.change_site_bands(lib, "ours")
