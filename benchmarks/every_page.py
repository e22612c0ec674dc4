"""Each page of the real window in turn, on the demo library, for what looks at all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.event_loop import wait

Stand = Callable[[str], None]


def walk(window: Any, stand: Stand) -> None:
    """Show each page of the rail and those behind them, each part of Histology and each tab of Review, Display, the
    keys of a page, all keys, the user guide, the pages for who helps and each step of the tour at last; `stand(name)`
    is called with each in front, folded parts unfolded."""
    from PySide6.QtWidgets import QApplication, QToolButton

    def unfolded(name: str) -> None:
        for fold in window.findChildren(QToolButton):
            if fold.property("role") == "folding" and fold.isVisible() and not fold.isChecked():
                fold.click()
        QApplication.processEvents()
        stand(name)

    for part in (_lists, _review, _behind):
        part(window, unfolded)


def settle(window: Any) -> None:
    """Until the page in front has nothing more to come."""
    page = window.stack.currentWidget()
    wait(lambda: getattr(page, "idle", True), seconds=60)


def _lists(window: Any, stand: Stand) -> None:
    from pfm_desktop.gui import desk
    from pfm_desktop.viewmodels.follow_up import Part

    window.show_page(desk.TODAY)
    settle(window)
    stand("Today")
    window.show_page(desk.HISTOLOGY)
    histology = window.stack.currentWidget()
    for part in Part:
        histology.parts.choose(part.value)
        settle(window)
        stand(f"Histology, {part.value}")
    window.show_page(desk.TODAY)
    window.desk.today.intake.new_patient()
    stand("Today, new patient")


def _review(window: Any, stand: Stand) -> None:
    from pfm_desktop.viewmodels.review import TABS

    row = next(row for row in window.session.today() if (row.awaited and not row.signed) or row.pictures > 2)
    window.open_visit(row.visit.id)
    review = window.stack.currentWidget()
    wait(lambda: review.idle, seconds=120)
    for place, tab in zip(range(review.side.count()), TABS, strict=True):
        review.side.setCurrentIndex(place)
        settle(window)
        stand(f"Review, {tab}")
    review.bar.open_look()
    stand("Review, Display")
    review.bar.open_look()
    window.help.toggle_keys()
    stand("Review, keys of the page")
    window.help.toggle_keys()


def _behind(window: Any, stand: Stand) -> None:
    from pfm_desktop.gui import desk

    for index, name in (
        (desk.CAPTURE, "Capture"), (desk.ANNOTATE, "Annotate"), (desk.MODELS, "Models"), (desk.SETTINGS, "Settings"),
        (desk.AUDIT, "Audit trail"), (desk.IMPORT, "Import"), (desk.EXPORT, "Export"), (desk.LEARNING, "Fine-tune"),
    ):  # fmt: skip
        window.show_page(index)
        settle(window)
        if index == desk.CAPTURE:
            capture = window.stack.currentWidget()
            if capture.whose.isVisible():
                capture.whose.this.click()
            settle(window)
        stand(name)
    window.help.show_all_keys()
    stand("All keys")
    window.desk.show_shortcut_editor()
    stand("Settings, keys")
    window.help.show_guide()
    stand("User guide")
    window.help.support.show_check()
    stand("Check of this computer")
    window.help.support.show_crashes()
    stand("After a crash")
    window.show_page(desk.TODAY)
    window.help.take_tour()
    tour, step = window.help.tour, 0
    while tour.running:
        settle(window)
        step += 1
        stand(f"Tour, step {step}")
        tour.card.next_button.click()
