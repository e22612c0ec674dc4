"""Contours of lesions and the SCJ line, as they are put on record."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pfm_desktop.domain.anatomy import Outline
from pfm_desktop.domain.change import Change
from pfm_desktop.domain.findings import SwedeScore
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.shapes import polygon_area, shape_area
from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.services import cases, documenting, drawing, moving, pairing, review
from pfm_desktop.services.export.facts import of_report_alone
from pfm_desktop.services.removal import remove_pictures
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.removal import StillNeededError
from pfm_desktop.storage.rules import SignedError
from pfm_desktop.support.errors import BadInputError, StorageError

WHITE, GLOW = Source.WHITE, Source.FLUORESCENCE
BOX: Outline = ((20.0, 20.0), (60.0, 20.0), (60.0, 50.0), (20.0, 50.0))
FAR: Outline = ((70.0, 60.0), (90.0, 60.0), (90.0, 75.0), (70.0, 75.0))
LINE: Outline = ((10.0, 40.0), (40.0, 44.0), (80.0, 39.0))


class Room:
    """A visit with one pair of 100 x 80 pixels."""

    def __init__(self, lib: Library, identifier: str = "K-1") -> None:
        self.lib = lib
        self.visit = cases.add_visit(lib, cases.add_patient(lib, identifier=identifier).id).id
        self.pictures = []
        for stage in (Stage.ACETIC_ACID, Stage.FLUORESCENCE_AFTER_ACID):
            fields = {
                "visit_id": self.visit, "sha256": "0" * 64, "stage": stage.value,
                "taken_at": "2026-03-14T12:00:00+00:00", "width": 100, "height": 80,
                "seconds_since_acid": None, "mm_per_px": None, "device": "", "original_name": "",
            }  # fmt: skip
            self.pictures.append(cases.new_id())
            lib.apply(Change("picture", self.pictures[-1], None, fields, "Picture added"))
        self.pair = pairing.make_pair(lib, self.visit, *self.pictures).key

    @property
    def case(self) -> cases.VisitCase:
        return cases.visit_case(self.lib, self.visit)

    @property
    def state(self) -> tuple[object, ...]:
        case = self.case
        return case.lesions, case.contours, case.junctions, case.findings

    def draw(self, outline: Outline = BOX, lesion: str | None = None, frame: Source = WHITE) -> tuple[Change, ...]:
        return drawing.draw_contour(self.lib, self.pair, frame, outline, lesion)


@pytest.fixture
def room(lib: Library) -> Room:
    return Room(lib)


def test_the_first_contour_makes_lesion_one_and_undo_takes_both_back_in_one_step(room: Room) -> None:
    review.set_swede(room.lib, room.visit, SwedeScore(1, 1, 1, 1, 1))
    before = room.state
    made = room.draw()
    (lesion,), (contour,) = room.case.lesions, room.case.contours
    assert (lesion.number, lesion.swede.total) == (1, 5), "the score that the examination had is hers"
    assert (contour.lesion_id, contour.picture_id) == (lesion.id, room.pictures[0])
    assert contour.shape.outline == BOX
    after = room.state
    back = review.undo_all(room.lib, made)
    assert room.state == before
    review.undo_all(room.lib, back)
    assert room.state == after


def test_a_contour_belongs_to_the_lesion_that_is_named_and_a_lesion_may_have_several(room: Room) -> None:
    for _ in range(2):
        documenting.add_lesion(room.lib, room.visit)
    first, second = room.case.lesions
    room.draw(BOX, second.id)
    room.draw(FAR, second.id)
    room.draw(BOX)
    assert [one.lesion_id for one in room.case.contours] == [second.id, second.id, first.id]
    with pytest.raises(StorageError, match="no longer in the visit"):
        room.draw(FAR, "somebody's")


def test_what_overlaps_is_one_contour_so_that_no_tissue_counts_twice(room: Room) -> None:
    room.draw()
    before = room.state
    made = room.draw(((50.0, 30.0), (80.0, 30.0), (80.0, 40.0), (50.0, 40.0)))
    (contour,) = room.case.contours
    assert shape_area(contour.shape) == pytest.approx(1200 + 20 * 10, rel=0.01)
    review.undo_all(room.lib, made)
    assert room.state == before
    with pytest.raises(BadInputError, match="within the contour of lesion 1 already"):
        room.draw(((30.0, 30.0), (40.0, 30.0), (35.0, 40.0)))
    other = documenting.add_lesion(room.lib, room.visit)[0].key
    room.draw(((30.0, 30.0), (40.0, 30.0), (35.0, 40.0)), other)
    assert len(room.case.contours) == 2, "another lesion may lie within it"


def test_of_a_line_that_crosses_itself_the_outer_edge_is_kept(room: Room) -> None:
    room.draw(((10.0, 10.0), (40.0, 70.0), (10.0, 70.0), (40.0, 10.0)))
    (eight,) = room.case.contours
    assert polygon_area(eight.shape.outline) == pytest.approx(900, rel=0.03)


@pytest.mark.parametrize(
    ("outline", "said"),
    [
        ((), "too few points"),
        (((10.0, 10.0),), "one point is no line"),
        (((10.0, 10.0), (40.0, 40.0)), "too few points"),
        (((10.0, 10.0),) * 5, "encloses nothing"),
        (((10.0, 10.0), (40.0, 40.0), (25.0, 25.0)), "encloses nothing"),
        (((10.0, 10.0), (12.0, 10.0), (12.0, 12.0)), "encloses nothing"),
        (((-3.0, 10.0), (40.0, 10.0), (40.0, 40.0)), "leaves the picture"),
        (((3.0, math.nan), (40.0, 10.0), (40.0, 40.0)), "leaves the picture"),
        (((3.0, 10.0), (math.inf, 10.0), (40.0, 40.0)), "leaves the picture"),
    ],
)
def test_what_is_no_contour_is_refused_in_words_and_makes_no_lesion(room: Room, outline: Outline, said: str) -> None:
    with pytest.raises(BadInputError, match=said):
        room.draw(outline)
    assert (room.case.lesions, room.case.contours) == ((), ())


def test_a_brush_paints_and_erases_and_each_stroke_is_one_step(room: Room) -> None:
    states, steps = [room.state], []
    steps.append(drawing.paint(room.lib, room.pair, WHITE, ((40.0, 40.0), (60.0, 40.0)), 8.0))
    states.append(room.state)
    (bar,) = room.case.contours
    assert shape_area(bar.shape) == pytest.approx(20 * 16 + math.pi * 64, rel=0.02)
    assert drawing.paint(room.lib, room.pair, WHITE, ((50.0, 40.0),), 4.0) == (), "nothing is added"
    steps.append(drawing.erase(room.lib, room.pair, WHITE, ((50.0, 25.0), (50.0, 55.0)), 3.0))
    states.append(room.state)
    assert len(room.case.contours) == 2
    assert room.case.contours[0].id == bar.id, "the record goes on"
    steps.append(drawing.paint(room.lib, room.pair, WHITE, ((45.0, 40.0), (55.0, 40.0)), 4.0))
    states.append(room.state)
    assert len(room.case.contours) == 1
    steps.append(drawing.erase(room.lib, room.pair, WHITE, ((20.0, 40.0), (80.0, 40.0)), 30.0))
    assert room.case.contours == ()
    assert len(room.case.lesions) == 1, "the lesion is documented all the same"
    assert drawing.erase(room.lib, room.pair, WHITE, ((50.0, 40.0),), 5.0) == ()
    for state, step in zip(reversed(states), reversed(steps), strict=True):
        review.undo_all(room.lib, step)
        assert room.state == state


def test_a_corner_moves_and_comes_back_and_what_it_then_overlaps_is_one_with_it(room: Room) -> None:
    room.draw()
    room.draw(FAR)
    first, far = room.case.contours
    before = room.state
    made = drawing.move_corner(room.lib, first.id, 2, 62.0, 55.0)
    assert room.case.contours[0].shape.outline == (*BOX[:2], (62.0, 55.0), BOX[3])
    assert made[0].text == "Corner of lesion 1 moved"
    review.undo_all(room.lib, made)
    assert room.state == before
    made = drawing.move_corner(room.lib, first.id, 2, 80.0, 70.0)
    (whole,) = room.case.contours
    assert whole.id == first.id
    review.undo_all(room.lib, made)
    assert room.case.contours == (first, far)
    crossed = drawing.move_corner(room.lib, first.id, 2, 10.0, 30.0)
    assert len(crossed) == 1
    assert polygon_area(room.case.contours[0].shape.outline) > 100, "it crosses itself: the outer edge is kept"


def test_a_corner_stays_on_the_picture_and_leaves_something_enclosed(room: Room) -> None:
    room.draw(((20.0, 20.0), (60.0, 20.0), (40.0, 50.0)))
    drawing.draw_junction(room.lib, room.pair, WHITE, LINE)
    (contour,), (line,) = room.case.contours, room.case.junctions
    moved = drawing.move_corner(room.lib, line.id, 1, 40.0, 30.0)
    assert room.case.junctions[0].line == (LINE[0], (40.0, 30.0), LINE[2])
    review.undo_all(room.lib, moved)
    for key, corner, x, y, said in (
        (contour.id, 2, 40.0, 99.0, "leaves the picture"),
        (contour.id, 2, math.nan, 9.0, "leaves the picture"),
        (contour.id, 2, 40.0, 20.0, "enclose nothing"),
        (contour.id, 3, 40.0, 40.0, "no such corner"),
        (contour.id, -1, 40.0, 40.0, "no such corner"),
    ):
        with pytest.raises(BadInputError, match=said):
            drawing.move_corner(room.lib, key, corner, x, y)
    with pytest.raises(StorageError):
        drawing.move_corner(room.lib, "somebody's", 0, 1.0, 1.0)
    assert (room.case.contours, room.case.junctions) == ((contour,), (line,))


def test_what_is_erased_of_one_lesion_stays_of_another(room: Room) -> None:
    room.draw()
    other = documenting.add_lesion(room.lib, room.visit)[0].key
    room.draw(BOX, other)
    drawing.erase(room.lib, room.pair, WHITE, ((10.0, 35.0), (70.0, 35.0)), 25.0, other)
    assert [one.lesion_id for one in room.case.contours] == [room.case.lesions[0].id]


def test_a_contour_is_removed_and_a_lesion_takes_its_contours_along_in_one_step(room: Room) -> None:
    room.draw()
    room.draw(FAR)
    first, second = room.case.contours
    removed = drawing.remove_contour(room.lib, first.id)
    assert removed.text == "Contour of lesion 1 removed"
    assert room.case.contours == (second,)
    review.undo(room.lib, removed)
    before = room.state
    lesion = room.case.lesions[0].id
    gone = documenting.remove_lesion(room.lib, lesion)
    assert (room.case.lesions, room.case.contours) == ((), ())
    review.undo_all(room.lib, gone)
    assert room.state == before
    with pytest.raises(StillNeededError, match="contours of the lesion are drawn"):
        room.lib.apply(Change("lesion", lesion, gone[-1].old, None, "Lesion 1 removed"))
    with pytest.raises(StorageError):
        drawing.remove_contour(room.lib, "somebody's")


def test_the_junction_is_one_open_line_a_picture(room: Room) -> None:
    drawn = drawing.draw_junction(room.lib, room.pair, WHITE, LINE)
    anew = drawing.draw_junction(room.lib, room.pair, WHITE, LINE[:2])
    drawing.draw_junction(room.lib, room.pair, GLOW, LINE)
    assert (drawn.text, anew.text) == ("SCJ line drawn", "SCJ line drawn anew")
    assert [(one.picture_id, one.line) for one in room.case.junctions] == [
        (room.pictures[0], LINE[:2]),
        (room.pictures[1], LINE),
    ]
    assert room.case.lesions == ()
    removed = drawing.remove_junction(room.lib, room.case.junctions[1].id)
    assert len(room.case.junctions) == 1
    review.undo(room.lib, removed)
    review.undo(room.lib, anew)
    assert room.case.junctions[0].line == LINE
    for line, said in (((LINE[:1]), "one point"), (((5.0, 5.0), (5.2, 5.0)), "no line")):
        with pytest.raises(BadInputError, match=said):
            drawing.draw_junction(room.lib, room.pair, WHITE, line)


def test_what_is_drawn_keeps_its_picture_on_record_and_stays_in_a_signed_visit(room: Room) -> None:
    room.draw()
    drawing.draw_junction(room.lib, room.pair, WHITE, LINE)
    with pytest.raises(StorageError, match="something is drawn"):
        remove_pictures(room.lib, room.pictures[:1])
    review.set_impression(room.lib, room.visit, Grade.LOW)
    review.sign(room.lib, room.visit, "Dr. Test", "Reviewed")
    before = room.state
    for edit in (
        lambda: room.draw(FAR),
        lambda: drawing.paint(room.lib, room.pair, WHITE, ((60.0, 50.0),), 9.0),
        lambda: drawing.erase(room.lib, room.pair, WHITE, ((60.0, 50.0),), 9.0),
        lambda: drawing.remove_contour(room.lib, room.case.contours[0].id),
        lambda: drawing.draw_junction(room.lib, room.pair, WHITE, LINE[:2]),
        lambda: drawing.remove_junction(room.lib, room.case.junctions[0].id),
    ):
        with pytest.raises(SignedError):
            edit()
    assert room.state == before


def test_a_picture_with_a_contour_stays_with_its_lesion_and_the_junction_moves_along(room: Room) -> None:
    other = Room(room.lib, "K-2")
    room.lib.apply(Change("picture", other.pictures[0], {"sha256": "0" * 64}, {"sha256": "1" * 64}, "other"))
    room.lib.apply(Change("picture", other.pictures[1], {"sha256": "0" * 64}, {"sha256": "2" * 64}, "other"))
    drawing.draw_junction(room.lib, room.pair, WHITE, LINE)
    made = room.draw()
    with pytest.raises(BadInputError, match="a lesion of this visit is drawn"):
        moving.move_pictures(room.lib, room.pictures, other.visit)
    review.undo_all(room.lib, made)
    moving.move_pictures(room.lib, room.pictures, other.visit)
    assert room.case.junctions == ()
    assert [one.line for one in other.case.junctions] == [LINE]


def test_an_export_says_that_contours_stay_in_the_report(room: Room) -> None:
    assert list(of_report_alone(room.lib, room.case)) == []
    room.draw()
    drawing.draw_junction(room.lib, room.pair, WHITE, LINE)
    said = {left.what: left.why for left in of_report_alone(room.lib, room.case)}
    assert said["contours of lesions and SCJ lines (2)"] == "they stand in the report alone"


def test_size_and_place_are_taken_from_the_drawing_in_one_step(room: Room) -> None:
    room.draw()
    lesion = room.case.lesions[0].id
    before = room.state
    answers = {"percent": 12, "quadrants": 2, "hours": ["12", "1"]}
    made = documenting.take_from_drawing(room.lib, lesion, answers, 1, by="Dr. Test")
    taken = room.case.lesions[0]
    assert dict(taken.answers) == answers
    assert (taken.swede.lesion_size, room.case.findings.swede.lesion_size) == (1, 1)
    assert taken.scored is not None
    assert documenting.take_from_drawing(room.lib, lesion, answers, 1, by="Dr. Test") == (), "nothing differs"
    review.undo_all(room.lib, made)
    assert room.state == before
    with pytest.raises(BadInputError):
        documenting.take_from_drawing(room.lib, lesion, {"percent": 900}, None, by="Dr. Test")
    assert np.isclose(shape_area(room.case.contours[0].shape), 1200)
