from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import pytest

from pfm_desktop.domain.anatomy import Outline
from pfm_desktop.domain.annotation import Pin, hour_of
from pfm_desktop.domain.change import Change
from pfm_desktop.domain.findings import SwedeScore
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.prediction import ModelInfo, RevealedModel
from pfm_desktop.domain.source import PLACES, Source, Stage
from pfm_desktop.services import cases, pairing, review
from pfm_desktop.services.removal import remove_pictures
from pfm_desktop.storage import journal, rules
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.rules import FirstReadError, ReadsDifferError, SignedError
from pfm_desktop.support.errors import BadInputError, StorageError, UserError


@dataclass(frozen=True)
class Room:
    """A visit with one pair, under review."""

    lib: Library
    visit: str
    pair: str

    @property
    def case(self) -> cases.VisitCase:
        return cases.visit_case(self.lib, self.visit)

    @property
    def pins(self) -> tuple[Pin, ...]:
        return self.case.pins


@pytest.fixture
def room(lib: Library) -> Room:
    visit = cases.add_visit(lib, cases.add_patient(lib, identifier="K-1").id).id
    ids = []
    for stage in (Stage.ACETIC_ACID, Stage.FLUORESCENCE_AFTER_ACID):
        fields = {
            "visit_id": visit,
            "sha256": "0" * 64,
            "stage": stage.value,
            "taken_at": "2026-03-14T12:00:00+00:00",
            "width": 100,
            "height": 80,
            "seconds_since_acid": None,
            "mm_per_px": None,
            "device": "",
            "original_name": "",
        }
        ids.append(cases.new_id())
        lib.apply(Change("picture", ids[-1], None, fields, "Picture added"))
    return Room(lib, visit, pairing.make_pair(lib, visit, ids[0], ids[1]).key)


def test_pins_get_letters_in_order_and_keep_them_when_another_goes(room: Room) -> None:
    first = review.place_pin(room.lib, room.pair, Source.WHITE, 10, 20)
    review.place_pin(room.lib, room.pair, Source.FLUORESCENCE, 11.5, 20.25)
    review.remove_pin(room.lib, first.key)
    assert [(pin.letter, pin.frame, pin.x, pin.y) for pin in room.pins] == [("B", Source.FLUORESCENCE, 11.5, 20.25)]
    review.place_pin(room.lib, room.pair, Source.WHITE, 1, 2)
    assert [pin.letter for pin in room.pins] == ["A", "B"]


def test_a_pin_moves_takes_a_note_and_goes_and_every_step_comes_back(room: Room) -> None:
    states, changes = [room.pins], []
    steps: list[Callable[[], Change]] = [
        lambda: review.place_pin(room.lib, room.pair, Source.WHITE, 10, 20, note="first"),
        lambda: review.move_pin(room.lib, room.pins[0].id, 30, 40),
        lambda: review.note_pin(room.lib, room.pins[0].id, "at the rim"),
        lambda: review.remove_pin(room.lib, room.pins[0].id),
    ]
    for step in steps:
        changes.append(step())
        states.append(room.pins)
    assert (states[3][0].x, states[3][0].note, states[4]) == (30.0, "at the rim", ())
    undone = []
    for change, before in zip(reversed(changes), reversed(states[:-1]), strict=True):
        undone.append(review.undo(room.lib, change))
        assert room.pins == before
    for change, after in zip(reversed(undone), states[1:], strict=True):
        review.undo(room.lib, change)
        assert room.pins == after


def test_undo_and_redo_say_so_in_the_journal(room: Room) -> None:
    placed = review.place_pin(room.lib, room.pair, Source.WHITE, 1, 1)
    undone = review.undo(room.lib, placed)
    redone = review.undo(room.lib, undone)
    again = review.undo(room.lib, redone)
    texts = [change.text for change in (placed, undone, redone, again)]
    assert texts == ["Pin A placed", "Undo: Pin A placed", "Redo: Pin A placed", "Undo: Pin A placed"]
    with room.lib.read() as session:
        assert [entry.text for entry in journal.entries(session, what="pin")] == texts


def test_undo_of_something_that_changed_since_is_refused(room: Room) -> None:
    placed = review.place_pin(room.lib, room.pair, Source.WHITE, 1, 1)
    review.move_pin(room.lib, placed.key, 2, 2)
    with pytest.raises(StorageError, match="changed meanwhile"):
        review.undo(room.lib, placed)
    assert room.pins[0].x == 2.0


