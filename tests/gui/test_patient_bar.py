"""Whose visit is open, above every page."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace

from pytestqt.qtbot import QtBot

from pfm_desktop.gui.widgets.patient_bar import PatientBar
from pfm_desktop.support.moments import moment


def test_the_visit_bears_its_time_with_zone_as_the_report_does(qtbot: QtBot) -> None:
    bar = PatientBar()
    qtbot.addWidget(bar)
    at = datetime(2026, 11, 25, 13, 30, tzinfo=UTC)
    patient = SimpleNamespace(display_name="Li, 娜", birth_date=date(1980, 2, 29), identifier="K-17")
    bar.show_case(SimpleNamespace(patient=patient, visit=SimpleNamespace(started_at=at), signed=False))
    assert bar.facts.text().endswith(f"visit {moment(at)}")
    assert "UTC" in bar.facts.text()
