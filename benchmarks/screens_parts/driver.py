"""The real window in one language, size and theme: a picture of each page, and what of it is cut."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    """`driver LIBRARY OUT WIDTHxHEIGHT light|dark`; the language is in PFM_LANGUAGE."""
    from pfm_desktop.support import threads

    threads.set_polite_threads()
    library, out, size, look = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4]
    from benchmarks.event_loop import opened_window
    from benchmarks.every_page import settle, walk
    from benchmarks.screens_parts.cut import seen
    from pfm_desktop.support.settings import Settings, save_settings

    save_settings(Settings(reader="Dr. Test", theme=look))
    _app, window = opened_window(library, size=size)
    number = 0

    def look_at(name: str) -> None:
        nonlocal number
        number += 1
        if out != Path("-"):
            slug = re.sub(r"\W+", "_", name).lower()
            window.grab().save(str(out / f"{number:03}_{slug}.png"))
        found = seen(window)
        said: dict[str, Any] = {"page": name, "texts": found.texts, "shortened": found.shortened}
        print(json.dumps({**said, "cut": [str(one) for one in found.cut]}), flush=True)

    def stand(name: str) -> None:
        settle(window)
        _spin(0.6)
        look_at(name)
        for area in _scrolls(window):
            bar = area.verticalScrollBar()
            while bar.value() < bar.maximum():
                bar.setValue(bar.value() + bar.pageStep())
                _spin(0.2)
                look_at(f"{name}, further down")
            bar.setValue(0)

    walk(window, stand)
    window.close()
    window.close()
    shutil.rmtree(library, ignore_errors=True)
    threads.leave(0)


def _scrolls(window: Any) -> list[Any]:
    """Forms and texts of the page in front that are longer than their view."""
    from PySide6.QtWidgets import QScrollArea, QTextBrowser

    places = [*window.findChildren(QScrollArea), *window.findChildren(QTextBrowser)]
    return [one for one in places if one.isVisible() and one.verticalScrollBar().maximum() > 0]


def _spin(seconds: float) -> None:
    from PySide6.QtTest import QTest

    QTest.qWait(round(1000 * seconds))


if __name__ == "__main__":
    main()