@pytest.mark.parametrize(("x", "y"), [(-0.6, 1), (99.6, 1), (1, 79.6), (1, -1), (math.nan, 1), (1, math.inf)])
def test_a_mark_off_the_picture_is_refused(room: Room, x: float, y: float) -> None:
    placed = review.place_pin(room.lib, room.pair, Source.WHITE, 99.5, 79.5)  # the corner belongs to it
    for call in (
        lambda: review.place_pin(room.lib, room.pair, Source.WHITE, x, y),
        lambda: review.move_pin(room.lib, placed.key, x, y),
        lambda: review.mark_os(room.lib, room.pair, Source.WHITE, x, y),
    ):
        with pytest.raises(BadInputError, match="outside the picture"):
            call()
    assert [(pin.x, pin.y) for pin in room.pins] == [(99.5, 79.5)]
    assert room.case.os_marks == ()


def test_the_source_that_a_pair_lacks_cannot_be_marked(room: Room) -> None:
    white = room.case.pairs[0].white_id
    alone = pairing.make_pair(room.lib, room.visit, white, None).key
    with pytest.raises(BadInputError, match="no fluorescence picture"):
        review.place_pin(room.lib, alone, Source.FLUORESCENCE, 1, 1)


def test_the_os_is_marked_moved_and_cleared_and_the_hour_follows(room: Room) -> None:
    review.place_pin(room.lib, room.pair, Source.WHITE, 50, 10)
    assert hour_of(room.pins[0], None) is None
    marked = review.mark_os(room.lib, room.pair, Source.WHITE, 50, 40)
    assert hour_of(room.pins[0], room.case.os_marks[0]) == 12
    moved = review.mark_os(room.lib, room.pair, Source.WHITE, 80, 10)
    assert (marked.text, moved.text) == ("Os marked", "Os moved")
    assert hour_of(room.pins[0], room.case.os_marks[0]) == 9
    review.mark_os(room.lib, room.pair, Source.FLUORESCENCE, 1, 1)
    assert len(room.case.os_marks) == 2
    review.clear_os(room.lib, room.pair, Source.FLUORESCENCE)
    review.undo(room.lib, moved)
    review.undo(room.lib, marked)
    assert room.case.os_marks == ()


def test_marks_belong_to_their_picture_whatever_it_is_paired_with(room: Room) -> None:
    (pair,) = room.case.pairs
    white, lit = pair.white_id, pair.fluorescence_id
    on_white = review.place_pin(room.lib, room.pair, Source.WHITE, 50, 20)
    on_lit = review.place_pin(room.lib, room.pair, Source.FLUORESCENCE, 60, 20)
    review.mark_os(room.lib, room.pair, Source.WHITE, 50, 40)
    alone = pairing.make_pair(room.lib, room.visit, white, None).key
    other = pairing.make_pair(room.lib, room.visit, None, lit).key
    assert [pin.id for pin in room.case.pins_on(room.pair)] == [on_white.key, on_lit.key]
    assert [pin.id for pin in room.case.pins_on(alone)] == [on_white.key]
    assert [pin.id for pin in room.case.pins_on(other)] == [on_lit.key]
    assert [(mark.frame, mark.x) for mark in room.case.os_marks_on(alone)] == [(Source.WHITE, 50)]
    assert room.case.os_marks_on(other) == ()
    assert room.case.picture_of(room.pins[1]) == room.case.picture(lit)


def test_the_os_of_a_picture_is_one_whatever_it_is_paired_with(room: Room) -> None:
    white = room.case.pairs[0].white_id
    review.mark_os(room.lib, room.pair, Source.WHITE, 50, 40)
    alone = pairing.make_pair(room.lib, room.visit, white, None).key
    moved = review.mark_os(room.lib, alone, Source.WHITE, 30, 40)
    assert moved.text == "Os moved"
    assert [(mark.pair_id, mark.x) for mark in room.case.os_marks] == [(room.pair, 30)]
    review.undo(room.lib, moved)
    assert [mark.x for mark in room.case.os_marks_on(alone)] == [50]


