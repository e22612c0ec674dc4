"""An examination in the real window, driven by keys: a library with a woman on the desk, the Capture page live."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from benchmarks.event_loop import opened_window, wait
from benchmarks.kill_parts.libraries import CHEAP, NAME, PASSWORD
from pfm_desktop.services import accounts, cases
from pfm_desktop.services.capture import config
from pfm_desktop.storage import keys
from pfm_desktop.storage.library import Library

KEYS = {"go": Qt.Key.Key_Space, "pair": Qt.Key.Key_P, "record": Qt.Key.Key_R}


def make_library(folder: Path, *, encrypted: bool) -> str:
    """With one woman and her visit; its id."""
    keys.COST = CHEAP
    lib = accounts.make_library(folder, NAME, PASSWORD)[0] if encrypted else Library.create(folder, demo=True)
    with lib:
        patient = cases.add_patient(lib, identifier="C-1", family_name="Benchmark", given_name="Capture")
        return cases.add_visit(lib, patient.id).id


class Examination:
    """The window with that visit on the desk and the live picture in front."""

    def __init__(self, library: Path, visit_id: str, *, size: str, rate: float, encrypted: bool) -> None:
        from pfm_desktop.gui.main_window import CAPTURE

        config.save(config.DeviceConfig(rate=rate))
        self.app, self.window = opened_window(library, size=size, signs_in=(NAME, PASSWORD) if encrypted else None)
        self.window.open_visit(visit_id)
        self.window.show_page(CAPTURE)
        self.page: Any = self.window.stack.currentWidget()
        if self.page.examining.device is None and not self.page.examining.opening:
            self.page.examining.open_device(config.load())  # an encrypted library is no demo library
        wait(lambda: self.page.view.shown is not None)

    def press(self, command: str) -> None:
        """The key of a command, on the live picture."""
        QTest.keyClick(self.page.view, KEYS[command])

    def close(self) -> None:
        """As a user does."""
        if not self.window.close():  # it asks once while something is recorded
            self.window.close()
        wait(lambda: not self.window.isVisible())


Doing = tuple[float, Callable[[], None]]


def follow(schedule: list[Doing], until: float) -> None:
    """Do each at its second from now, until `until` seconds have passed."""
    begun = time.monotonic()
    for seconds, do in (*sorted(schedule, key=lambda one: one[0]), (until, _nothing)):
        due = begun + seconds
        wait(lambda due=due: time.monotonic() >= due, seconds=max(120.0, due - time.monotonic() + 60.0))
        do()


def rest(seconds: float) -> None:
    """Only the event loop runs."""
    follow([], seconds)


def _nothing() -> None:
    pass
