"""Pictures and visits that lay with the wrong woman go to the right one in one step, and what is emptied can go."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from pfm_desktop.domain.case import Pair
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.services import at_work, cases, moving, pairing, review
from pfm_desktop.storage import crosswalk, journal
from pfm_desktop.storage import removal as storage
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import UserError

from .test_removal import png

pytestmark = pytest.mark.slow

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


class Two:
    """Two women with a visit each; hers has a pair and a picture beside it."""

    def __init__(self, lib: Library) -> None:
        self.lib = lib
        self.first, self.second = (cases.add_patient(lib, identifier=name).id for name in ("K-17", "K-18"))
        self.visit = cases.add_visit(lib, self.first, started_at=NOON).id
        self.other = cases.add_visit(lib, self.second, started_at=NOON + timedelta(days=1)).id
        stages = (Stage.ACETIC_ACID, Stage.FLUORESCENCE_AFTER_ACID, Stage.LUGOL)
        self.white, self.lit, self.lugol = (
            cases.add_picture(lib, self.visit, png(shade), stage=stage, taken_at=NOON).id
            for shade, stage in enumerate(stages)
        )
        made = pairing.ensure_pair(lib, self.visit)
        assert made is not None
        self.pair: Pair = made

    @property
    def here(self) -> cases.VisitCase:
        return cases.visit_case(self.lib, self.visit)

    @property
    def there(self) -> cases.VisitCase:
        return cases.visit_case(self.lib, self.other)


@pytest.fixture
def two(lib: Library) -> Two:
    return Two(lib)


def ids(case: cases.VisitCase) -> set[str]:
    return {picture.id for picture in case.pictures}


# pictures


def test_a_picture_moves_and_comes_back(lib: Library, two: Two) -> None:
    before = two.here, two.there
    made = moving.move_pictures(lib, [two.lugol], two.other)
    assert (ids(two.here), ids(two.there)) == ({two.white, two.lit}, {two.lugol})
    assert made[0].text == "Picture moved from K-17 to K-18 (lugol)"
    review.undo_all(lib, made)
    assert (two.here, two.there) == before


def test_a_pair_moves_with_its_pins_marks_and_drawings(lib: Library, two: Two) -> None:
    review.place_pin(lib, two.pair.id, Source.WHITE, 3, 4)
    review.mark_os(lib, two.pair.id, Source.WHITE, 5, 6)
    review.mark_cervix(lib, two.pair.id, Source.WHITE, ((1, 1), (20, 1), (20, 14), (1, 14)))
    before = two.here, two.there
    made = moving.move_pictures(lib, [two.white, two.lit], two.other)
    assert [pair.id for pair in two.there.pairs] == [two.pair.id]
    assert len(two.there.pins) == len(two.there.os_marks) == len(two.there.cervix_marks) == 1
    assert (two.here.pairs, two.here.pins, two.here.cervix_marks) == ((), (), ())
    review.undo_all(lib, made)
    assert (two.here, two.there) == before


def test_a_pair_that_is_torn_goes_and_comes_back_with_undo(lib: Library, two: Two) -> None:
    before = two.here, two.there
    made = moving.move_pictures(lib, [two.white], two.other)
    assert two.here.pairs == two.there.pairs == ()
    review.undo_all(lib, made)
    assert (two.here, two.there) == before


def test_a_pair_that_was_made_there_since_goes_when_the_move_is_undone(lib: Library, two: Two) -> None:
    made = moving.move_pictures(lib, [two.lugol], two.other)
    assert pairing.ensure_pair(lib, two.other) is not None
    review.undo_all(lib, made)
    assert two.there.pairs == ()
    assert two.lugol in ids(two.here)


def pin(two: Two) -> None:
    review.place_pin(two.lib, two.pair.id, Source.WHITE, 3, 4)


def mark(two: Two) -> None:
    review.mark_os(two.lib, two.pair.id, Source.WHITE, 3, 4)


def reveal(two: Two) -> None:
    review.set_impression(two.lib, two.visit, Grade.LOW)
    review.reveal(two.lib, two.visit, "Dr. Test")


@pytest.mark.parametrize("done", [pin, mark, reveal])
def test_a_pair_is_not_torn_while_something_stands_on_it(lib: Library, two: Two, done: Callable[[Two], None]) -> None:
    done(two)
    before = two.here, two.there
    with pytest.raises(UserError, match=r"pins stand|os is marked|was revealed") as refused:
        moving.move_pictures(lib, [two.white], two.other)
    assert refused.value.remedy
    assert (two.here, two.there) == before


def test_what_an_answer_was_revealed_about_stays_in_its_visit(lib: Library, two: Two) -> None:
    reveal(two)
    with pytest.raises(UserError, match="was revealed"):
        moving.move_pictures(lib, [two.white, two.lit], two.other)
    moving.move_pictures(lib, [two.lugol], two.other)
    assert ids(two.there) == {two.lugol}


def sign(lib: Library, visit: str) -> None:
    review.set_impression(lib, visit, Grade.LOW)
    review.sign(lib, visit, "Dr. Test", "read")


@pytest.mark.parametrize("side", ["visit", "other"])
def test_signed_visits_neither_give_nor_take_pictures(lib: Library, two: Two, side: str) -> None:
    sign(lib, getattr(two, side))
    before = two.here, two.there
    for chosen in ([two.lugol], [two.white, two.lit], [two.white]):
        with pytest.raises(UserError, match="signed"):
            moving.move_pictures(lib, chosen, two.other)
    assert (two.here, two.there) == before


def test_a_visit_that_was_signed_since_gives_nothing_back(lib: Library, two: Two) -> None:
    made = moving.move_pictures(lib, [two.lugol], two.other)
    sign(lib, two.other)
    with pytest.raises(UserError, match="signed"):
        review.undo_all(lib, made)


def test_letters_are_not_there_twice(lib: Library, two: Two) -> None:
    pin(two)
    cases.add_picture(lib, two.other, png(9), stage=Stage.ACETIC_ACID, taken_at=NOON)
    there = pairing.ensure_pair(lib, two.other)
    assert there is not None
    review.place_pin(lib, there.id, Source.WHITE, 1, 1)
    with pytest.raises(UserError, match="pins of the same letter"):
        moving.move_pictures(lib, [two.white, two.lit], two.other)


def test_what_the_other_visit_has_already_is_not_moved_there(lib: Library, two: Two) -> None:
    cases.add_picture(lib, two.other, png(2), stage=Stage.LUGOL, taken_at=NOON)
    with pytest.raises(UserError, match="already"):
        moving.move_pictures(lib, [two.lugol], two.other)


def test_to_the_same_visit_or_one_that_is_gone_nothing_moves(lib: Library, two: Two) -> None:
    with pytest.raises(UserError, match="another one"):
        moving.move_pictures(lib, [two.lugol], two.visit)
    with pytest.raises(UserError, match="not in the library"):
        moving.move_pictures(lib, ["gone"], two.other)
    with pytest.raises(UserError):
        moving.move_pictures(lib, [two.lugol], "gone")


def test_after_a_crash_a_move_is_a_step_of_the_visit_that_was_left(lib: Library, two: Two) -> None:
    at_work.begin(lib)
    made = moving.move_pictures(lib, [two.lugol], two.other)
    lib.close()
    with Library.open(lib.path) as again:
        left = at_work.begin(again)
        assert left is not None
        assert [(step.visit_id, step.changes) for step in left.done] == [(two.visit, made)]
        review.undo_all(again, made)
        assert at_work._history(again, 0, "").undone[-1].visit_id == two.visit


# visits


def test_a_visit_moves_with_all_that_is_in_it_and_comes_back(lib: Library, two: Two) -> None:
    reveal(two)
    pin(two)
    cases.add_visit(lib, two.first, started_at=NOON - timedelta(days=9))
    before = two.here
    made = moving.move_visit(lib, two.visit, two.second)
    assert two.here.patient.identifier == "K-18"
    assert (two.here.findings, two.here.pins, two.here.pictures) == (before.findings, before.pins, before.pictures)
    assert [change.text for change in made] == ["Visit moved from K-17 to K-18"]
    review.undo_all(lib, made)
    assert two.here == before


def test_a_woman_whose_only_visit_moves_goes_with_the_same_step_and_comes_back(lib: Library, two: Two) -> None:
    before = two.here
    assert moving.last_visit(lib, two.visit)
    made = moving.move_visit(lib, two.visit, two.second)
    assert [change.text for change in made] == ["Visit moved from K-17 to K-18", "Patient K-17 removed"]
    with lib.read() as session:
        assert storage.women_without_visits(session, 9) == ()
    review.undo_all(lib, made)
    assert two.here == before


def test_one_who_has_a_pseudonym_stays(lib: Library, two: Two) -> None:
    crosswalk.aliases(lib, [two.first])
    assert not moving.last_visit(lib, two.visit)
    assert len(moving.move_visit(lib, two.visit, two.second)) == 1
    with pytest.raises(UserError, match="pseudonym"):
        moving.remove_patient(lib, two.first)


def test_a_signed_visit_stays_with_its_woman(lib: Library, two: Two) -> None:
    sign(lib, two.visit)
    with pytest.raises(UserError, match="signed"):
        moving.move_visit(lib, two.visit, two.second)


def test_a_visit_goes_to_another_woman_who_is_there(lib: Library, two: Two) -> None:
    for patient in (two.first, "gone"):
        with pytest.raises(UserError, match=r"hers already|not in the library"):
            moving.move_visit(lib, two.visit, patient)


def test_an_empty_visit_goes_with_a_woman_who_has_no_other_and_both_come_back(lib: Library, two: Two) -> None:
    before = two.there
    made = moving.remove_visit(lib, two.other)
    assert [change.text for change in made] == ["Visit removed (K-18)", "Patient K-18 removed"]
    assert len(cases.today(lib)) == 1
    review.undo_all(lib, made)
    assert two.there == before


def test_a_visit_with_something_in_it_stays(lib: Library, two: Two) -> None:
    with pytest.raises(UserError, match="there are pictures in the visit"):
        moving.remove_visit(lib, two.visit)
    review.set_impression(lib, two.other, Grade.LOW)
    with pytest.raises(UserError, match="there are findings in the visit"):
        moving.remove_visit(lib, two.other)


def test_a_woman_without_visits_goes_and_comes_back(lib: Library, two: Two) -> None:
    alone = cases.add_patient(lib, identifier="K-19").id
    with lib.read() as session:
        assert storage.women_without_visits(session, 9) == (alone,)
    made = moving.remove_patient(lib, alone)
    with pytest.raises(UserError, match="not in the library"):
        moving.remove_patient(lib, alone)
    review.undo_all(lib, made)
    assert moving.remove_patient(lib, alone)
    with pytest.raises(UserError, match="there are visits of this woman"):
        moving.remove_patient(lib, two.first)


def test_each_of_it_is_a_line_of_the_trail_with_both_sides(lib: Library, two: Two) -> None:
    moving.move_pictures(lib, [two.lugol], two.other)
    moving.move_visit(lib, two.visit, two.second)
    with lib.read() as session:
        picture, visit, woman = journal.entries(session)[-3:]
    assert (picture.old, picture.new) == ({"visit_id": two.visit}, {"visit_id": two.other})
    assert (visit.old, visit.new) == ({"patient_id": two.first}, {"patient_id": two.second})
    assert (woman.what, woman.new) == ("patient", None)
