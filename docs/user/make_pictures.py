"""Makes the pictures of the user guide, all on phantoms, and `keys.md`:

    python docs/user/make_pictures.py [--keys-only]

The demo library is drawn into a folder of its own, the window is driven through its pages at 1366 x 768, and each
picture is kept as a PNG of few colours, below 150 kB.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

HERE = Path(__file__).resolve().parent
SIZE = "1366x768"
MOST_BYTES = 150_000
COLOURS = (256, 192, 128, 96, 64, 48, 32, 24, 16)
PATIENCE = 240.0  # seconds for a page

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from pfm_desktop.domain.case import VisitRow
    from pfm_desktop.gui.main_window import MainWindow


def main() -> None:
    """Make them all."""
    parser = argparse.ArgumentParser(description="Pictures and keys of the user guide.")
    parser.add_argument("--keys-only", action="store_true")
    options = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    sys.path.insert(0, str(HERE.parents[1]))
    with tempfile.TemporaryDirectory(prefix="pfm-guide-") as folder:
        os.environ["PFM_HOME"] = folder
        app, window = opened()
        try:
            (HERE / "keys.md").write_text(keys_of(window), encoding="utf-8")
            if not options.keys_only:
                Camera(app, window).take_all()
        finally:
            for _ in range(2):  # what is recorded of the phantom that was examined is asked about once
                window.close()
            wait(app, lambda: not window.isVisible(), "closing")
            wait(app, lambda: not window.jobs.busy, "what still runs")
        from pfm_desktop.jobs import wait_for_threads

        wait_for_threads(PATIENCE)


def opened() -> tuple[QApplication, MainWindow]:
    """The window on a new demo library, all its pages made."""
    from pfm_desktop.gui.application import build, parsed
    from pfm_desktop.gui.main_window import TITLES
    from pfm_desktop.jobs import SilentContext
    from pfm_desktop.services.demo import ensure_demo_library
    from pfm_desktop.support.paths import demo_library_dir

    ensure_demo_library(SilentContext(), demo_library_dir()).close()
    app, window = build(parsed(["--size", SIZE]))
    window.show()
    window.open_library("")
    wait(app, lambda: window.desk is not None and len(window.desk.made) == len(TITLES), "opening")
    return app, window


def keys_of(window: MainWindow) -> str:
    """`keys.md`, of all pages."""
    from pfm_desktop.gui import desk
    from pfm_desktop.gui.widgets.stage_keys import STAGE_KEYS
    from pfm_desktop.viewmodels.page_keys import markdown_of

    assert window.desk is not None
    for index in desk.BEHIND:
        window.desk.page(index)
    assert window.help.guide is not None
    rows = [(row.group, row.shortcut, row.text) for row in window.book.rows()]
    return markdown_of(rows, STAGE_KEYS)


def wait(app: QApplication, done: Callable[[], bool], what: str) -> None:
    """Let the window work until `done`."""
    end = time.monotonic() + PATIENCE
    while not done():
        app.processEvents()
        time.sleep(0.01)
        if time.monotonic() > end:
            raise TimeoutError(what)


class Camera:
    """Drives the window and keeps what is seen. A copy of the demo library, so that it may be changed."""

    def __init__(self, app: QApplication, window: MainWindow) -> None:
        self._app, self._window = app, window

    def take_all(self) -> None:
        """Page after page, in an order in which nothing spoils what comes after."""
        self._session.change_settings(reader="Dr. Demo")  # not who happens to run this
        self._today()
        visit = self._unread()
        self._review(visit)
        self._pins()
        self._capture(visit)
        self._annotate()
        self._behind()
        self._settings()

    # ---- the pages

    def _today(self) -> None:
        window = self._window
        self._settle()
        self._keep("today")
        window.help.take_tour()
        self._settle()
        self._keep("tour")
        window.help.tour.end()

    def _review(self, row: VisitRow) -> None:
        from pfm_desktop.domain.grade import Grade
        from pfm_desktop.services import review

        window, session = self._window, self._session
        window.open_visit(row.visit.id)
        self._settle()
        self._keep("review")
        session.perform(lambda lib: review.set_impression(lib, row.visit.id, Grade.HIGH))
        page: Any = window.stack.currentWidget()
        page.side.go_to(1)
        self._settle()
        page.side.answer.reveal.click()
        self._settle()
        self._keep("answer")
        page.side.go_to(3)
        self._settle()
        self._keep("report")

    def _pins(self) -> None:
        from pfm_desktop.domain.source import Source
        from pfm_desktop.services import review

        page: Any = self._window.stack.currentWidget()
        page.take_os()
        pair = page.loader.desk.pair
        for place in ((420.0, 380.0), (640.0, 610.0)):
            self._session.perform(lambda lib, at=place: review.place_pin(lib, pair.id, Source.WHITE, *at))
        page.side.heatmap.toggle()
        page.side.go_to(2)
        self._settle()
        self._keep("pins")

    def _capture(self, row: VisitRow) -> None:
        from pfm_desktop.gui.main_window import CAPTURE

        window = self._window
        window.open_visit(row.visit.id)
        window.show_page(CAPTURE)
        page: Any = window.stack.currentWidget()
        wait(self._app, lambda: page.idle and page.view.shown is not None, "the simulated device")
        page.answer_allergy(False)
        page.take_picture()
        self._settle()
        page.start_acid()
        wait(self._app, lambda: (page.examining.facts.seconds or 0) > 3, "the clock")
        self._settle()
        self._keep("capture")
        window.help.toggle_keys()
        self._settle()
        self._keep("keys")
        window.help.leave_keys()

    def _annotate(self) -> None:
        from pfm_desktop.gui.main_window import ANNOTATE
        from pfm_desktop.services import labelling
        from pfm_desktop.services.labelling import Wish

        library = self._session.library
        rows = [row for row in self._session.today() if row.signed and row.has_white and row.has_fluorescence]
        pairs = [self._case(row).pairs[0].id for row in rows[:8]]
        made = labelling.make_task(library, Wish("Demonstration", repeats=0.0), pairs)
        self._window.show_page(ANNOTATE)
        page: Any = self._window.stack.currentWidget()
        page.read_task(made.id)
        self._settle()
        self._keep("annotate")
        page.show_tasks()

    def _behind(self) -> None:
        from pfm_desktop.gui.desk import HISTOLOGY, LEARNING

        for index, name in ((HISTOLOGY, "histology"), (LEARNING, "learning")):
            self._window.show_page(index)
            self._settle()
            self._keep(name)

    def _settings(self) -> None:
        from pfm_desktop.gui.main_window import SETTINGS

        self._window.show_page(SETTINGS)
        page: Any = self._window.stack.currentWidget()
        self._settle()
        page._scroll.ensureWidgetVisible(page.upkeep, 0, 300)
        self._settle()
        self._keep("settings")

    # ---- tools

    @property
    def _session(self) -> Any:
        assert self._window.session is not None
        return self._window.session

    def _case(self, row: VisitRow) -> Any:
        from pfm_desktop.services import cases

        return cases.visit_case(self._session.library, row.visit.id)

    def _unread(self) -> VisitRow:
        """One with a lesion in sight: of the visits that wait for their first read the one with the HSIL smear."""
        rows = [row for row in self._session.today() if not row.impression and row.has_white and row.has_fluorescence]
        return next((row for row in rows if "HSIL" in row.visit.indication), rows[0])

    def _settle(self) -> None:
        """Until nothing loads, and a moment longer for what is painted then."""
        window = self._window

        def quiet() -> bool:
            return not window.jobs.busy and bool(getattr(window.stack.currentWidget(), "idle", True))

        for _ in range(2):
            wait(self._app, quiet, "the page")
            end = time.monotonic() + 0.4
            wait(self._app, lambda end=end: time.monotonic() > end, "a moment")
        window.messages.clear_notes()
        self._app.processEvents()

    def _keep(self, name: str) -> None:
        from PIL import Image
        from PySide6.QtCore import QBuffer

        buffer = QBuffer()
        buffer.open(QBuffer.OpenModeFlag.ReadWrite)
        self._window.grab().save(buffer, "PNG")
        whole = Image.open(BytesIO(bytes(buffer.data().data()))).convert("RGB")
        for colours in COLOURS:
            out = BytesIO()
            few = whole.quantize(colours, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
            few.save(out, "PNG", optimize=True)
            if out.tell() <= MOST_BYTES:
                break
        (HERE / "pictures" / f"{name}.png").write_bytes(out.getvalue())


if __name__ == "__main__":
    main()
    from pfm_desktop.support import threads

    threads.leave(0)  # as the program does: libraries have threads of their own
