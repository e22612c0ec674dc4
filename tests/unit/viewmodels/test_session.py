from __future__ import annotations

from pathlib import Path

import pytest

from pfm_desktop.domain.change import Change
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.labelling import AiShown
from pfm_desktop.domain.people import Role
from pfm_desktop.services import accounts, cases, review
from pfm_desktop.services.cases import VisitCase
from pfm_desktop.storage import journal
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import StorageError, UserError
from pfm_desktop.support.settings import Settings, load_settings, save_settings
from pfm_desktop.viewmodels.drafts import Drafts
from pfm_desktop.viewmodels.session import Session


class Heard:
    """What a window would have heard."""

    def __init__(self, session: Session) -> None:
        self.cases: list[VisitCase | None] = []
        self.done: list[tuple[Change, ...]] = []
        self.problems: list[str] = []
        session.on_case.append(self.cases.append)
        session.on_done.append(self.done.append)
        session.on_problem.append(lambda problem: self.problems.append(str(problem)))


@pytest.fixture
def session(lib: Library) -> Session:
    patient = cases.add_patient(lib, identifier="A-1", family_name="Test", given_name="Anna")
    cases.add_visit(lib, patient.id)
    return Session(lib, Settings(reader="Dr. A"))


@pytest.fixture
def heard(session: Session) -> Heard:
    return Heard(session)


def open_first(session: Session) -> VisitCase:
    assert session.open_visit(session.today()[0].visit.id)
    assert session.case is not None
    return session.case


def test_an_edit_is_on_disk_then_shown_then_undoable(session: Session, heard: Heard) -> None:
    visit = open_first(session).visit.id
    changes = session.perform(lambda lib: review.set_impression(lib, visit, Grade.LOW))
    assert changes is not None
    assert cases.visit_case(session.library, visit).findings.impression is Grade.LOW
    assert heard.cases[-1] is not None
    assert heard.cases[-1].findings.impression is Grade.LOW
    assert heard.done == [changes]


def test_looking_again_tells_only_of_what_another_program_changed(session: Session, heard: Heard) -> None:
    visit = open_first(session).visit.id
    told = len(heard.cases)
    assert session.look_again()
    assert len(heard.cases) == told
    review.set_impression(session.library, visit, Grade.LOW)  # behind the session's back
    assert session.look_again()
    assert session.case is not None
    assert session.case.findings.impression is Grade.LOW
    assert len(heard.cases) == told + 1


def test_an_edit_that_cannot_be_undone_does_not_reach_the_undo_stack(session: Session, heard: Heard) -> None:
    visit = open_first(session).visit.id
    session.perform(lambda lib: review.set_impression(lib, visit, Grade.LOW))
    session.perform(lambda lib: review.reveal(lib, visit, session.reader), undoable=False)
    assert session.case is not None
    assert session.case.findings.revealed
    assert [change.text for changes in heard.done for change in changes] == ["Impression: low"]


def test_a_refused_edit_is_said_and_changes_nothing(session: Session, heard: Heard) -> None:
    visit = open_first(session).visit.id
    before = session.case
    assert session.perform(lambda lib: review.reveal(lib, visit, "Dr. A")) is None
    assert session.case is before
    assert heard.done == []
    assert "first read" in heard.problems[0]


def test_a_visit_that_cannot_be_read_leaves_the_old_one_on_the_desk(session: Session, heard: Heard) -> None:
    before = open_first(session)
    assert not session.open_visit("0" * 32)
    assert session.case is before
    assert "not in the library" in heard.problems[0]


def test_other_errors_are_not_swallowed(session: Session) -> None:
    def broken(_lib: Library) -> Change:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        session.perform(broken)


def test_switching_the_first_read_lock_is_kept_and_goes_on_record(session: Session) -> None:
    assert session.change_settings(first_read_lock=False)
    assert not load_settings().first_read_lock
    with session.library.read() as opened:
        assert "First-read lock switched off" in [entry.change.text for entry in journal.entries(opened)]


def lock_lines(lib: Library) -> list[tuple[str, str]]:
    """Who is on record for which switch of the lock."""
    with lib.read() as opened:
        return [(line.who, line.text) for line in journal.entries(opened, what="setting", key="first_read_lock")]


def test_a_read_only_window_cannot_switch_the_lock_behind_the_audit_trail(session: Session) -> None:
    save_settings(session.settings)
    with Library.open(session.library.path) as reading:
        other = Session(reading, session.settings)
        said = Heard(other)
        assert other.why_no_switch
        assert not other.change_settings(first_read_lock=False)
        assert "reading only" in said.problems[0]
        assert other.settings.first_read_lock
        assert other.change_settings(theme="light"), "what needs no record may be changed"
    assert load_settings().first_read_lock
    assert lock_lines(session.library) == []
    assert session.why_no_switch == ""


