"""A name or number in two places of one import: asked about, and never silently one woman."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pfm_desktop.services.importing import changes
from pfm_desktop.services.importing.guess import Sure
from pfm_desktop.services.importing.plan import ImportPlan

Picture = Callable[..., bytes]
Put = Callable[[Path, bytes], Path]


def women(plan: ImportPlan) -> dict[str | None, int]:
    return {woman.identifier: sum(len(visit.pictures) for visit in woman.visits) for woman in plan.women}


def surest(plan: ImportPlan) -> set[Sure]:
    return {picture.patient.sure for picture in plan.pictures}


def test_two_women_of_one_year_are_two_and_both_are_asked_about(planned: Callable[..., ImportPlan]) -> None:
    plan = planned("2025/Lang Ida/acetic 60s.jpg", "2025/Kurz Ute/acetic 60s.jpg")
    assert women(plan) == {"Lang Ida": 1, "Kurz Ute": 1}
    assert surest(plan) == {Sure.UNSURE}


@pytest.mark.parametrize(
    "names",
    [
        ("Müller Anna/tuesdays/acid.jpg", "Schmidt Eva/tuesdays/acid.jpg"),
        ("Clinic West/Müller Anna/acid.jpg", "Clinic West/Schmidt Eva/acid.jpg"),
        ("Müller Anna acetic.jpg", "Schmidt Eva acetic.jpg"),
        ("K-17/Müller/acid.jpg", "K-17/Schmidt/acid.jpg"),
        ("Green Anna/acid.jpg", "Weiss Anna/acid.jpg"),
    ],
)
def test_differently_named_folders_and_files_stay_two_women_also_when_all_is_confirmed(
    planned: Callable[..., ImportPlan], names: tuple[str, str]
) -> None:
    plan = planned(*names)
    assert len(plan.women) == 2
    assert surest(plan) == {Sure.UNSURE}
    assert len(changes.confirm(plan, [one.key for one in plan.pictures]).women) == 2


def test_a_number_beside_two_names_is_asked_about_and_both_are_said(planned: Callable[..., ImportPlan]) -> None:
    plan = planned("Lang Ida/4711/acid.jpg", "Kurz Ute/4711/acid.jpg")
    assert surest(plan) == {Sure.UNSURE}
    assert "Lang Ida and Kurz Ute" in plan.pictures[0].patient.why.replace(
        "Kurz Ute and Lang Ida", "Lang Ida and Kurz Ute"
    )


def test_a_number_beside_one_name_and_beside_none_is_likely(planned: Callable[..., ImportPlan]) -> None:
    assert surest(planned("K-17 Garcia Maria/acid.jpg", "K-17 Garcia/lugol.jpg", "K-17/green.jpg")) == {Sure.LIKELY}


def test_numbers_that_count_the_pictures_of_a_folder_are_asked_about(planned: Callable[..., ImportPlan]) -> None:
    assert surest(planned("AB01 acid.jpg", "AB02 lugol.jpg", "AB03 green.jpg")) == {Sure.UNSURE}


def test_numbers_of_several_pictures_each_are_likely(planned: Callable[..., ImportPlan]) -> None:
    names = [f"case0{number}_{stage}.jpg" for number in (1, 2, 3) for stage in ("acid", "lugol")]
    assert surest(planned(*names)) == {Sure.LIKELY}
