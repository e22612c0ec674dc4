"""Pictures that stood on one side never stand on another one, whichever woman has them afterwards."""

from __future__ import annotations

import pytest

from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.domain.learning import Group, LeftOut, Part, Why, merged
from pfm_desktop.imaging.io import decode_picture, encode_jpeg
from pfm_desktop.services import cases, labelling, moving, removal, review
from pfm_desktop.services.learning import comparing, run
from pfm_desktop.services.learning.cases import find_cases
from pfm_desktop.services.learning.women import groups_of
from pfm_desktop.storage import learning as stored
from pfm_desktop.storage import learning_past

from .conftest import CTX, Ward, blob
from .test_run import begun

pytestmark = pytest.mark.slow


def parts(ward: Ward) -> dict[str, Part]:
    with ward.lib.read() as session:
        return dict(stored.parts(session))


def one_of(ward: Ward, part: Part) -> int:
    known = parts(ward)
    return next(number for number, woman in enumerate(ward.women) if known[woman] is part)


def pictures_of(ward: Ward, number: int) -> list[str]:
    return [picture.id for picture in cases.visit_case(ward.lib, ward.visits[number]).pictures]


def in_the_test(ward: Ward) -> set[str]:
    found = find_cases(CTX, ward.lib)
    groups = groups_of(CTX, ward.lib, found.cases).groups
    return {case.pair_id for case in comparing.locked_cases(ward.lib, found, groups)}


def learned_from(request: run.Request) -> set[str]:
    return {case.pair_id for case in request.cases}


@pytest.mark.parametrize("to", [Part.TRAIN, Part.CALIBRATION])
def test_a_visit_of_the_locked_test_that_moves_to_another_woman_is_not_learned_from(ready_ward: Ward, to: Part) -> None:
    begun(ready_ward)
    locked, other = one_of(ready_ward, Part.TEST), one_of(ready_ward, to)
    moving.move_visit(ready_ward.lib, ready_ward.visits[locked], ready_ward.women[other])
    request = begun(ready_ward)
    assert ready_ward.pairs[locked] not in learned_from(request)
    assert ready_ward.pairs[locked] not in in_the_test(ready_ward)
    assert ready_ward.pairs[other] in learned_from(request), "her own pictures stay"
    assert LeftOut(ready_ward.pairs[locked], Why.OTHER_SIDE) in request.sides.left_out


def test_a_visit_that_was_learned_from_does_not_become_a_test(ready_ward: Ward) -> None:
    begun(ready_ward)
    locked, other = one_of(ready_ward, Part.TEST), one_of(ready_ward, Part.TRAIN)
    moving.move_visit(ready_ward.lib, ready_ward.visits[other], ready_ward.women[locked])
    assert ready_ward.pairs[other] not in in_the_test(ready_ward)
    assert ready_ward.pairs[locked] in in_the_test(ready_ward)
    assert ready_ward.pairs[other] not in learned_from(begun(ready_ward))


def test_pictures_that_move_alone_are_left_out_as_well_and_in_a_run_that_goes_on(ready_ward: Ward) -> None:
    request = begun(ready_ward)
    locked, other = one_of(ready_ward, Part.TEST), one_of(ready_ward, Part.TRAIN)
    visit = cases.add_visit(ready_ward.lib, ready_ward.women[other]).id
    moving.move_pictures(ready_ward.lib, pictures_of(ready_ward, locked), visit)
    labelling.set_histology(ready_ward.lib, visit, Grade.LOW)
    found = find_cases(CTX, ready_ward.lib)
    assert ready_ward.pairs[locked] in {case.pair_id for case in found.cases}
    again = run.again(ready_ward.lib, found, (), request.run_id)
    assert ready_ward.pairs[locked] not in learned_from(again) | learned_from(begun(ready_ward)) | in_the_test(
        ready_ward
    )


def test_new_women_who_are_given_pictures_take_the_parts_of_those_who_had_them(ready_ward: Ward) -> None:
    begun(ready_ward)
    before, locked = parts(ready_ward), in_the_test(ready_ward)
    new: dict[str, str] = {}
    for number, visit in enumerate(ready_ward.visits):
        new[ready_ward.women[number]] = cases.add_patient(ready_ward.lib, identifier=f"N-{number}").id
        moving.move_visit(ready_ward.lib, visit, new[ready_ward.women[number]])
    request = begun(ready_ward)
    after = parts(ready_ward)
    assert {woman: after[new[woman]] for woman in before} == before
    assert in_the_test(ready_ward) == locked
    assert not locked & learned_from(request)


def test_what_moved_before_any_run_or_there_and_back_between_two_binds_nobody(ready_ward: Ward) -> None:
    changes = moving.move_visit(ready_ward.lib, ready_ward.visits[0], ready_ward.women[1])
    review.undo_all(ready_ward.lib, changes)
    with ready_ward.lib.read() as session:
        assert learning_past.had(session) == {}
    begun(ready_ward)
    locked, other = one_of(ready_ward, Part.TEST), one_of(ready_ward, Part.TRAIN)
    changes = moving.move_visit(ready_ward.lib, ready_ward.visits[locked], ready_ward.women[other])
    review.undo_all(ready_ward.lib, changes)
    assert ready_ward.pairs[locked] in in_the_test(ready_ward)
    assert begun(ready_ward).sides.left_out == ()


@pytest.mark.parametrize("again", ["the same bytes", "compressed again"])
def test_women_who_were_removed_and_come_back_under_other_numbers_keep_their_parts(
    ready_ward: Ward, again: str
) -> None:
    shown = {ready_ward.add(GRADES[one % 4], white=blob(one % 4, 700 + one, size=160)): one for one in range(12)}
    begun(ready_ward)
    before = parts(ready_ward)
    back: dict[int, int] = {}
    for number, one in shown.items():
        white = blob(one % 4, 700 + one, size=160)
        labelling.set_histology(ready_ward.lib, ready_ward.visits[number], None)
        removal.remove_pictures(ready_ward.lib, pictures_of(ready_ward, number))
        moving.remove_visit(ready_ward.lib, ready_ward.visits[number])
        if again == "compressed again":
            white = decode_picture(encode_jpeg(white, quality=70), "x").pixels
        back[number] = ready_ward.add(GRADES[one % 4], white=white, fluorescence=False)
    begun(ready_ward)
    after = parts(ready_ward)
    for number, other in back.items():
        assert after[ready_ward.women[other]] is before[ready_ward.women[number]]


def test_groups_that_share_a_woman_become_one() -> None:
    groups = (Group(("a", "b"), (("1", "2"),)), Group(("c", "d"), ()), Group(("d", "a"), ()), Group(("e", "f"), ()))
    assert set(merged(groups)) == {Group(("a", "b", "c", "d"), (("1", "2"),)), Group(("e", "f"), ())}
    assert merged(()) == ()
