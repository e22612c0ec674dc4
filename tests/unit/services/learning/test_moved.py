"""Pictures that stood on one side never stand on another one, whichever woman has them afterwards."""

from __future__ import annotations

import pytest

from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.domain.learning import Group, LeftOut, Part, Why, merged
from pfm_desktop.imaging.io import decode_picture, encode_jpeg
from pfm_desktop.services import cases, labelling, moving, removal, review
from pfm_desktop.services.learning import promotion, run
from pfm_desktop.services.learning.cases import find_cases
from pfm_desktop.services.learning.women import groups_of
from pfm_desktop.storage import learning as stored
from pfm_desktop.storage import learning_past

from .conftest import CTX, Ward, blob
from .test_run import begun


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
    return {case.pair_id for case in promotion.locked_cases(ward.lib, found, groups)}


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


def test_a_new_woman_who_is_given_a_picture_of_the_locked_test_stands_in_it(ready_ward: Ward) -> None:
    begun(ready_ward)
    locked = one_of(ready_ward, Part.TEST)
    new = cases.add_patient(ready_ward.lib, identifier="N-1").id
    moving.move_visit(ready_ward.lib, ready_ward.visits[locked], new)
    request = begun(ready_ward)
    assert parts(ready_ward)[new] is Part.TEST
    assert ready_ward.pairs[locked] not in learned_from(request)
    assert ready_ward.pairs[locked] in in_the_test(ready_ward)


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
def test_a_woman_who_was_removed_and_comes_back_under_another_number_keeps_her_part(
    ready_ward: Ward, again: str
) -> None:
    tall = [ready_ward.add(GRADES[number % 4], white=blob(number % 4, 700 + number, size=160)) for number in range(20)]
    begun(ready_ward)
    known = parts(ready_ward)
    locked = next(number for number in tall if known[ready_ward.women[number]] is Part.TEST)
    white = next(
        decode_picture(ready_ward.lib.pictures.get(case.pictures[source]), "x").pixels
        for case in find_cases(CTX, ready_ward.lib).cases
        if case.pair_id == ready_ward.pairs[locked]
        for source in case.sources[:1]
    )
    labelling.set_histology(ready_ward.lib, ready_ward.visits[locked], None)
    removal.remove_pictures(ready_ward.lib, pictures_of(ready_ward, locked))
    moving.remove_visit(ready_ward.lib, ready_ward.visits[locked])
    if again == "compressed again":
        white = decode_picture(encode_jpeg(white, quality=70), "x").pixels
    back = ready_ward.add(Grade.LOW, white=white, fluorescence=False)
    request = begun(ready_ward)
    assert parts(ready_ward)[ready_ward.women[back]] is Part.TEST
    assert ready_ward.pairs[back] not in learned_from(request)


def test_groups_that_share_a_woman_become_one() -> None:
    groups = (Group(("a", "b"), (("1", "2"),)), Group(("c", "d"), ()), Group(("d", "a"), ()), Group(("e", "f"), ()))
    assert set(merged(groups)) == {Group(("a", "b", "c", "d"), (("1", "2"),)), Group(("e", "f"), ())}
    assert merged(()) == ()
