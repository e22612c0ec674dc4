"""Whose visit is open, above every page."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import pairwise
from types import SimpleNamespace

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from pfm_desktop.gui.widgets.patient_bar import PatientBar
from pfm_desktop.support.moments import moment

AT = datetime(2026, 11, 25, 13, 30, tzinfo=UTC)

LONG = "HPV 16 positive, ASC-US smear in July, <b>bleeding</b> for three months, follow-up after LLETZ " * 3


def case_of(indication: str = "", name: str = "Li, 娜", *, iodine: bool | None = None) -> SimpleNamespace:
    patient = SimpleNamespace(display_name=name, birth_date=date(1980, 2, 29), identifier="K-17")
    visit = SimpleNamespace(started_at=AT, day_only=False, indication=indication)
    return SimpleNamespace(patient=patient, visit=visit, signed=False, iodine_allergy=iodine)


@pytest.fixture
def bar(qtbot: QtBot) -> PatientBar:
    bar = PatientBar()
    qtbot.addWidget(bar)
    bar.show_library(demo=True, reading="")
    bar.resize(760, 64)
    bar.show()
    return bar


def test_the_bar_says_why_she_came(bar: PatientBar) -> None:
    bar.show_case(case_of("HPV positive"))
    assert bar.indication.isVisible()
    assert bar.indication.text() == "Indication: HPV positive"
    assert bar.indication.toolTip() == ""
    bar.show_case(case_of(" "))
    assert bar.indication.isHidden()
    bar.show_case(case_of("LSIL"))
    bar.show_case(None)
    assert bar.indication.isHidden()


def test_a_long_indication_is_cut_and_whole_in_its_tooltip_and_makes_nothing_wider(bar: PatientBar) -> None:
    bar.show_case(case_of())
    QApplication.processEvents()
    width = bar.minimumSizeHint().width()
    bar.show_case(case_of(LONG))
    bar.resize(760, 64)
    QApplication.processEvents()
    assert bar.minimumSizeHint().width() == width
    assert bar.indication.text().endswith("…")
    assert bar.indication.height() < 2 * bar.indication.fontMetrics().lineSpacing()
    assert "&lt;b&gt;bleeding" in bar.indication.toolTip()
    assert LONG.strip() in bar.indication.accessibleName()
    bar.resize(8000, 64)
    assert not bar.indication.text().endswith("…")


def test_a_long_name_is_cut_and_whole_in_its_tooltip_and_leaves_the_facts_their_room(bar: PatientBar) -> None:
    bar.show_case(case_of())
    QApplication.processEvents()
    assert (bar.name.text(), bar.name.toolTip()) == ("Li, 娜", "")
    name = "Wunderlich-Hohenstein, " + " ".join(["<i>Anna</i>", "Maria"] * 7)
    bar.show_case(case_of(name=name))
    QApplication.processEvents()
    assert bar.width() == 760
    assert bar.name.text().startswith("Wunder")
    assert bar.name.text().endswith("…")
    assert bar.name.fontMetrics().horizontalAdvance(bar.name.text()) <= bar.name.width()
    assert "&lt;i&gt;Anna" in bar.name.toolTip()
    assert bar.name.accessibleName() == name
    assert bar.facts.width() >= 260
    bar.resize(8000, 64)
    QApplication.processEvents()
    assert (bar.name.text(), bar.name.toolTip()) == (name, "")


def test_an_allergy_to_iodine_is_in_sight_wherever_she_is_worked_on(bar: PatientBar) -> None:
    for iodine in (None, False):
        bar.show_case(case_of(iodine=iodine))
        assert bar.allergy.isHidden()
    bar.show_case(case_of(LONG, iodine=True))
    assert bar.allergy.isVisible()
    assert bar.allergy.text() == "\u26a0 Iodine allergy on record"
    in_a_line = bar.allergy.fontMetrics().horizontalAdvance(bar.allergy.text())
    assert bar.allergy.minimumSizeHint().width() < in_a_line, (
        "where there is little room nothing beside it is cut for it"
    )
    bar.show_case(case_of(name="Wunderlich, " + "Anna " * 60, iodine=True))
    QApplication.processEvents()
    line = bar.allergy.fontMetrics().lineSpacing()
    assert bar.allergy.heightForWidth(bar.allergy.width()) < 3 * line, "two lines"
    bar.resize(1600, 64)
    QApplication.processEvents()
    assert bar.allergy.heightForWidth(bar.allergy.width()) < 2 * line, "one line"
    bar.resize(760, 64)
    bar.show_case(case_of(iodine=True), quiet=True)  # somebody else is worked on
    assert bar.allergy.isHidden()
    bar.show_case(case_of(iodine=True))
    bar.hide_names()
    assert bar.allergy.isHidden()
    bar.show_case(case_of(iodine=True))
    bar.show_case(None)
    assert bar.allergy.isHidden()


def test_on_a_small_screen_the_badge_gives_way_before_name_and_number(bar: PatientBar) -> None:
    bar.show_case(case_of(name="Demo, Johanna"))
    bar.resize(567, 90)  # beside the rail, half of 1366
    QApplication.processEvents()
    assert bar.width() == 567
    assert bar.name.text() == "Demo, Johanna"
    assert bar.facts.width() >= bar.facts.fontMetrics().horizontalAdvance("ID DEMO-0010")
    assert bar.demo.text().endswith("…")
    assert bar.demo.toolTip()
    assert "ID\N{NO-BREAK SPACE}K-17" in bar.facts.text()
    assert "K-17" in bar.facts.toolTip()
    parts = (bar.name, bar.facts, bar.demo)
    for left, right in pairwise(parts):
        assert left.geometry().right() < right.geometry().left()
    assert bar.demo.geometry().right() < bar.width()


def test_where_names_are_hidden_no_tooltip_has_them(bar: PatientBar) -> None:
    bar.show_case(case_of(name="Wunderlich, Anna " * 20))
    QApplication.processEvents()
    assert bar.name.toolTip()
    assert bar.facts.toolTip()
    bar.hide_names()
    for part in (bar.name, bar.facts, bar.indication):
        assert (part.toolTip(), part.accessibleName()) == ("", "")
    bar.show_case(None)
    QApplication.processEvents()
    assert (bar.facts.toolTip(), bar.name.text()) == ("", "No visit open")


def test_the_visit_bears_its_time_with_zone_as_the_report_does(bar: PatientBar) -> None:
    bar.show_case(case_of())
    told = bar.facts.text()
    assert told.replace("\N{NO-BREAK SPACE}", " ").endswith(f"visit {moment(AT)}")
    assert " " not in told.rpartition("visit ")[2]  # no line breaks it in two
    assert "UTC" in bar.facts.text()


def test_the_bar_says_what_it_is_told_of_changing_and_no_more(bar: PatientBar) -> None:
    assert not bar.reading.isVisible()
    said = "Anna is annotator: reads for labels are written, nothing else can be changed"
    bar.show_library(demo=False, reading=said, who="Anna")
    assert bar.reading.isVisible()
    assert bar.reading.text() == said
    bar.say_reading(said, over="Still open for reading only.")
    assert bar.reading.text() == "Still open for reading only."
    assert bar.again.isVisible()
