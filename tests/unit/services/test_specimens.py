"""Pots, results and follow-up, as they are put on record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pfm_desktop.domain.change import Change
from pfm_desktop.domain.followup import Letter, Only
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.domain.specimen import DIAGNOSIS, KIND_WORDS, Specimen, SpecimenKind
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import (
    amending,
    cases,
    documenting,
    follow_up,
    labelling,
    on_record,
    pairing,
    report_forms,
    review,
    specimens,
)
from pfm_desktop.storage import access, repositories
from pfm_desktop.storage import specimens as specimen_rows
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.removal import StillNeededError
from pfm_desktop.storage.rules import SignedError
from pfm_desktop.storage.worklist import Question
from pfm_desktop.support.errors import BadInputError, StorageError
from pfm_desktop.viewmodels import labels, worklist
from pfm_desktop.viewmodels.follow_up import followed_of

PICTURE: dict[str, Any] = {
    "sha256": "0" * 64,
    "stage": Stage.ACETIC_ACID.value,
    "taken_at": "2026-03-14T12:00:00+00:00",
    "width": 100,
    "height": 80,
    "seconds_since_acid": None,
    "mm_per_px": None,
    "device": "",
    "original_name": "",
}


@dataclass
class Room:
    lib: Library
    visit: str
    pair: str

    def pin(self, x: float = 10) -> str:
        return review.place_pin(self.lib, self.pair, Source.WHITE, x, 20).key

    def pots(self) -> tuple[Specimen, ...]:
        return specimens.specimens_of(self.lib, self.visit)

    def histology(self) -> Grade | None:
        found = labelling.histology_of(self.lib, self.visit)
        return None if found is None else found.grade

    def sign(self) -> None:
        review.set_impression(self.lib, self.visit, Grade.NORMAL)
        review.sign(self.lib, self.visit, "Dr. Test", "Read by me")


def made(lib: Library, days_ago: int = 0, identifier: str = "K-1", **patient: Any) -> Room:
    at = datetime.now(UTC) - timedelta(days=days_ago)
    woman = cases.add_patient(lib, identifier=identifier, **patient)
    visit = cases.add_visit(lib, woman.id, started_at=at).id
    picture, fields = cases.new_id(), dict(PICTURE, visit_id=visit)
    lib.apply(Change("picture", picture, None, fields, "Picture added"))
    return Room(lib, visit, pairing.make_pair(lib, visit, picture, None).key)


@pytest.fixture
def room(lib: Library) -> Room:
    return made(lib)


def test_a_pin_is_a_biopsy_in_a_pot_of_its_letter(room: Room) -> None:
    pin = room.pin()
    (one,) = room.pots()
    assert (one.id, one.kind, one.name, one.pot, one.awaited) == (pin, SpecimenKind.BIOPSY, "A", "A", True)
    (change,) = specimens.set_pot(room.lib, pin, " 26-17 ")
    assert (room.pots()[0].pot, change.text) == ("26-17", "Pin A: pot 26-17")
    review.undo(room.lib, change)
    assert room.pots()[0].pot == "A"
    specimens.set_pot(room.lib, pin, "")
    assert not room.pots()[0].awaited


def test_no_two_pots_of_a_visit_are_called_the_same(room: Room) -> None:
    first, second = room.pin(), room.pin(30)
    assert [one.pot for one in room.pots()] == ["A", "B"]
    with pytest.raises(BadInputError, match="another pot of this visit is called a"):
        specimens.set_pot(room.lib, second, "a")
    with pytest.raises(BadInputError, match="at most 40"):
        specimens.set_pot(room.lib, first, "x" * 41)
    assert [one.pot for one in room.pots()] == ["A", "B"]


def test_how_it_was_taken_is_said_item_by_item(room: Room) -> None:
    pin = room.pin()
    specimens.set_taken(room.lib, pin, "instrument", "punch")
    change = specimens.set_taken(room.lib, pin, "because_of", "both")
    assert change.text == "Pin A: Because of: both"
    assert dict(room.pots()[0].answers) == {"because_of": "both", "instrument": "punch"}
    with pytest.raises(BadInputError, match="no lesion 1 is documented"):
        specimens.set_taken(room.lib, pin, "lesion", 1)
    documenting.add_lesion(room.lib, room.visit)
    specimens.set_taken(room.lib, pin, "lesion", 1)
    assert room.pots()[0].answers["lesion"] == 1


def test_endocervical_sampling_needs_no_pin_and_can_be_taken_back(room: Room) -> None:
    room.pin()
    made_ = specimens.add_specimen(room.lib, room.visit, SpecimenKind.ENDOCERVICAL)
    specimens.add_specimen(room.lib, room.visit, SpecimenKind.EXCISION)
    assert [(one.name, one.pot) for one in room.pots()] == [
        ("A", "A"),
        ("endocervical sampling", "1"),
        ("excision", "2"),
    ]
    gone = specimens.remove_specimen(room.lib, made_.key)
    assert [one.pot for one in room.pots()] == ["A", "2"]
    review.undo(room.lib, gone)
    assert [one.pot for one in room.pots()] == ["A", "1", "2"]
    with pytest.raises(BadInputError, match="a biopsy has a pin"):
        specimens.add_specimen(room.lib, room.visit, SpecimenKind.BIOPSY)


def test_the_result_of_the_visit_is_the_worst_of_its_pots_and_undone_with_them(room: Room) -> None:
    first, second = room.pin(), room.pin(30)
    specimens.set_result(room.lib, first, "diagnosis", "cin3")
    assert room.histology() is Grade.HIGH
    specimens.set_result(room.lib, second, "diagnosis", "cin1")
    assert room.histology() is Grade.HIGH
    found = labelling.histology_of(room.lib, room.visit)
    assert found is not None
    assert found.text == "pot A: HSIL (CIN 3)"
    taken_back = specimens.set_result(room.lib, first, "diagnosis", None)
    assert room.histology() is Grade.LOW
    review.undo_all(room.lib, taken_back)
    assert room.histology() is Grade.HIGH
    specimens.set_result(room.lib, first, "diagnosis", "inadequate")
    specimens.set_result(room.lib, second, "diagnosis", None)
    assert room.histology() is None


def test_the_day_of_the_report_is_that_of_the_worst_pot(room: Room) -> None:
    pin = room.pin()
    specimens.set_result(room.lib, pin, "reported_on", "2026-03-20")
    assert room.histology() is None  # no diagnosis yet
    assert room.pots()[0].awaited
    specimens.set_result(room.lib, pin, "diagnosis", "scc")
    found = labelling.histology_of(room.lib, room.visit)
    assert found is not None
    assert (found.grade, found.reported_on) == (Grade.CANCER, date(2026, 3, 20))


def test_a_result_that_was_entered_of_the_visit_stays_until_a_pot_has_one(room: Room) -> None:
    pin = room.pin()
    labelling.set_histology(room.lib, room.visit, Grade.LOW, text="CIN 1")
    specimens.set_result(room.lib, pin, "lab_number", "26/17")
    specimens.set_result(room.lib, pin, "diagnosis", "inadequate")
    assert room.histology() is Grade.LOW
    specimens.set_result(room.lib, pin, "diagnosis", "cin2")
    assert room.histology() is Grade.HIGH


def test_results_come_after_the_signature_and_pots_do_not_change_then(room: Room) -> None:
    pin = room.pin()
    room.sign()
    for edit in (
        lambda: specimens.set_pot(room.lib, pin, "9"),
        lambda: specimens.set_taken(room.lib, pin, "instrument", "punch"),
        lambda: specimens.add_specimen(room.lib, room.visit, SpecimenKind.ENDOCERVICAL),
    ):
        with pytest.raises(SignedError):
            edit()
    specimens.set_result(room.lib, pin, "diagnosis", "cin2")
    follow_up.set_follow_up(room.lib, room.visit, "letter_on", date.today().isoformat())
    case = cases.visit_case(room.lib, room.visit)
    assert case.specimens[0].result.grade is Grade.HIGH
    assert case.specimens[0].result.entered_by == room.lib.who
    assert list(case.follow_up) == ["letter_on"]


def test_what_the_laboratory_answered_on_is_not_taken_away(room: Room) -> None:
    pin = room.pin()
    result = specimens.set_result(room.lib, pin, "lab_number", "26/17")
    with pytest.raises(StillNeededError, match="the laboratory has answered on it"):
        review.remove_pin(room.lib, pin)
    review.undo_all(room.lib, result)
    review.remove_pin(room.lib, pin)
    assert room.pots() == ()


@pytest.mark.parametrize(("key", "answer"), [("diagnosis", "cin4"), ("reported_on", "2190-01-01"), ("nothing", "x")])
def test_what_the_form_does_not_take_is_refused(room: Room, key: str, answer: str) -> None:
    pin = room.pin()
    with pytest.raises(BadInputError):
        specimens.set_result(room.lib, pin, key, answer)
    assert not room.pots()[0].result.answers
    with pytest.raises(StorageError):
        specimens.set_result(room.lib, "f" * 32, "diagnosis", "cin1")


def test_what_is_still_to_be_done_is_listed_the_oldest_first(lib: Library) -> None:
    late, new, done = made(lib, 40, "K-1"), made(lib, 2, "K-2"), made(lib, 50, "K-3")
    made(lib, 60, "K-4")  # nothing was taken
    for room in (late, new, done):
        room.pin()
    assert [one.patient.identifier for one in follow_up.open_follow_up(lib)] == ["K-3", "K-1", "K-2"]
    specimens.set_result(lib, done.pots()[0].id, "diagnosis", "normal")
    follow_up.set_follow_up(lib, done.visit, "letter_on", date.today().isoformat())
    found = follow_up.open_follow_up(lib)
    assert [one.patient.identifier for one in found] == ["K-1", "K-2"]
    assert [one.follow_up.overdue(date.today()) for one in found] == [True, False]


def test_without_letters_a_visit_is_done_once_its_results_are_in_and_nothing_is_to_be_discussed(lib: Library) -> None:
    room = made(lib)
    pin = room.pin()
    review.set_impression(lib, room.visit, Grade.NORMAL)
    follow_up.choose_for_site(lib, days=14, letters=False)
    assert follow_up.site_choice(lib) == follow_up.SiteChoice(14, letters=False)
    specimens.set_result(lib, pin, "diagnosis", "cin1")
    assert follow_up.open_follow_up(lib) == ()
    specimens.set_result(lib, pin, "diagnosis", "cin3")
    assert [one.follow_up.discordant for one in follow_up.open_follow_up(lib)] == [True]
    follow_up.set_follow_up(lib, room.visit, "mdt", "discussed")
    assert follow_up.open_follow_up(lib) == ()
    with pytest.raises(BadInputError, match="7 to 90 days"):
        follow_up.choose_for_site(lib, days=1000, letters=True)


def test_a_reader_sees_only_what_that_reader_read(lib: Library) -> None:
    for place, (said, diagnosis) in enumerate([(Grade.HIGH, "cin3"), (Grade.NORMAL, "cin2"), (Grade.LOW, "normal")]):
        room = made(lib, place, f"K-{place}")
        review.set_impression(lib, room.visit, said)
        pin = room.pin()
        review.sign(lib, room.visit, "Dr. Test" if place else "Dr. Other", "Read by me")
        specimens.set_result(lib, pin, "diagnosis", diagnosis)
    own = follow_up.accuracy(lib, "Dr. Test")
    assert (own.before.visits, own.ai.visits) == (2, 0)
    assert (own.before.sensitivity.hits, own.before.sensitivity.of) == (0, 1)
    assert (own.before.specificity.hits, own.before.specificity.of) == (1, 1)
    assert follow_up.accuracy(lib, "Nobody").before.visits == 0


@pytest.mark.parametrize("only", Only)
def test_the_list_shows_those_of_which_something_is_to_be_done(lib: Library, only: Only) -> None:
    today = datetime.now().astimezone().date()
    rooms = [made(lib, days, f"K-{days}") for days in (0, 5, 27, 28, 29, 60)]
    for place, room in enumerate(rooms):
        pin = room.pin()
        review.set_impression(lib, room.visit, Grade.NORMAL)
        if place % 2:
            specimens.set_result(lib, pin, "diagnosis", "cin2" if place == 1 else "normal")
        if place > 3:
            review.sign(lib, room.visit, "Dr. Test", "Read by me")
    wanted = {}
    for one in follow_up.open_follow_up(lib):
        what, signed = one.follow_up, cases.visit_case(lib, one.visit.id).signed
        wanted[one.visit.id] = {
            Only.ALL: True,
            Only.TODAY: one.visit.day == today,
            Only.UNSIGNED: not signed,
            Only.OVERDUE: what.overdue(today),
            Only.DISCUSS: what.to_discuss,
            Only.LETTER: what.letter(today) in (Letter.DUE, Letter.LATE, Letter.TOO_LATE),
        }[only]
    found = {row.visit.id for row in cases.today(lib, only=only)}
    assert found == {visit for visit, shown in wanted.items() if shown}
    assert cases.count_visits(lib, only=only) == len(found) > 0
    if only is Only.OVERDUE:
        assert {row.awaited for row in cases.today(lib, only=only)} == {1}


def test_a_visit_is_found_by_what_was_found_in_it(lib: Library) -> None:
    room, other = made(lib, 1, "K-1"), made(lib, 2, "K-2")

    def found(text: str) -> list[str]:
        return [row.patient.identifier for row in cases.today(lib, search=text)]

    review.set_text(lib, room.visit, "Coarse mosaïc at 3 o'clock, kissing lesion.")
    lesion = documenting.add_lesion(lib, other.visit)[0].key
    documenting.set_lesion(lib, lesion, "grade_2", ["ridge_sign"])
    assert found("mosaic") == found("MOSAÏC") == found("coarse kiss") == ["K-1"]
    assert found("ridge") == ["K-2"]
    assert found("idge") == []  # of what was found only the beginning of a word counts
    assert found("k-1 ridge") == []
    specimens.set_result(lib, room.pin(), "diagnosis", "ais")
    assert found("adenocarcinoma") == ["K-1"]
    review.set_text(lib, room.visit, "")
    assert found("mosaic") == []
    gone = documenting.remove_lesion(lib, lesion)
    assert found("ridge") == []
    review.undo_all(lib, gone)
    assert found("ridge") == ["K-2"]


def test_who_labels_finds_nobody_by_what_is_to_be_done(lib: Library) -> None:
    made(lib, 40).pin()
    with lib.read() as session:
        session.info[access._MASKED] = True
        rows = repositories.visit_rows(session, Question(only=Only.OVERDUE, search="K-1"))
        assert [(row.awaited, row.histology, row.hidden) for row in rows] == [(0, "", True)]
        assert specimen_rows.open_visits(session, letters=True) == ()
        assert specimen_rows.compared(session, "Dr. Test") == ()


def test_a_result_after_the_letter_makes_another_letter_due(lib: Library) -> None:
    """A woman whose letter went out before her result came is in the lists until she is told."""
    room = made(lib, 10)
    first, second = room.pin(), room.pin(30)
    review.set_impression(lib, room.visit, Grade.LOW)
    specimens.set_result(lib, first, "diagnosis", "normal")
    yesterday = (date.today() - timedelta(days=1)).isoformat()
    follow_up.set_follow_up(lib, room.visit, "letter_on", date.today().isoformat())
    assert [one.visit.id for one in follow_up.open_follow_up(lib)] == [room.visit]  # B is awaited
    assert cases.today(lib, only=Only.LETTER) == ()
    follow_up.set_follow_up(lib, room.visit, "letter_on", yesterday)
    specimens.set_result(lib, second, "diagnosis", "cin3")
    (one,) = follow_up.open_follow_up(lib)
    assert one.follow_up.letter(date.today()) is Letter.DUE
    assert [row.visit.id for row in cases.today(lib, only=Only.LETTER)] == [room.visit]
    follow_up.set_follow_up(lib, room.visit, "letter_on", date.today().isoformat())
    assert follow_up.open_follow_up(lib) == ()
    specimens.set_result(lib, second, "lab_number", "26/1")  # no other diagnosis
    assert follow_up.open_follow_up(lib) == ()


def test_an_impression_that_was_signed_first_counts_whatever_is_signed_later(lib: Library) -> None:
    room = made(lib, 10)
    pin = room.pin()
    room.sign()
    specimens.set_result(lib, pin, "diagnosis", "cin3")
    amending.amend(lib, room.visit, "saw the result", b"%PDF")
    review.set_impression(lib, room.visit, Grade.HIGH)
    review.sign(lib, room.visit, "Dr. Test", "Read by me")
    (one,) = follow_up.open_follow_up(lib)
    assert (one.follow_up.impression, one.follow_up.discordant) == (Grade.NORMAL, True)
    assert [row.visit.id for row in cases.today(lib, only=Only.DISCUSS)] == [room.visit]
    own = follow_up.accuracy(lib, "Dr. Test")
    assert (own.before.sensitivity.hits, own.at_last.sensitivity.hits) == (0, 1)


def test_a_letter_that_stands_on_a_label_is_not_given_again(lib: Library, tmp_path: Path) -> None:
    room = made(lib)
    room.pin()
    second = room.pin(30)
    review.remove_pin(lib, second)
    assert review.place_pin(lib, room.pair, Source.WHITE, 40, 20).text == "Pin B placed"  # no label was made of it
    case = cases.visit_case(lib, room.visit)
    labels.save_labels(SilentContext(), lib, labels.pot_labels(case), room.visit, str(tmp_path / "labels.pdf"))
    review.remove_pin(lib, case.pins[1].id)
    assert review.place_pin(lib, room.pair, Source.WHITE, 50, 20).text == "Pin C placed"


def test_the_worse_diagnosis_of_one_grade_is_that_of_the_visit(room: Room) -> None:
    first, second = room.pin(), room.pin(30)
    specimens.set_result(room.lib, first, "diagnosis", "cin2")
    specimens.set_result(room.lib, second, "diagnosis", "ais")
    found = labelling.histology_of(room.lib, room.visit)
    assert found is not None
    assert found.text == "pot B: adenocarcinoma in situ"


def test_what_is_undone_says_whose_it_was(room: Room) -> None:
    change = specimens.set_result(room.lib, room.pin(), "diagnosis", "scc")[0]
    assert change.text == "K-1, Pin A: Diagnosis: squamous cell carcinoma"


def test_a_report_that_is_made_after_the_result_says_it(room: Room) -> None:
    pin = room.pin()
    assert report_forms.result_of(room.pots()[0]) == ""
    specimens.set_result(room.lib, pin, "diagnosis", "cin3")
    specimens.set_result(room.lib, pin, "reported_on", "2026-03-20")
    assert report_forms.result_of(room.pots()[0]) == "histology HSIL (CIN 3), 20 Mar 2026"
    made_ = specimens.add_specimen(room.lib, room.visit, SpecimenKind.ENDOCERVICAL)
    specimens.set_result(room.lib, made_.key, "diagnosis", "normal")
    (line,) = report_forms.other_specimens(cases.visit_case(room.lib, room.visit))
    assert (line.letter, line.place, line.note) == ("1", "endocervical sampling", "histology normal or benign")


def test_a_new_pot_is_called_like_none_that_is_there_or_was_labelled(room: Room) -> None:
    made_ = specimens.add_specimen(room.lib, room.visit, SpecimenKind.ENDOCERVICAL)
    specimens.set_pot(room.lib, made_.key, "b")
    room.pin()
    room.pin(30)
    assert [one.pot for one in room.pots()] == ["A", "C", "b"]
    curettage = specimens.add_specimen(room.lib, room.visit, SpecimenKind.EXCISION)
    assert room.pots()[-1].pot == "1"
    on_record.note(room.lib, "export", room.visit, "Labels saved", {"pots": ["1"]})
    specimens.remove_specimen(room.lib, curettage.key)
    specimens.add_specimen(room.lib, room.visit, SpecimenKind.EXCISION)
    assert room.pots()[-1].pot == "2"


def test_the_result_of_the_visit_follows_when_its_pot_is_called_otherwise(room: Room) -> None:
    pin = room.pin()
    specimens.set_result(room.lib, pin, "diagnosis", "cin3")
    changes = specimens.set_pot(room.lib, pin, "26-17")
    found = labelling.histology_of(room.lib, room.visit)
    assert found is not None
    assert found.text == "pot 26-17: HSIL (CIN 3)"
    review.undo_all(room.lib, changes)
    found = labelling.histology_of(room.lib, room.visit)
    assert found is not None
    assert found.text == "pot A: HSIL (CIN 3)"
    specimens.set_pot(room.lib, pin, "26-17")
    specimens.set_result(room.lib, pin, "diagnosis", None)
    assert room.histology() is None


def test_a_change_after_signing_hides_no_miss_in_today_or_review(room: Room) -> None:
    pin = room.pin()
    room.sign()
    specimens.set_result(room.lib, pin, "diagnosis", "cin3")
    amending.amend(room.lib, room.visit, "why", b"%PDF-")
    review.set_impression(room.lib, room.visit, Grade.HIGH)
    (row,) = cases.today(room.lib)
    assert (row.impression, row.signed_first) == ("high", "normal")
    (line,) = worklist.work_rows([row], datetime.now().astimezone())
    assert worklist.APART_SIGN in line.cells[worklist.HISTOLOGY]
    assert followed_of(cases.visit_case(room.lib, room.visit)).follow_up.discordant


def test_the_english_of_the_record_is_what_is_shown_in_english() -> None:
    shown = {choice.key: choice.words for choice in DIAGNOSIS.choices}
    assert {key: words for key, words in specimens._DIAGNOSIS_ENGLISH.items() if shown[key] != words} == {}
    assert set(specimens._DIAGNOSIS_ENGLISH) == set(shown)
    assert specimens._KIND_ENGLISH == KIND_WORDS
