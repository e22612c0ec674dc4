"""The list of tasks, making one, and what of it depends on who is signed in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.labelling import Label, Order, Origin, Turn
from pfm_desktop.domain.people import Role
from pfm_desktop.gui.pages.annotate.page import AnnotatePage
from pfm_desktop.gui.pages.annotate.tasks import DIFFER
from pfm_desktop.gui.qt_jobs import QtJobs
from pfm_desktop.jobs import wait_for_threads
from pfm_desktop.services import accounts, labelling
from pfm_desktop.storage.library import Library
from pfm_desktop.support.settings import Settings
from pfm_desktop.viewmodels.annotate_words import OWN_READ
from pfm_desktop.viewmodels.session import Session

from .conftest import PAIRS, Pictures, fill

pytestmark = pytest.mark.slow

K = Qt.Key
LEFT = Qt.MouseButton.LeftButton
CTRL = Qt.KeyboardModifier.ControlModifier
PASSWORD = "five small brown hens"
Settle = Callable[[], None]


def cells(page: AnnotatePage, row: int = 0) -> list[str]:
    return [page.tasks.table.item(row, column).text() for column in range(page.tasks.table.columnCount())]


def test_a_task_says_how_many_pairs_it_has_and_how_many_are_read(page: AnnotatePage) -> None:
    assert cells(page)[:4] == ["March", str(PAIRS), f"0 of {PAIRS}", "none"]
    assert page.tasks.table.hasFocus()


@pytest.mark.usefixtures("enter_key")
def test_a_library_without_tasks_says_what_to_do(qtbot: QtBot, tmp_path: Path) -> None:
    with Library.create(tmp_path / "empty") as lib:
        page = AnnotatePage(Session(lib, Settings()), QtJobs())
        qtbot.addWidget(page)
        page.show()
        page.entered()
        qtbot.waitUntil(lambda: page.idle)
        assert page.tasks.empty.isVisible()
        assert "New task" in page.tasks.empty.text()
        assert not page.tasks.read.isEnabled()
        assert page.tasks.new.hasFocus()
        qtbot.keyClick(page.tasks.new, K.Key_Return)
        assert page.making.isVisible()
        qtbot.waitUntil(lambda: page.idle)


def test_a_new_task_says_how_many_are_found_and_is_made_of_them(
    qtbot: QtBot, page: AnnotatePage, session: Session, settle: Settle
) -> None:
    qtbot.keyClick(page.tasks.table, K.Key_N, CTRL)
    form = page.making
    assert form.name.hasFocus()
    settle()
    assert not form.make.isEnabled(), "it has no name yet"
    qtbot.keyClicks(form.name, "April")
    qtbot.keyClicks(form.search, "wunderlich3")
    settle()
    assert form.found.text() == "1 visit is found"
    form.search.clear()
    settle()
    assert form.found.text().startswith(f"{PAIRS} visits are found")
    assert form.again.text() == "None comes again: the share is less than one of 6 pairs."
    form.repeats.setValue(50)
    assert form.again.text().endswith("and this task is too short for that.")
    assert form.waits.isHidden()
    form.readers.setValue(3)
    assert "once 3 people have read it" in form.waits.text()
    with qtbot.waitSignal(page.said, timeout=10_000) as said:
        qtbot.mouseClick(form.make, LEFT)
    assert said.args == ["Task made: April."]
    settle()
    assert page.tasks.isVisible()
    rows = {row.task.name: row for row in labelling.task_rows(session.library)}
    made = rows["April"]
    assert (made.pairs, made.turns, made.task.readers, made.task.order) == (PAIRS, PAIRS, 3, Order.RANDOM)
    assert made.task.seed, "another order for each task"
    assert page.tasks.line is not None
    assert page.tasks.line.task_id == made.task.id, "the list stands on it"


def test_where_readers_differ_comes_first_when_asked_for(
    qtbot: QtBot, page: AnnotatePage, session: Session, task: str, settle: Settle
) -> None:
    pairs = [turn.pair_id for turn in labelling.queue(session.library, task).turns]
    read_by(session.library, task, Anna={pairs[4]: Grade.LOW}, Berta={pairs[4]: Grade.CANCER})
    page.make_task()
    page.making.name.setText("May")
    page.making.order.setCurrentIndex(page.making.order.findData(Order.DISAGREEMENT.value))
    settle()
    with qtbot.waitSignal(page.said, timeout=10_000):
        qtbot.keyClick(page.making.name, K.Key_Return)
    made = next(row.task for row in labelling.task_rows(session.library) if row.task.name == "May")
    assert labelling.queue(session.library, made.id).turns[0].pair_id == pairs[4]


def test_a_search_that_finds_nothing_makes_no_task_and_escape_gives_up(
    qtbot: QtBot, page: AnnotatePage, session: Session, settle: Settle
) -> None:
    page.make_task()
    qtbot.keyClicks(page.making.name, "x")
    qtbot.keyClicks(page.making.search, "nobody")
    settle()
    assert "No visit is found" in page.making.found.text()
    assert not page.making.make.isEnabled()
    qtbot.keyClick(page.making.search, K.Key_Escape)
    settle()
    assert page.tasks.isVisible()
    assert len(labelling.task_rows(session.library)) == 1


def test_a_task_that_could_not_be_made_is_said_and_what_was_typed_stays(
    qtbot: QtBot, page: AnnotatePage, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pfm_desktop.support.errors import StorageError

    def full(*_args: object) -> None:
        raise StorageError("the disk is full")

    page.make_task()
    page.making.name.setText("April")
    settle()
    monkeypatch.setattr(labelling, "make_task", full)
    qtbot.mouseClick(page.making.make, LEFT)
    qtbot.waitUntil(lambda: "disk is full" in page.making.problem.text(), timeout=10_000)
    assert page.making.name.text() == "April"
    assert page.making.make.isEnabled()


def test_a_task_is_closed_and_opened_again(qtbot: QtBot, page: AnnotatePage, settle: Settle) -> None:
    qtbot.mouseClick(page.tasks.close_task, LEFT)
    settle()
    assert cells(page)[0] == "March (closed)"
    qtbot.keyClick(page.tasks.table, K.Key_Return)
    settle()
    assert "closed" in page.view.side.problem.text()
    page.show_tasks()
    settle()
    assert page.tasks.close_task.text() == "Open it again"
    qtbot.mouseClick(page.tasks.close_task, LEFT)
    settle()
    assert cells(page)[0] == "March"


def test_closing_a_task_says_that_pairs_were_read_by_fewer_than_it_asked_for(
    qtbot: QtBot, page: AnnotatePage, session: Session, task: str, settle: Settle
) -> None:
    pairs = [turn.pair_id for turn in labelling.queue(session.library, task).turns]
    read_by(session.library, task, Anna={pairs[0]: Grade.LOW, pairs[1]: Grade.LOW}, Berta={pairs[1]: Grade.LOW})
    page.tasks.read_again()
    settle()
    with qtbot.waitSignal(page.said) as said:
        qtbot.mouseClick(page.tasks.close_task, LEFT)
    assert said.args == [
        "Task closed: March. 1 pair was read by fewer than the 2 people that it asked for: its label will say so; "
        "opened again, it waits for them."
    ]
    settle()
    with qtbot.waitSignal(page.said) as said:
        qtbot.mouseClick(page.tasks.close_task, LEFT)
    assert said.args == ["Task opened again: March."], "what was said before is no longer so"


def read_by(lib: Library, task: str, **reads: dict[str, Grade]) -> None:
    """Reads of others, by name."""
    before = lib.who
    for who, grades in reads.items():
        lib.who = who
        for pair, grade in grades.items():
            labelling.give(lib, task, Turn(pair), grade=grade)
    lib.who = before


def test_agreement_is_shown_with_interval_and_number(
    page: AnnotatePage, session: Session, task: str, settle: Settle
) -> None:
    assert "no pair" in page.tasks.agreement.note.text()
    pairs = [turn.pair_id for turn in labelling.queue(session.library, task).turns]
    grades = [Grade.NORMAL, Grade.LOW, Grade.HIGH, Grade.CANCER, Grade.LOW, Grade.LOW]
    other = [*grades[:5], Grade.HIGH]
    read_by(
        session.library, task, Berta=dict(zip(pairs, grades, strict=True)), Clara=dict(zip(pairs, other, strict=True))
    )
    page.tasks.read_again()
    settle()
    assert cells(page)[DIFFER] == "1"
    table = page.tasks.agreement.table
    lines = {table.item(row, 0).text(): table.item(row, 1).text() for row in range(table.rowCount())}
    assert lines["Berta and Clara"].startswith("kappa 0.9")
    assert "6 pairs of 6 women" in lines["Berta and Clara"]
    assert " to " in lines["Berta and Clara"]
    assert lines["Clara, drift"].startswith("reads 1-6: +0.17")


# who may what


@pytest.fixture
def guarded(tmp_path: Path) -> Path:
    lib, _ = accounts.make_library(tmp_path / "guarded", "Dr. Chief", PASSWORD)
    with lib:
        for name, role in (("Berta", Role.ANNOTATOR), ("Clara", Role.ADJUDICATOR)):
            accounts.add(lib, name, {role}, PASSWORD)
        fill(lib)
    return tmp_path / "guarded"


@pytest.fixture
def signed_in(qtbot: QtBot, guarded: Path) -> Iterator[Callable[[str], AnnotatePage]]:
    """The page as one of them sees it."""
    opened: list[Library] = []
    pictures = Pictures()
    pictures.hold.set()

    def made(name: str) -> AnnotatePage:
        lib = accounts.sign_in(guarded, name, PASSWORD)
        page = AnnotatePage(Session(lib, Settings()), QtJobs(), load=pictures)
        opened.append(lib)
        qtbot.addWidget(page)
        page.show()
        page.entered()
        qtbot.waitUntil(lambda: page.idle, timeout=10_000)
        return page

    yield made
    assert wait_for_threads(10)
    for lib in opened:
        lib.close()


def test_an_annotator_reads_and_sees_nothing_of_others(signed_in: Callable[[str], AnnotatePage]) -> None:
    page = signed_in("Berta")
    tasks = page.tasks
    assert tasks.read.isVisible()
    for part in (tasks.decide, tasks.new, tasks.close_task, tasks.agreement):
        assert part.isHidden()
    assert tasks.table.isColumnHidden(DIFFER)
    page.make_task()
    assert page.making.isHidden()


def test_an_annotator_reads_and_the_clinician_sees_how_far_she_is(
    qtbot: QtBot, signed_in: Callable[[str], AnnotatePage]
) -> None:
    page = signed_in("Berta")
    qtbot.keyClick(page.tasks.table, K.Key_Return)
    qtbot.waitUntil(lambda: page.idle)
    qtbot.keyClick(page.view.stage, K.Key_3)
    assert page.view.side.title.text() == f"Pair 2 of {PAIRS}"


def test_what_an_annotator_says_before_the_grade_is_hers_alone_in_an_encrypted_library_too(
    qtbot: QtBot, signed_in: Callable[[str], AnnotatePage]
) -> None:
    page = signed_in("Berta")

    def opened(page: AnnotatePage) -> str:
        qtbot.keyClick(page.tasks.table, K.Key_Return)
        qtbot.waitUntil(lambda: page.idle)
        return page.view.side.note.text()

    assert opened(page) == ""
    qtbot.keyClick(page.view.stage, K.Key_N)
    qtbot.keyClicks(page.view.side.note, "near 12")
    page.left()  # the window is locked, or closed
    page.detach()
    page.show_tasks()
    qtbot.waitUntil(lambda: page.idle)
    assert opened(page) == "near 12"


def test_an_adjudicator_decides_and_makes_no_tasks(signed_in: Callable[[str], AnnotatePage]) -> None:
    tasks = signed_in("Clara").tasks
    assert tasks.decide.isVisible()
    assert not tasks.decide.isEnabled(), "nothing differs yet"
    assert tasks.new.isHidden()
    assert tasks.agreement.isVisible()


# deciding


def shown_cards(page: AnnotatePage) -> list[str]:
    side = page.view.side
    return [label.text() for label in side.others.findChildren(type(side.title)) if label.isVisible()]


def test_who_decides_between_an_own_read_and_another_is_told_what_the_label_will_say(
    qtbot: QtBot, page: AnnotatePage, session: Session, task: str, settle: Settle
) -> None:
    pair = labelling.queue(session.library, task).turns[0].pair_id
    read_by(session.library, task, Anna={pair: Grade.LOW}, Berta={pair: Grade.HIGH})
    for who, count in (("Berta", 1), ("Dora", 0)):
        session.library.who = who
        page.tasks.read_again()
        settle()
        qtbot.mouseClick(page.tasks.decide, LEFT)
        settle()
        qtbot.waitUntil(lambda: "Reader 1" in shown_cards(page))
        assert shown_cards(page).count(OWN_READ) == count
        qtbot.keyClick(page.view.stage, K.Key_T)
        settle()


def test_who_decides_sees_both_reads_and_gives_the_grade(
    qtbot: QtBot, page: AnnotatePage, session: Session, task: str, settle: Settle
) -> None:
    from pfm_desktop.domain.labelling import Quality, Region
    from pfm_desktop.domain.source import Source

    pairs = [turn.pair_id for turn in labelling.queue(session.library, task).turns]
    square = ((50.0, 50.0), (150.0, 50.0), (150.0, 150.0))
    read_by(session.library, task, Anna={pairs[1]: Grade.LOW}, Berta={pairs[1]: Grade.LOW, pairs[0]: Grade.NORMAL})
    lib = session.library
    lib.who = "Clara"
    labelling.give(
        lib, task, Turn(pairs[0]), grade=Grade.HIGH, note="at 3", quality=Quality.LIMITED,
        regions=(Region(Source.WHITE, square),),
    )  # fmt: skip
    lib.who = "Dora"
    page.tasks.read_again()
    settle()
    assert page.tasks.decide.text() == "Decide between readers (1)"
    qtbot.mouseClick(page.tasks.decide, LEFT)
    settle()
    side = page.view.side
    assert side.title.text() == "Decide: pair 1 of 1"
    shown = " ".join(label.text() for label in side.others.findChildren(type(side.title)))
    assert "Reader 1 Normal" in shown
    assert "Berta" not in shown
    assert "Clara" not in shown, "whose it is says nothing about the grade"
    assert '"at 3"' in shown
    assert "quality limited" in shown
    (region,) = page.view.stage.painting().regions.given
    assert (region.words, region.voice) == ("Reader 2", 1)
    qtbot.keyClick(page.view.stage, K.Key_2)
    settle()
    assert side.title.text() == "All pairs are decided"
    assert labelling.disagreements(lib, task) == ()
    page.view.go(-1)
    settle()
    assert {"Berta", "Clara"} <= set(shown_cards(page)), "it is decided"
    assert page.view.stage.painting().regions.given[0].words == "Clara"
    page.own_undo()
    settle()
    assert len(labelling.disagreements(lib, task)) == 1
    assert side.title.text() == "Decide: pair 1 of 1"
    qtbot.keyClick(page.view.stage, K.Key_0)
    qtbot.keyClick(page.view.stage, K.Key_1)
    settle()
    reads = labelling.look_again(lib, task, adjudicates=True)[1]
    assert [read.grade for read in reads.values()] == [None]
    qtbot.keyClick(page.view.stage, K.Key_T)
    settle()
    assert page.tasks.decide.isEnabled(), "it can be decided anew"
    labelling.close_task(lib, task)
    page.tasks.read_again()
    settle()
    assert not page.tasks.decide.isEnabled()
    assert "closed" in page.tasks.decide.toolTip()


def test_what_was_decided_is_found_again_and_decided_anew(
    qtbot: QtBot, page: AnnotatePage, session: Session, task: str, settle: Settle
) -> None:
    lib = session.library
    first, second = (turn.pair_id for turn in labelling.queue(lib, task).turns[:2])
    read_by(lib, task, Anna={first: Grade.LOW, second: Grade.LOW}, Berta={first: Grade.CANCER, second: Grade.HIGH})
    lib.who = "Dora"
    for step in range(2):
        page.tasks.read_again()
        settle()
        qtbot.mouseClick(page.tasks.decide, LEFT)
        settle()
        side = page.view.side
        assert side.title.text() == "Decide: pair 1 of 2"
        assert side.own.text() == "Not decided yet"
        if step:
            page.view.go(1)
            settle()
            assert side.own.text() == "You decided: Normal. Another grade changes it."
            qtbot.keyClick(page.view.stage, K.Key_4)
        else:
            qtbot.keyClick(page.view.stage, K.Key_1)
        settle()
        qtbot.keyClick(page.view.stage, K.Key_T)
        settle()
    assert labelling.labels(lib, [first])[first].label == Label(Grade.CANCER, Origin.ADJUDICATED, 2, 1)


@pytest.mark.parametrize(("count", "lines"), [(2, "Reader 2"), (3, "Reader 3: Low"), (8, "Reader 8: Low")])
def test_many_readers_stand_in_a_line_each(
    qtbot: QtBot, page: AnnotatePage, session: Session, task: str, settle: Settle, count: int, lines: str
) -> None:
    lib = session.library
    first = labelling.queue(lib, task).turns[0].pair_id
    for number in range(count):
        read_by(lib, task, **{f"Reader{number}": {first: Grade.LOW if number else Grade.HIGH}})
    lib.who = "Dora"
    page.tasks.read_again()
    settle()
    qtbot.mouseClick(page.tasks.decide, LEFT)
    settle()
    qtbot.waitUntil(lambda: lines in shown_cards(page))
    wide = [label.width() for label in page.view.side.others.findChildren(QLabel) if label.isVisible()]
    assert min(wide) >= 80, "words are not cut"
