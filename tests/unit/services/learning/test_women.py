"""The same woman under two identifiers is found by her pictures and never stands on two sides."""

from __future__ import annotations

import numpy as np
import pytest

from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.domain.learning import Case, Group, LeftOut, Part, Said, Why, sides_of
from pfm_desktop.domain.source import Source
from pfm_desktop.imaging.compose import fit
from pfm_desktop.imaging.io import decode_picture, encode_jpeg
from pfm_desktop.jobs import CallbackContext, Cancelled
from pfm_desktop.services import labelling
from pfm_desktop.services.learning import run
from pfm_desktop.services.learning.cases import find_cases
from pfm_desktop.services.learning.women import groups_of, joined

from .conftest import CTX, Ward, blob

pytestmark = pytest.mark.slow

SHARES = {Part.TRAIN: 0.65, Part.CALIBRATION: 0.20, Part.TEST: 0.15}
WAYS = {
    "the same bytes": lambda picture: picture,
    "compressed again": lambda picture: decode_picture(encode_jpeg(picture, quality=60), "x").pixels,
    "scaled": lambda picture: fit(picture, 100),
    "cropped": lambda picture: picture[8:-8, 6:-10],
    "cropped by 18 percent": lambda picture: picture[29:-29, 29:-29],
    "turned by 90 degrees": lambda picture: np.rot90(picture, 1),
    "turned by 180 degrees": lambda picture: np.rot90(picture, 2),
    "turned by 270 degrees": lambda picture: np.rot90(picture, 3),
    "mirrored": lambda picture: picture[:, ::-1],
    "mirrored and turned": lambda picture: np.rot90(picture[:, ::-1], 1),
    "upside down and cropped": lambda picture: picture[::-1][24:-24, 20:-28],
}


def large(number: int) -> np.ndarray:
    return blob(number % 4, number, size=160)


def case(pair: str, woman: str) -> Case:
    return Case(pair, woman, Grade.LOW, Said.MAJORITY, "", {Source.WHITE: pair})


def test_women_without_a_common_picture_are_no_group(full_ward: Ward) -> None:
    compared = groups_of(CTX, full_ward.lib, find_cases(CTX, full_ward.lib).cases)
    assert compared.groups == ()
    assert compared.left_out == ()


@pytest.mark.parametrize("way", WAYS)
def test_a_woman_under_two_identifiers_is_found_and_named(ward: Ward, way: str) -> None:
    for number in range(8):
        ward.add(GRADES[number % 4], white=large(number))
    twin = ward.add(Grade.LOW, white=np.ascontiguousarray(WAYS[way](large(5))))
    (group,) = groups_of(CTX, ward.lib, find_cases(CTX, ward.lib).cases).groups
    assert set(group.women) == {ward.women[5], ward.women[twin]}
    assert {frozenset(pair) for pair in group.pairs} == {frozenset((ward.pairs[5], ward.pairs[twin]))}


@pytest.mark.parametrize("way", ["cropped", "turned by 90 degrees", "mirrored"])
def test_the_same_woman_under_two_identifiers_never_stands_on_two_sides(ward: Ward, way: str) -> None:
    for number in range(12):
        ward.add(GRADES[number % 4], white=large(number))
    for number in range(12):  # everybody again, under another number
        ward.add(GRADES[number % 4], white=np.ascontiguousarray(WAYS[way](large(number))))
    found = find_cases(CTX, ward.lib)
    groups = groups_of(CTX, ward.lib, found.cases).groups
    assert len(groups) == 12
    for seed in range(20):
        sides = sides_of(found, groups, {}, shares=SHARES, seed=str(seed))
        part_of = {one.patient_id: sides.part(one) for one in found.cases}
        assert len(set(part_of.values())) == 3
        for number in range(12):
            assert part_of[ward.women[number]] is part_of[ward.women[number + 12]]


def test_two_visits_of_one_woman_are_no_group(ward: Ward) -> None:
    ward.add(Grade.LOW, white=large(0))
    ward.add(Grade.LOW, white=large(0), woman=ward.women[0])
    assert groups_of(CTX, ward.lib, find_cases(CTX, ward.lib).cases).groups == ()


def test_an_altered_picture_is_left_out_and_disturbs_nobody(ward: Ward) -> None:
    for number in range(4):
        ward.add(GRADES[number], white=large(number))
    found = find_cases(CTX, ward.lib)
    hit = next(one for one in found.cases if one.pair_id == ward.pairs[2])
    place = ward.lib.pictures.find(hit.pictures[Source.WHITE])
    assert place is not None
    place.write_bytes(b"altered")
    compared = groups_of(CTX, ward.lib, found.cases)
    assert compared.left_out == (LeftOut(hit.pair_id, Why.NO_PICTURE),)


def test_comparing_can_be_stopped(full_ward: Ward) -> None:
    cases = find_cases(CTX, full_ward.lib).cases
    said: list[str] = []
    ctx = CallbackContext(lambda _done, _total, text: said.append(text), lambda: len(said) > 3)
    with pytest.raises(Cancelled):
        groups_of(ctx, full_ward.lib, cases)


def test_likenesses_join_into_one_group_in_whatever_order_they_come() -> None:
    links = [(case("1", "a"), case("2", "b")), (case("3", "c"), case("4", "d")), (case("2", "b"), case("3", "c"))]
    expected = ("a", "b", "c", "d")
    for order in (links, links[::-1], [links[2], links[0], links[1]]):
        (group,) = joined(order)
        assert group.women == expected
        assert set(group.pairs) == {("1", "2"), ("3", "4"), ("2", "3")}
    assert joined([]) == ()
    assert joined([links[0], links[0]]) == (Group(("a", "b"), (("1", "2"),)),)


def test_a_woman_who_has_a_part_and_no_label_now_is_held_together_with_who_she_comes_back_as(
    ready_ward: Ward,
) -> None:
    ward = ready_ward
    run.begin(ward.lib, find_cases(CTX, ward.lib), (), run.Settings("a", parent="parent", rehearse=0, enough=4))
    labelling.set_histology(ward.lib, ward.visits[5], None)
    twin = ward.add(Grade.LOW, white=blob(1, 5))
    found = find_cases(CTX, ward.lib)
    assert ward.women[5] not in {one.patient_id for one in found.cases}
    compared = groups_of(CTX, ward.lib, found.cases)
    assert [set(group.women) for group in compared.groups] == [{ward.women[5], ward.women[twin]}]
    assert compared.left_out == ()