@pytest.mark.parametrize("on", [True, False])
def test_a_lock_switched_elsewhere_goes_on_record_once_when_the_library_is_opened(session: Session, on: bool) -> None:
    session.change_settings(first_read_lock=False)
    if not on:
        session.change_settings(first_read_lock=True)
    before = lock_lines(session.library)
    for _ in range(2):
        Session(session.library, Settings(reader="Dr. B", first_read_lock=on)).record_choices()
    (line,) = lock_lines(session.library)[len(before) :]
    assert line[0] == "Dr. B"
    assert f"found switched {'on' if on else 'off'} when the library was opened" in line[1]


def test_a_lock_that_is_as_the_library_knows_it_is_not_recorded_again(session: Session) -> None:
    session.record_choices()
    assert lock_lines(session.library) == [], "a library begins with the lock on"
    session.library.record_event("setting", "first_read_lock", "First-read lock switched off")  # an older version
    Session(session.library, Settings(first_read_lock=False)).record_choices()
    assert len(lock_lines(session.library)) == 1
    with Library.open(session.library.path) as reading:
        Session(reading, Settings()).record_choices()
    assert len(lock_lines(session.library)) == 1, "a window that only reads records nothing"


def test_a_switch_that_cannot_be_put_on_record_is_taken_back(
    session: Session, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object) -> None:
        raise UserError("the disk is full")

    monkeypatch.setattr(session.library, "record_event", full)
    assert not session.change_settings(first_read_lock=False)
    assert session.settings.first_read_lock
    assert load_settings().first_read_lock
    assert heard.problems == ["the disk is full."]


def test_the_reader_of_the_settings_is_written_beside_changes(session: Session) -> None:
    assert session.library.who == session.reader == "Dr. A"
    session.change_settings(reader="Dr. B")
    assert session.library.who == session.reader == "Dr. B"


def test_settings_that_cannot_be_kept_stay_as_they_were(
    session: Session, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_settings: Settings) -> None:
        raise UserError("the disk is full")

    monkeypatch.setattr("pfm_desktop.viewmodels.session.save_settings", full)
    assert not session.change_settings(theme="light")
    assert session.settings.theme == "dark"
    assert heard.problems == ["the disk is full."]


def test_without_a_named_reader_the_account_is_called_what_it_is(session: Session) -> None:
    assert session.unnamed == ""
    account = session.library.who = "root"
    other = Session(session.library, Settings())
    assert other.reader == account
    assert other.unnamed == "root, the name of this computer's account; set the reader's name in Settings"


def test_a_reader_who_took_her_name_out_of_settings_signs_nothing_more(session: Session) -> None:
    assert session.change_settings(reader="Dr. B")
    assert session.library.who == "Dr. B"
    assert session.change_settings(reader="")
    assert session.library.who == session.reader
    assert session.reader not in ("", "Dr. A", "Dr. B")
    assert session.unnamed.startswith(session.reader)


def test_what_was_typed_and_refused_is_named_until_it_is_kept_or_let_go(session: Session, heard: Heard) -> None:
    visit, full = open_first(session).visit.id, [True]

    def save(lib: Library, key: str, text: str) -> Change:
        if full:
            raise StorageError("the disk is full")
        return review.set_text(lib, key, text)

    drafts = Drafts(session, save, "Findings in words")
    drafts.type(visit, visit, "white at 3", kept="")
    assert session.keep_typed() == ("Findings in words of Test, Anna",)
    assert heard.problems == ["the disk is full."]
    session.keep_typed(quiet=True)
    assert heard.problems == ["the disk is full."], "said once"
    assert session.last_problem is not None
    full.clear()
    assert session.keep_typed() == ()
    assert open_first(session).findings.text == "white at 3"
    drafts.type(visit, visit, "not wanted", kept="white at 3")
    session.drop_typed()
    assert session.keep_typed() == ()
    assert open_first(session).findings.text == "white at 3"


def ai_lines(lib: Library) -> list[tuple[str, str]]:
    """Who is on record for which choice of when readers see the AI."""
    with lib.read() as opened:
        return [(line.who, line.text) for line in journal.entries(opened, what="setting", key="ai_shown")]


