"""The real window, page after page: says `PAGE name` when one stands, and goes on when it is told to."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any


def main() -> None:
    """See the module."""
    from pfm_desktop.support import threads

    threads.set_polite_threads()
    from PySide6.QtWidgets import QApplication, QToolButton

    from benchmarks.event_loop import opened_window, wait
    from pfm_desktop.jobs import SilentContext
    from pfm_desktop.services import demo

    library = Path(os.environ["PFM_HOME"]) / "demo"
    demo.ensure_demo_library(SilentContext(), library).close()
    _app, window = opened_window(library, size="1920x1080")
    told = threading.Event()
    threading.Thread(target=_listen, args=(told,), daemon=True).start()

    def stand(name: str) -> None:
        for fold in window.findChildren(QToolButton):
            if fold.property("role") == "folding" and fold.isVisible() and not fold.isChecked():
                fold.click()
        QApplication.processEvents()
        print(f"PAGE {name}", flush=True)
        wait(told.is_set, seconds=300)
        told.clear()

    for walk in (_lists, _review, _behind):
        walk(window, stand)
    window.close()
    window.close()
    threads.leave(0)


def _lists(window: Any, stand: Callable[[str], None]) -> None:
    from pfm_desktop.gui import desk
    from pfm_desktop.viewmodels.follow_up import PART_WORDS, Part

    window.show_page(desk.TODAY)
    _settle(window)
    stand("Today")
    window.show_page(desk.HISTOLOGY)
    histology = window.stack.currentWidget()
    for part in Part:
        histology.parts.choose(part.value)
        _settle(window)
        stand(f"Histology, {PART_WORDS[part].lower()}")
    window.show_page(desk.TODAY)
    window.desk.today.intake.new_patient()
    stand("Today, new patient")


def _review(window: Any, stand: Callable[[str], None]) -> None:
    from benchmarks.event_loop import wait

    row = next(row for row in window.session.today() if (row.awaited and not row.signed) or row.pictures > 2)
    window.open_visit(row.visit.id)
    review = window.stack.currentWidget()
    wait(lambda: review.idle, seconds=120)
    for place in range(review.side.count()):
        review.side.setCurrentIndex(place)
        _settle(window)
        stand(f"Review, {review.side.tabText(place)}")


def _behind(window: Any, stand: Callable[[str], None]) -> None:
    from pfm_desktop.gui import desk

    for index, name in (
        (desk.CAPTURE, "Capture"), (desk.ANNOTATE, "Annotate"), (desk.MODELS, "Models"), (desk.SETTINGS, "Settings"),
        (desk.AUDIT, "Audit trail"), (desk.IMPORT, "Import"), (desk.EXPORT, "Export"), (desk.LEARNING, "Fine-tune"),
    ):  # fmt: skip
        window.show_page(index)
        _settle(window)
        if index == desk.CAPTURE:
            capture = window.stack.currentWidget()
            if capture.whose.isVisible():
                capture.whose.this.click()
            _settle(window)
        stand(name)
    window.help.show_guide()
    stand("User guide")


def _settle(window: Any) -> None:
    from benchmarks.event_loop import wait

    page = window.stack.currentWidget()
    wait(lambda: getattr(page, "idle", True), seconds=60)


def _listen(told: threading.Event) -> None:
    for _ in sys.stdin:
        told.set()


if __name__ == "__main__":
    main()