def test_where_an_older_version_marked_a_picture_in_two_pairs_the_mark_of_the_pair_counts(room: Room) -> None:
    white = room.case.pairs[0].white_id
    review.mark_os(room.lib, room.pair, Source.WHITE, 50, 40)
    alone = pairing.make_pair(room.lib, room.visit, white, None).key
    room.lib.apply(Change("os_mark", f"{alone}/white", None, {"x": 30.0, "y": 40.0}, "Os marked"))
    assert [mark.x for mark in room.case.os_marks_on(room.pair)] == [50]
    assert [mark.x for mark in room.case.os_marks_on(alone)] == [30]


RING = ((10.0, 10.0), (80.0, 12.0), (70.0, 70.0), (12.0, 66.0))


def test_the_cervix_is_drawn_drawn_anew_and_removed_and_each_step_comes_back(room: Room) -> None:
    drawn = review.mark_cervix(room.lib, room.pair, Source.WHITE, RING)
    assert dict(room.case.cervix_on(room.pair)) == {Source.WHITE: RING}
    anew = review.mark_cervix(room.lib, room.pair, Source.WHITE, RING[1:])
    review.mark_cervix(room.lib, room.pair, Source.FLUORESCENCE, RING)
    assert dict(room.case.cervix_on(room.pair)) == {Source.WHITE: RING[1:], Source.FLUORESCENCE: RING}
    assert (drawn.text, anew.text) == ("Cervix drawn", "Cervix drawn anew")
    removed = review.clear_cervix(room.lib, room.pair, Source.FLUORESCENCE)
    assert set(room.case.cervix_on(room.pair)) == {Source.WHITE}
    review.undo(room.lib, removed)
    review.undo(room.lib, anew)
    assert dict(room.case.cervix_on(room.pair)) == {Source.WHITE: RING, Source.FLUORESCENCE: RING}
    review.undo(room.lib, drawn)
    assert set(room.case.cervix_on(room.pair)) == {Source.FLUORESCENCE}


def test_of_a_stroke_that_crosses_itself_the_outer_edge_is_kept(room: Room) -> None:
    past_its_start = (*RING, (11.0, 30.0), (30.0, 8.0))
    twice = (*RING, *((x + 2, y + 2) for x, y in RING[1:]), (11.0, 11.0))
    eight = ((10.0, 10.0), (40.0, 70.0), (10.0, 70.0), (40.0, 10.0))
    for line, area in ((past_its_start, 3500), (twice, 3820), (eight, 900)):
        review.mark_cervix(room.lib, room.pair, Source.WHITE, line)
        kept = dict(room.case.cervix_on(room.pair))[Source.WHITE]
        x, y = np.array(kept).T
        assert abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2 == pytest.approx(area, rel=0.02)


def test_an_outline_belongs_to_its_picture_whatever_it_is_paired_with(room: Room) -> None:
    review.mark_cervix(room.lib, room.pair, Source.WHITE, RING)
    alone = pairing.make_pair(room.lib, room.visit, room.case.pairs[0].white_id, None).key
    review.mark_cervix(room.lib, alone, Source.WHITE, RING[1:])
    assert len(room.case.cervix_marks) == 1
    assert dict(room.case.cervix_on(room.pair)) == {Source.WHITE: RING[1:]}


@pytest.mark.parametrize(
    "outline",
    [
        (),
        RING[:2],
        ((10.0, 10.0), (12.0, 10.0), (12.0, 12.0)),
        ((10.0, 10.0), (50.0, 50.0), (90.0, 79.5)),
        ((math.nan, 10.0), (50.0, 10.0), (50.0, 50.0)),
        ((-1.0, 10.0), (50.0, 10.0), (50.0, 50.0)),
        ((10.0, 10.0), (50.0, 10.0), (50.0, math.inf)),
    ],
    ids=["nothing", "a line", "a speck", "beyond", "no number", "before", "endless"],
)
def test_what_encloses_nothing_or_leaves_the_picture_is_no_outline(room: Room, outline: Outline) -> None:
    with pytest.raises(BadInputError, match="draw around the whole cervix"):
        review.mark_cervix(room.lib, room.pair, Source.WHITE, outline)
    assert room.case.cervix_marks == ()


