"""Works with an encrypted library as a clinic would, in the window, and is killed at the end. See `planted.py`.

python -m benchmarks.planted_parts.worker LIBRARY NAMES
"""

from __future__ import annotations

import functools
import logging
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.imaging.io import encode_jpeg, encode_png
from pfm_desktop.imaging.phantom import render
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import accounts, backup, cases, pairing, review
from pfm_desktop.storage.library import Library

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pfm_desktop.gui.main_window import MainWindow

WHO, PASSWORD, WRONG = "Dr. Plantedreader", "planted four words differ", "planted wrong password"
PAIRS, SIDE = 4, 512
PATIENCE = 60  # seconds for one step


def names(count: int) -> tuple[str, ...]:
    """Names that are nowhere else, the reader's and what was typed among them."""
    made = [f"Plantedwoman{number}x{'äßé李'[number % 4]}" for number in range(count - 3)]
    return (*made, "Plantedreader", "planted four words", "planted wrong password")


@functools.cache
def pictures() -> tuple[bytes, ...]:
    """White light as PNG, fluorescence as JPEG, of a few phantoms."""
    made: list[bytes] = []
    for seed in range(PAIRS):
        phantom = render(7_000_000 + seed, size=SIDE)
        made += [encode_png(phantom.white), encode_jpeg(phantom.fluorescence)]
    return tuple(made)


def told(step: str) -> None:
    """One more step is done."""
    sys.stdout.write(f"{step}\n")
    sys.stdout.flush()


def filled(folder: Path, count: int) -> None:
    """A new library, with a woman a name, the first few with pictures."""
    lib, _ = accounts.make_library(folder, WHO, PASSWORD)
    with lib:
        for number, name in enumerate(names(count)[:-3]):
            woman = cases.add_patient(lib, identifier=f"Nr {name}", family_name=name, given_name=name)
            visit = cases.add_visit(lib, woman.id, indication=name, note=name)
            if number >= PAIRS:
                continue
            for stage, data in zip(
                (Stage.ACETIC_ACID, Stage.FLUORESCENCE_AFTER_ACID), pictures()[2 * number :][:2], strict=True
            ):
                cases.add_picture(lib, visit.id, data, stage=stage, name=f"{name}.png")
            pair = pairing.ensure_pair(lib, visit.id)
            review.place_pin(lib, pair.id, Source.WHITE, 100, 100, note=name)
            review.set_text(lib, visit.id, f"{name} told me")
    told("filled")


def wait(true: Callable[[], bool]) -> None:
    """Let the window work until it is so."""
    from PySide6.QtWidgets import QApplication

    from pfm_desktop.gui.screenshot import wait_until

    app = QApplication.instance()
    if not isinstance(app, QApplication):
        raise SystemExit("no window")
    wait_until(app, true, "a step")


def in_the_window(folder: Path, found: Sequence[str]) -> Library:
    """Sign in, search, open, lock, fail: what leaves traces, if anything does. The library stays open."""
    from PySide6.QtTest import QTest

    from pfm_desktop.gui.application import build, parsed
    from pfm_desktop.support import logs

    logs.start_logging()
    app, window = build(parsed(["--library", str(folder)]))
    logs.catch_unexpected(window.unexpected.emit)
    window.show()
    window.open_library(str(folder))
    page = window.entrance.signing_in
    wait(page.isVisible)
    for password in (WRONG, PASSWORD):
        wait(lambda: page.go.text() == "Sign in")
        page.name.setText(WHO)
        QTest.keyClicks(page.password, password)
        QTest.keyClick(page.password, "\r")
        wait(lambda: window.desk is not None or page.said.isVisible())
    wait(lambda: window.desk is not None)
    told("signed_in")
    library = _at_work(window, found)
    QTest.qWait(500)
    app.processEvents()
    return library


def _at_work(window: MainWindow, found: Sequence[str]) -> Library:
    from PySide6.QtTest import QTest

    session = window.session
    if session is None or window.desk is None:
        raise SystemExit("the library is not open")
    for name in found[:5]:
        window.desk.today.search.setText(name)
        QTest.qWait(100)
    told("searched")
    for row in [row for row in session.today() if row.pictures][:2]:
        window.open_visit(row.visit.id)
        wait(lambda: bool(getattr(window.stack.currentWidget(), "idle", True)) and not window.jobs.busy)
    told("reviewed")
    window.lock_now()
    QTest.keyClicks(window.lock.page.password, PASSWORD)
    QTest.keyClick(window.lock.page.password, "\r")
    wait(lambda: not window.lock.locked)
    told("locked_and_unlocked")
    window.messages.problem(f"{found[0]} cannot be shown")
    _fail(found)
    QTest.qWait(200)
    told("failed_unexpectedly")
    return session.library


def _fail(found: Sequence[str]) -> None:
    """As an error that nobody expected arrives where such errors end."""
    logging.getLogger("pfm_desktop").warning("Planted failure comes next")
    held: dict[str, Any] = {"patient": found[0]}
    try:
        raise ValueError(f"Planted failure with {held}")
    except ValueError:
        sys.excepthook(*sys.exc_info())


def main() -> None:
    """Work, and be killed."""
    folder, count = Path(sys.argv[1]) / "library", int(sys.argv[2])
    filled(folder, count)
    lib = in_the_window(folder, names(count))
    backup.back_up(SilentContext(), lib, Path(sys.argv[1]) / "backup")
    told("backed_up")
    visit = cases.add_visit(lib, cases.add_patient(lib, identifier="last", family_name=names(count)[1]).id)
    review.set_text(lib, visit.id, names(count)[2])
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
