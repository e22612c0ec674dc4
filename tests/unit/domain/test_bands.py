from __future__ import annotations

import pytest

from pfm_desktop.domain.bands import ALL, HIGHEST, Bands


@pytest.mark.parametrize("bands", ALL.values(), ids=list(ALL))
def test_bands_rise_to_the_highest_score_and_name_their_source(bands: Bands) -> None:
    limits = [most for most, _ in bands.limits]
    assert limits == sorted(set(limits))
    assert limits[-1] == HIGHEST
    assert bands.source
    for total in range(HIGHEST + 1):
        assert bands.of(total)
    for total in (-1, HIGHEST + 1):
        with pytest.raises(ValueError, match="no Swede score"):
            bands.of(total)


@pytest.mark.parametrize(
    ("key", "total", "band"),
    [
        ("iarc", 4, "normal or CIN1"), ("iarc", 5, "CIN2 or CIN3"), ("iarc", 7, "CIN3 or cancer"),
        ("bowring", 7, "intermediate"), ("bowring", 8, "supports treatment at the first visit"),
        ("hl7_lt", 3, "low risk"), ("hl7_lt", 4, "high risk"), ("waocp", 5, "biopsy"), ("waocp", 6, "excision"),
    ],
)  # fmt: skip
def test_the_limits_are_those_of_the_source(key: str, total: int, band: str) -> None:
    assert ALL[key].of(total) == band


def test_no_band_says_that_a_biopsy_is_not_needed() -> None:
    said = " ".join(words for bands in ALL.values() for _, words in bands.limits)
    assert "spared" not in said
    assert "not needed" not in said