def test_what_is_drawn_on_a_picture_keeps_it_on_record_and_a_signed_visit_keeps_what_is_drawn(room: Room) -> None:
    review.mark_cervix(room.lib, room.pair, Source.WHITE, RING)
    white = room.case.pairs[0].white_id
    assert white is not None
    with pytest.raises(StorageError, match="something is drawn"):
        remove_pictures(room.lib, [white])
    review.set_impression(room.lib, room.visit, Grade.LOW)
    review.set_plan(room.lib, room.visit, "none")
    review.sign(room.lib, room.visit, "Dr. Test", "Reviewed")
    for edit in (review.clear_cervix, lambda *at: review.mark_cervix(*at, RING[1:])):
        with pytest.raises(SignedError):
            edit(room.lib, room.pair, Source.WHITE)
    assert dict(room.case.cervix_on(room.pair)) == {Source.WHITE: RING}


def test_findings_are_kept_as_they_are_said_and_each_comes_back_alone(room: Room) -> None:
    lib, visit = room.lib, room.visit
    impression = review.set_impression(lib, visit, Grade.HIGH)
    review.set_text(lib, visit, "dense acetowhite area")
    review.set_plan(lib, visit, "biopsy")
    review.set_swede(lib, visit, SwedeScore(2, 2, 1, 1, None))
    found = room.case.findings
    assert (found.impression, found.text, found.plan) == (Grade.HIGH, "dense acetowhite area", "biopsy")
    assert found.swede.status == "4 of 5 items, 6 points so far"
    assert found.gaps() == ("Swede score (1 of 5 items)",)
    review.undo(lib, impression)  # out of order: the other fields stay
    assert room.case.findings == replace(found, impression=None)


def test_a_swede_change_holds_only_the_items_that_changed(room: Room) -> None:
    review.set_swede(room.lib, room.visit, SwedeScore(1, 1, 1, 1, 1))
    change = review.set_swede(room.lib, room.visit, SwedeScore(1, 1, 2, 1, None))
    assert change.old == {"vessels": 1, "iodine": 1}
    assert change.new == {"vessels": 2, "iodine": None}
    assert change.text == "Swede: Vessels 2, Iodine staining -"


def test_the_ai_stays_hidden_until_there_is_a_first_read(room: Room) -> None:
    with pytest.raises(UserError, match=r"first read.*choose an impression first"):
        review.reveal(room.lib, room.visit, "Dr. Demo")
    assert not room.case.findings.revealed


def test_the_reveal_records_moment_and_first_read_which_then_stays(room: Room) -> None:
    before = datetime.now(UTC)
    room.lib.who = "Dr. Demo"
    review.set_impression(room.lib, room.visit, Grade.LOW)
    after = datetime.now(UTC)
    revealed = review.reveal(room.lib, room.visit, "Dr. Demo")
    first = room.case.findings.first_read
    assert first is not None
    assert (first.impression, first.reader, first.after_reveal) == (Grade.LOW, "Dr. Demo", False)
    assert before <= first.read_at <= after
    assert room.case.findings.revealed_at is not None
    assert room.case.findings.revealed_at >= after
    with pytest.raises(FirstReadError):
        review.undo(room.lib, revealed)
    with pytest.raises(UserError, match="revealed before"):
        review.reveal(room.lib, room.visit, "Somebody else")
    review.set_impression(room.lib, room.visit, Grade.HIGH)
    assert room.case.findings.first_read == first


def test_the_first_read_is_of_who_gave_it_whoever_reveals(room: Room) -> None:
    room.lib.who = "Dr. Adler"
    review.set_impression(room.lib, room.visit, Grade.HIGH)
    review.set_impression(room.lib, room.visit, Grade.LOW)
    given = datetime.now(UTC)
    room.lib.who = "Dr. Brandt"
    other = review.set_impression(room.lib, room.visit, Grade.HIGH)
    review.undo(room.lib, other)
    review.reveal(room.lib, room.visit, "Dr. Brandt")
    first = room.case.findings.first_read
    assert first is not None
    assert (first.impression, first.reader) == (Grade.LOW, "Dr. Adler")
    assert first.read_at <= given