def test_when_readers_see_the_ai_is_kept_and_goes_on_record_as_the_lock_does(session: Session) -> None:
    assert session.ai_shown is AiShown.HIDDEN
    assert session.change_settings(ai_shown="after")
    assert session.ai_shown is AiShown.AFTER
    assert load_settings().ai_shown == "after"
    assert ai_lines(session.library) == [("Dr. A", "AI answers in Annotate set to be shown after the grade")]
    assert lock_lines(session.library) == []
    assert session.change_settings(theme="light")
    assert len(ai_lines(session.library)) == 1


def test_a_read_only_window_cannot_let_readers_see_the_ai(session: Session) -> None:
    save_settings(session.settings)
    with Library.open(session.library.path) as reading:
        other = Session(reading, session.settings)
        said = Heard(other)
        assert not other.change_settings(ai_shown="before")
        assert "AI answers in Annotate not switched" in said.problems[0]
        assert other.ai_shown is AiShown.HIDDEN
    assert load_settings().ai_shown == "hidden"
    assert ai_lines(session.library) == []


def test_what_was_chosen_elsewhere_of_the_ai_goes_on_record_when_the_library_is_opened(session: Session) -> None:
    for _ in range(2):
        Session(session.library, Settings(reader="Dr. B", ai_shown="before")).record_choices()
    (line,) = ai_lines(session.library)
    assert line[0] == "Dr. B"
    assert "found set to be shown before the grade" in line[1]


def test_a_choice_of_the_ai_that_cannot_be_put_on_record_is_taken_back(
    session: Session, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object) -> None:
        raise UserError("the disk is full")

    monkeypatch.setattr(session.library, "record_event", full)
    assert not session.change_settings(ai_shown="before")
    assert session.ai_shown is AiShown.HIDDEN
    assert load_settings().ai_shown == "hidden"
    assert heard.problems == ["the disk is full."]


def test_with_accounts_what_was_switched_in_the_library_holds_whatever_the_computer_says(tmp_path: Path) -> None:
    chief, password, folder = "Dr. Roth", "four words that differ", tmp_path / "clinic"
    made, _ = accounts.make_library(folder, chief, password)
    with made as lib:
        accounts.add(lib, "Anna", {Role.ANNOTATOR}, password)
    open_to_all = Settings(ai_shown="before")  # chosen with a library open that has no accounts
    with accounts.sign_in(folder, "Anna", password) as lib:
        session = Session(lib, open_to_all)
        assert session.ai_shown is AiShown.HIDDEN
        session.record_choices()
        assert ai_lines(lib) == []
        assert not session.change_settings(ai_shown="after")
        assert session.ai_shown is AiShown.HIDDEN
    with accounts.sign_in(folder, chief, password) as lib:
        session = Session(lib, open_to_all)
        assert session.ai_shown is AiShown.HIDDEN
        heard = list[Settings]()
        session.on_settings.append(heard.append)
        assert session.change_settings(ai_shown="after")
        assert session.ai_shown is AiShown.AFTER
        assert heard
        assert session.change_settings(theme="light", ai_shown="after")
        assert load_settings().ai_shown == "before", "what holds in libraries without accounts stays"
        assert ai_lines(lib) == [(chief, "AI answers in Annotate set to be shown after the grade")]
    with accounts.sign_in(folder, "Anna", password) as lib:
        said = "AI answers in Annotate found set to stay hidden when the library was opened; it was switched elsewhere"
        lib.record_event("setting", "ai_shown", said, {"ai_shown": "hidden"})  # as older versions did
        assert Session(lib, Settings()).ai_shown is AiShown.AFTER


def test_who_only_reads_for_labels_chooses_neither_model_nor_lock_nor_dicom(tmp_path: Path) -> None:
    chief, password = "Dr. Roth", "four words that differ"
    made, _ = accounts.make_library(tmp_path / "clinic", chief, password)
    with made as lib:
        accounts.add(lib, "Anna", {Role.ANNOTATOR}, password)
    with accounts.sign_in(tmp_path / "clinic", "Anna", password) as lib:
        session, said = Session(lib, load_settings()), list[UserError]()
        session.on_problem.append(said.append)
        for name, value in (("model", "another"), ("lock_minutes", 30), ("modality", "ES")):
            assert not session.change_settings(**{name: value})
            assert "clinicians and administrators choose it" in str(said.pop())
        assert session.settings == load_settings()
        assert session.settings.model == "pfm-demo"
        assert session.change_settings(theme="light")


def test_minutes_to_the_lock_are_on_record(session: Session) -> None:
    assert session.change_settings(lock_minutes=30)
    assert session.change_settings(theme="light")
    with session.library.read() as reading:
        last = journal.last(reading, what="setting", key="lock_minutes")
        assert last is not None
        assert last.text == "Minutes to the lock set to 30"
