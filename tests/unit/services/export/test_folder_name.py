"""The day of an export is known as that, whatever became of its folder."""

from __future__ import annotations

from datetime import date

import pytest

from pfm_desktop.services.export.folder_name import NAMED, RESEARCH, dated, is_of_export

DAY = date(2026, 11, 29)


@pytest.mark.parametrize("words", [NAMED, *(f"{RESEARCH} {kind}" for kind in ("csv", "coco", "dicom"))])
@pytest.mark.parametrize("how", ["{}", "{}.zip", "{} - Copy", "{} copy", "Copy of {}", "{} - Kopie (2)", "to Ada {}"])
def test_a_folder_of_an_export_and_what_is_made_of_it(words: str, how: str) -> None:
    assert is_of_export(how.format(dated(words, DAY)))
    assert is_of_export(how.format(dated(words, DAY, 2)))


@pytest.mark.parametrize(
    "name", ["research cases 2026-03-14", "2026-03-14", "with names 2026-03-14", "dicom with names", "Xresearch csv 1"]
)
def test_a_folder_of_a_clinic_says_its_own_day(name: str) -> None:
    assert not is_of_export(name)