def test_an_impression_that_the_journal_does_not_know_is_read_by_who_reveals(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    review.set_impression(room.lib, room.visit, Grade.LOW)
    monkeypatch.setattr(journal, "entries", lambda *_args, **_named: ())
    review.reveal(room.lib, room.visit, "Dr. Brandt")
    first = room.case.findings.first_read
    assert first is not None
    assert (first.reader, first.read_at) == ("Dr. Brandt", room.case.findings.revealed_at)


def test_the_reveal_and_whose_answer_it_showed_are_on_record_together_or_not_at_all(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = ModelInfo("pfm-demo", "1", "ab" * 32, PLACES, "T0", "token", 224)
    review.set_impression(room.lib, room.visit, Grade.LOW)
    with monkeypatch.context() as broken:
        broken.setattr(journal, "append_reveal", lambda *_args, **_named: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            review.reveal(room.lib, room.visit, "Dr. Demo", model=model)
    assert not room.case.findings.revealed
    assert room.case.revealed_model is None
    review.reveal(room.lib, room.visit, "Dr. Demo", model=model)
    assert room.case.revealed_model == RevealedModel("pfm-demo", "1", "ab" * 32)


def test_with_the_lock_off_the_record_says_that_there_was_no_first_read(room: Room) -> None:
    change = review.reveal(room.lib, room.visit, "Dr. Demo", lock=False)
    assert room.case.findings.revealed
    assert room.case.findings.first_read is None
    assert "without a first read" in change.text


def test_a_second_read_comes_after_the_reveal_and_says_why_it_departs(room: Room) -> None:
    lib, visit = room.lib, room.visit
    with pytest.raises(UserError, match="reveal the AI answer first"):
        review.agree(lib, visit, "R", Grade.HIGH)
    review.set_impression(lib, visit, Grade.LOW)
    review.reveal(lib, visit, "R")
    agreed = review.agree(lib, visit, "R", Grade.HIGH)
    assert room.case.findings.impression is Grade.HIGH
    review.undo(lib, agreed)
    assert (room.case.findings.impression, room.case.second_read) == (Grade.LOW, None)
    with pytest.raises(UserError, match="needs a reason"):
        review.override(lib, visit, "R", Grade.LOW, "  ")
    review.override(lib, visit, "R", Grade.LOW, "faded acid")
    second = room.case.second_read
    assert second is not None
    assert (second.impression, second.reason, second.after_reveal) == (Grade.LOW, "faded acid", True)
    first = room.case.findings.first_read
    assert first is not None
    assert first.impression is Grade.LOW


def revealed_with(room: Room, first: Grade | None) -> None:
    room.lib.who = "Dr. Demo"
    if first is not None:
        review.set_impression(room.lib, room.visit, first)
    review.reveal(room.lib, room.visit, "Dr. Demo", lock=False)


@pytest.mark.parametrize("first", [Grade.HIGH, None])
def test_an_impression_changed_after_the_reveal_is_the_second_read_and_undo_takes_both_back(
    room: Room, first: Grade | None
) -> None:
    revealed_with(room, first)
    before = room.case
    changed = review.set_impression(room.lib, room.visit, Grade.LOW)
    second = room.case.second_read
    assert second is not None
    assert (second.impression, second.reader, second.after_reveal, second.reason) == (Grade.LOW, "Dr. Demo", True, "")
    assert room.case.findings.impression is Grade.LOW
    assert changed.text == "Second read: low"
    undone = review.undo(room.lib, changed)
    assert room.case == before
    review.undo(room.lib, undone)
    assert (room.case.findings.impression, room.case.second_read) == (Grade.LOW, second)


def test_an_impression_changed_after_agreeing_takes_the_place_of_that_second_read(room: Room) -> None:
    revealed_with(room, Grade.HIGH)
    review.agree(room.lib, room.visit, "Dr. Demo", Grade.HIGH)
    agreed = room.case
    changed = review.set_impression(room.lib, room.visit, Grade.LOW)
    second = room.case.second_read
    assert second is not None
    assert second.impression is room.case.findings.impression is Grade.LOW
    review.undo(room.lib, changed)
    assert room.case == agreed
    review.set_impression(room.lib, room.visit, None)
    assert (room.case.findings.impression, room.case.second_read) == (None, None)


def test_undo_of_what_was_chosen_before_the_reveal_makes_no_second_read(room: Room) -> None:
    only = review.set_impression(room.lib, room.visit, Grade.LOW)
    early = review.set_impression(room.lib, room.visit, Grade.HIGH)
    review.reveal(room.lib, room.visit, "Dr. Demo")
    before = room.case
    with pytest.raises(UserError, match="choose another impression instead"):
        review.undo(room.lib, early)
    assert room.case == before
    assert (before.findings.impression, before.second_read) == (Grade.HIGH, None)
    taken_back = replace(only, new={"impression": "high"})
    again = review.undo(room.lib, taken_back)
    assert (room.case.findings.impression, room.case.second_read) == (None, None), "as when it is taken back by hand"
    assert room.case.findings.first_read == before.findings.first_read
    review.undo(room.lib, again)
    assert room.case == before


def test_an_impression_that_was_undone_before_the_reveal_does_not_come_back_after_it(room: Room) -> None:
    undone = review.undo(room.lib, review.set_impression(room.lib, room.visit, Grade.HIGH))
    review.reveal(room.lib, room.visit, "Dr. Demo", lock=False)
    with pytest.raises(UserError, match="stays as it was"):
        review.undo(room.lib, undone)
    assert (room.case.findings.impression, room.case.second_read) == (None, None)


def test_what_an_older_version_left_contradicting_cannot_be_signed(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    revealed_with(room, Grade.HIGH)
    with monkeypatch.context() as older:
        older.setattr(rules, "check", lambda *_args, **_named: None)
        room.lib.apply(Change("findings", room.visit, {"impression": "high"}, {"impression": "low"}, "Impression"))
    with pytest.raises(ReadsDifferError, match="choose the impression again"):
        review.sign(room.lib, room.visit, "Dr. Demo", "Reported by me")
    review.set_impression(room.lib, room.visit, Grade.LOW)
    review.sign(room.lib, room.visit, "Dr. Demo", "Reported by me")
    assert room.case.signed


def test_a_signature_needs_a_name_a_meaning_and_an_impression(room: Room) -> None:
    with pytest.raises(UserError, match="without an impression"):
        review.sign(room.lib, room.visit, "Dr. Demo", "reviewed")
    review.set_impression(room.lib, room.visit, Grade.LOW)
    for name, meaning in (("", "reviewed"), ("Dr. Demo", " ")):
        with pytest.raises(UserError, match="printed name"):
            review.sign(room.lib, room.visit, name, meaning)
    assert not room.case.signed


def test_after_the_signature_every_edit_is_refused(room: Room) -> None:
    lib, visit = room.lib, room.visit
    pin = review.place_pin(lib, room.pair, Source.WHITE, 1, 1)
    impression = review.set_impression(lib, visit, Grade.LOW)
    signed = review.sign(lib, visit, " Dr. Demo ", "reviewed")
    signature = room.case.findings.signature
    assert signature is not None
    assert (signature.name, signature.meaning) == ("Dr. Demo", "reviewed")
    before = room.case
    for edit in (
        lambda: review.place_pin(lib, room.pair, Source.WHITE, 1, 1),
        lambda: review.move_pin(lib, pin.key, 2, 2),
        lambda: review.note_pin(lib, pin.key, "x"),
        lambda: review.remove_pin(lib, pin.key),
        lambda: review.mark_os(lib, room.pair, Source.WHITE, 1, 1),
        lambda: review.set_impression(lib, visit, Grade.HIGH),
        lambda: review.set_swede(lib, visit, SwedeScore(1, 1, 1, 1, 1)),
        lambda: review.set_text(lib, visit, "x"),
        lambda: review.set_plan(lib, visit, "x"),
        lambda: review.reveal(lib, visit, "R"),
        lambda: review.sign(lib, visit, "R", "again"),
        lambda: review.undo(lib, pin),
        lambda: review.undo(lib, impression),
        lambda: review.undo(lib, signed),
    ):
        with pytest.raises(SignedError, match="is signed"):
            edit()
    assert room.case == before


def test_what_is_gone_is_said_in_words(room: Room) -> None:
    for call in (
        lambda: review.move_pin(room.lib, "0" * 32, 1, 1),
        lambda: review.remove_pin(room.lib, "0" * 32),
        lambda: review.note_pin(room.lib, "0" * 32, "x"),
        lambda: review.place_pin(room.lib, "0" * 32, Source.WHITE, 1, 1),
        lambda: review.clear_os(room.lib, room.pair, Source.WHITE),
    ):
        with pytest.raises(StorageError, match="no longer in the library"):
            call()
    with pytest.raises(StorageError):
        review.set_text(room.lib, "0" * 32, "x")


def test_several_changes_come_back_together_or_not_at_all(room: Room) -> None:
    first = review.set_text(room.lib, room.visit, "a")
    second = review.set_plan(room.lib, room.visit, "b")
    review.set_text(room.lib, room.visit, "c")
    with pytest.raises(StorageError, match="changed meanwhile"):
        review.undo_all(room.lib, (first, second))
    assert (room.case.findings.text, room.case.findings.plan) == ("c", "b")
