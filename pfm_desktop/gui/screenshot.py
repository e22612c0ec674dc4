"""`--screenshot`: a picture of a page, made without anybody at the screen, on a copy of the library."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from pfm_desktop.domain.grade import Grade
from pfm_desktop.gui.main_window import CAPTURE, VIEWS, MainWindow
from pfm_desktop.jobs import SilentContext
from pfm_desktop.support.errors import BadInputError, StorageError, UserError
from pfm_desktop.support.paths import demo_library_dir

if TYPE_CHECKING:
    from pfm_desktop.domain.case import VisitRow
    from pfm_desktop.viewmodels.session import Session

PATIENCE_SECONDS = 300
_POLL_MS = 20


def take(app: QApplication, window: MainWindow, out: Path, page: str, library: str) -> int:
    """Write the picture to `out`; returns the exit code. The library itself stays as it is: a copy is shown."""
    with tempfile.TemporaryDirectory(prefix="pfm-screenshot-") as folder:
        try:
            _shoot(app, window, out, page, _copied(library, Path(folder)))
        except UserError as error:
            print(f"error: {error}", file=sys.stderr)  # noqa: T201 - nobody looks at the window
            return error.exit_code
        finally:
            window.close()
            window.jobs.wait_all(PATIENCE_SECONDS)
            window.close()
    return 0


def most_interesting(rows: Sequence[VisitRow]) -> VisitRow | None:
    """The visit that shows most: both sources, read and not signed yet, the highest grade, most pictures."""
    both = [row for row in rows if row.has_white and row.has_fluorescence] or list(rows)

    def worth(row: VisitRow) -> tuple[bool, bool, int, int]:
        rank = Grade(row.impression).rank if row.impression else -1
        return not row.signed, bool(row.impression), rank, row.pictures

    return max(both, key=worth, default=None)


def wait_until(app: QApplication, true: Callable[[], bool], what: str) -> None:
    """Let the window work until `true()`; `UserError` when it takes too long."""
    if true():
        return
    loop, polling, limit = QEventLoop(), QTimer(), QTimer()
    polling.timeout.connect(lambda: loop.quit() if true() else None)
    polling.start(_POLL_MS)
    limit.setSingleShot(True)
    limit.timeout.connect(loop.quit)
    limit.start(PATIENCE_SECONDS * 1000)
    loop.exec()
    polling.stop()
    if not true():
        raise UserError(f"{what} took more than {PATIENCE_SECONDS} seconds", remedy="try again on a quiet computer")


def _copied(library: str, folder: Path) -> str:
    """A copy of the library; the demo library is made first where there is none."""
    from pfm_desktop.storage.library import Library

    if library:
        Library.open(Path(library)).close()  # says what is wrong with it, if anything
    elif not (demo_library_dir() / "library.sqlite").exists():
        print("Drawing the demo library, once; about a minute ...", file=sys.stderr)  # noqa: T201 - no window is seen
        from pfm_desktop.services.demo import ensure_demo_library

        ensure_demo_library(SilentContext(), demo_library_dir()).close()
    copy = folder / "library"
    try:
        shutil.copytree(Path(library) if library else demo_library_dir(), copy, ignore=shutil.ignore_patterns("lock"))
    except OSError as error:
        raise StorageError(
            f"could not copy the library: {error.strerror or error}", remedy="free some space"
        ) from error
    return str(copy)


def _shoot(app: QApplication, window: MainWindow, out: Path, page: str, library: str) -> None:
    window.show()
    window.open_library(library)
    wait_until(app, lambda: not window.door.busy, "opening the library")
    session = window.session
    if session is None:
        raise StorageError(window.opening.words.text())
    if page == "review":
        _open_best(window, session)
    elif page == "capture":
        _examine_best(app, window, session)
    else:
        window.show_page(VIEWS.index(f"view.{page}"))
    wait_until(app, lambda: _quiet(window), "the page")
    app.processEvents()
    if not window.grab().save(str(out)):
        raise BadInputError(f"could not write {out}", remedy="choose a PNG file in a folder that you may write to")


def _open_best(window: MainWindow, session: Session) -> None:
    from pfm_desktop.services import review

    row = most_interesting(session.today())
    if row is None:
        raise BadInputError("the library holds no visit", remedy="add one, or leave --library out for the demo library")
    if row.impression and not row.signed:  # with the AI answer in sight; it is a copy
        session.perform(lambda lib: review.reveal(lib, row.visit.id, session.reader), undoable=False)
    window.open_visit(row.visit.id)
    wait_until(QApplication.instance(), lambda: _quiet(window), "the page")  # type: ignore[arg-type]  # there is one


def _examine_best(app: QApplication, window: MainWindow, session: Session) -> None:
    """The live picture, in the visit that shows most; what is said instead where there is no camera."""
    row = most_interesting(session.today())
    if row is not None:
        session.open_visit(row.visit.id)
    window.show_page(CAPTURE)
    page: Any = window.stack.currentWidget()

    def opened() -> bool:
        """Whether a picture came, or it is said why none does."""
        status = page.examining.status
        return page.idle and (page.view.shown is not None or status is None or status.state not in ("opening", "live"))

    wait_until(app, opened, "the camera")
    wait_until(app, lambda: page.view.shown is None or bool(page.meters.meters), "the live picture")


def _quiet(window: MainWindow) -> bool:
    return not window.jobs.busy and bool(getattr(window.stack.currentWidget(), "idle", True))
