"""What may be taken off the record, and that all of it comes back."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import numpy as np
import pytest
from PIL import Image

from pfm_desktop.domain.case import Pair
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.services import cases, pairing, removal, review
from pfm_desktop.storage import answers
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import StorageError, UserError

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


def png(shade: int) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.full((16, 24, 3), (shade, 80, 90), dtype=np.uint8)).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture
def visit(lib: Library) -> str:
    patient = cases.add_patient(lib, identifier="K-17", family_name="Li")
    return cases.add_visit(lib, patient.id, started_at=NOON).id


@pytest.fixture
def pair(lib: Library, visit: str) -> Pair:
    """A visit with a pair that is registered by hand."""
    for shade, stage in ((1, Stage.ACETIC_ACID), (2, Stage.FLUORESCENCE_AFTER_ACID)):
        cases.add_picture(lib, visit, png(shade), stage=stage, taken_at=NOON)
    made = pairing.ensure_pair(lib, visit)
    assert made is not None
    answers.replace_registration(lib, made.id, summary={"status": "ok"}, data=b"points", by_hand=True)
    return made


def everything(lib: Library) -> tuple[object, ...]:
    seen = tuple(cases.visit_case(lib, row.visit.id) for row in cases.today(lib))
    pairs = [pair.id for case in seen for pair in case.pairs]
    return seen, cases.find_patients(lib), [answers.registration(lib, key) for key in pairs]


def white_of(pair: Pair) -> str:
    assert pair.white_id is not None
    return pair.white_id


def test_a_picture_taken_off_comes_back_with_its_pair_and_the_points_placed_on_it(
    lib: Library, visit: str, pair: Pair
) -> None:
    before = everything(lib)
    changes = removal.remove_pictures(lib, [white_of(pair)])
    case = cases.visit_case(lib, visit)
    assert (len(case.pictures), case.pairs) == (1, ())
    back = review.undo_all(lib, changes)
    assert everything(lib) == before
    review.undo_all(lib, back)
    assert len(cases.visit_case(lib, visit).pictures) == 1


def test_several_pictures_go_together_or_not_at_all(lib: Library, visit: str, pair: Pair) -> None:
    other = cases.add_picture(lib, visit, png(3), stage=Stage.SALINE)
    review.mark_os(lib, pair.id, Source.WHITE, 1, 1)
    before = everything(lib)
    with pytest.raises(UserError, match="os is marked"):
        removal.remove_pictures(lib, [other.id, white_of(pair)])
    assert everything(lib) == before
    review.clear_os(lib, pair.id, Source.WHITE)
    removal.remove_pictures(lib, [picture.id for picture in cases.visit_case(lib, visit).pictures])
    assert cases.visit_case(lib, visit).pictures == ()


def test_a_picture_whose_pair_carries_pins_stays_and_it_is_said_why(lib: Library, pair: Pair) -> None:
    review.place_pin(lib, pair.id, Source.WHITE, 1, 1)
    before = everything(lib)
    with pytest.raises(UserError, match="pins stand on its pair"):
        removal.remove_pictures(lib, [white_of(pair)])
    assert everything(lib) == before


def test_once_the_answer_was_revealed_its_pictures_stay_and_others_may_go(lib: Library, visit: str, pair: Pair) -> None:
    other = cases.add_picture(lib, visit, png(3), stage=Stage.SALINE)
    review.set_impression(lib, visit, Grade.LOW)
    review.reveal(lib, visit, "Dr. Demo")
    with pytest.raises(UserError, match="revealed"):
        removal.remove_pictures(lib, [white_of(pair)])
    with pytest.raises(UserError, match="revealed"):
        review.undo(lib, cases.change_that_made(lib, "pair", pair.id, "Pair made"))
    removal.remove_pictures(lib, [other.id])
    assert len(cases.visit_case(lib, visit).pictures) == 2


def test_a_signed_visit_keeps_its_pictures_and_pairs(lib: Library, visit: str, pair: Pair) -> None:
    other = cases.add_picture(lib, visit, png(3), stage=Stage.SALINE)
    review.set_impression(lib, visit, Grade.LOW)
    review.sign(lib, visit, "Dr. Demo", "reviewed")
    before = everything(lib)
    for picture in (other.id, white_of(pair)):
        with pytest.raises(UserError, match="is signed"):
            removal.remove_pictures(lib, [picture])
    with pytest.raises(UserError, match="is signed"):
        review.undo(lib, cases.change_that_made(lib, "pair", pair.id, "Pair made"))
    assert everything(lib) == before


def test_a_picture_that_is_gone_is_said_in_words(lib: Library) -> None:
    with pytest.raises(StorageError, match="not in the library"):
        removal.remove_pictures(lib, ["0" * 32])


def test_adding_a_picture_is_undone_also_after_another_pair_was_made_of_it(
    lib: Library, visit: str, pair: Pair
) -> None:
    added = cases.add_picture(lib, visit, png(3), stage=Stage.SALINE)
    made = cases.change_that_made(lib, "picture", added.id, "Picture added")
    before = [other.id for other in cases.visit_case(lib, visit).pictures]
    pairing.make_pair(lib, visit, added.id, pair.fluorescence_id)
    back = review.undo_all(lib, [made])
    case = cases.visit_case(lib, visit)
    assert [other.id for other in case.pictures] == [key for key in before if key != added.id]
    assert case.pairs == (pair,)
    review.undo_all(lib, back)
    assert len(cases.visit_case(lib, visit).pairs) == 2


def test_a_new_woman_and_her_visit_are_undone_while_nothing_is_in_it(lib: Library, visit: str) -> None:
    case = cases.visit_case(lib, visit)
    made = (
        cases.change_that_made(lib, "patient", case.patient.id, "Patient K-17 added"),
        cases.change_that_made(lib, "visit", visit, "Visit added"),
    )
    review.undo(lib, review.set_text(lib, visit, "nothing yet"))  # leaves findings that say nothing
    back = review.undo_all(lib, made)
    assert cases.find_patients(lib) == ()
    review.undo_all(lib, back)
    assert cases.visit_case(lib, visit).patient == case.patient


@pytest.mark.parametrize("what", ["pictures", "findings"])
def test_a_visit_with_something_in_it_is_not_undone_and_it_is_said_why(lib: Library, visit: str, what: str) -> None:
    if what == "pictures":
        cases.add_picture(lib, visit, png(1), stage=Stage.SALINE)
    else:
        review.set_impression(lib, visit, Grade.LOW)
    patient = cases.visit_case(lib, visit).patient
    with pytest.raises(UserError, match=f"{what} in the visit"):
        review.undo(lib, cases.change_that_made(lib, "visit", visit, "Visit added"))
    with pytest.raises(UserError, match="visits of this woman"):
        review.undo(lib, cases.change_that_made(lib, "patient", patient.id, "Patient K-17 added"))
    assert cases.visit_case(lib, visit).patient == patient
