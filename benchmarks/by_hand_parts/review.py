"""The cases, one after the other."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.by_hand_parts.hand import Hand
from benchmarks.event_loop import opened_window, wait
from pfm_desktop.support import threads

MOST = {"normal": 20, "high": 45}
SIDE = 900  # pixels of a phantom


def main() -> None:
    """`review WORK CASES SEED`."""
    threads.set_polite_threads()
    work, cases, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    (work / "home").mkdir()
    spots = make_library(work / "library", cases, seed)
    _app, window = opened_window(work / "library", size="1920x1080")
    problems: list[str] = []
    sys.excepthook = lambda kind, error, trace: problems.append("".join(traceback.format_exception(kind, error, trace)))
    session = window.session
    assert session is not None
    session.change_settings(reader="Dr. Bench")
    session.on_problem.append(lambda problem: problems.append(problem.sentences))
    window.activateWindow()
    counted: dict[str, list[tuple[int, int, float]]] = {"normal": [], "high": []}
    errors = 0
    for number, (identifier, spot) in enumerate(spots.items()):
        before, kind = len(problems), "high" if spot is not None else "normal"
        hand, begun = Hand(), time.monotonic()
        try:
            done = review(window, hand, first=number == 0, spot=spot)
            wrong = done(identifier)
        except (RuntimeError, TimeoutError, ValueError, AttributeError, StopIteration, OSError):
            wrong = [traceback.format_exc()]
        wrong += problems[before:]
        errors += bool(wrong)
        counted[kind].append((hand.keys, hand.clicks, time.monotonic() - begun))
        for one in wrong:
            print(f"case {number + 1} ({kind}): {one}", flush=True)
    told = tell(counted, errors)
    window.close()
    wait(lambda: not window.isVisible())
    threads.leave(told)


def make_library(path: Path, cases: int, seed: int) -> dict[str, tuple[float, float] | None]:
    """One woman a case, the first one newest; by her identifier, where in the white-light picture the lesion is."""
    from datetime import UTC, datetime, timedelta

    import numpy as np

    from pfm_desktop.domain.grade import Grade
    from pfm_desktop.domain.source import Stage
    from pfm_desktop.imaging.io import encode_jpeg
    from pfm_desktop.imaging.phantom import render
    from pfm_desktop.services import cases as of_cases
    from pfm_desktop.services import pairing
    from pfm_desktop.storage.library import Library

    found: dict[str, tuple[float, float] | None] = {}
    now = datetime.now(UTC)
    with Library.create(path, demo=True) as library:
        for number in range(cases):
            grade = Grade.HIGH if number % 2 else Grade.NORMAL
            made = render(100 * seed + number, grade=grade, size=SIDE)
            patient = of_cases.add_patient(library, identifier=f"B-{number:03d}", family_name=f"Case {number:03d}")
            visit = of_cases.add_visit(library, patient.id, started_at=now - timedelta(minutes=10 * number))
            for stage, pixels in ((Stage.ACETIC_ACID, made.white), (Stage.FLUORESCENCE_AFTER_ACID, made.fluorescence)):
                data = encode_jpeg(pixels, quality=92)
                of_cases.add_picture(library, visit.id, data, stage=stage, seconds_since_acid=60.0)
            pairing.ensure_pair(library, visit.id)
            rows, columns = np.nonzero(made.lesion)
            nearest = int(np.argmin((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2)) if rows.size else 0
            site = (float(columns[nearest]), float(rows[nearest])) if grade is Grade.HIGH and rows.size else None
            found[patient.identifier] = site
    return found


def review(window: Any, hand: Hand, *, first: bool, spot: tuple[float, float] | None) -> Callable[[str], list[str]]:
    """One case from the list to the signature; what it returns says of a woman what on record is not what was done."""
    from pfm_desktop.gui import desk

    if not first:
        hand.key("ctrl+1", "Down")
    today = window.desk.today
    wait(lambda: today.isVisible() and today.idle)
    hand.key("Return")
    wait(lambda: window.desk.index_of(window.stack.currentWidget()) == desk.REVIEW)
    page = window.stack.currentWidget()
    wait(lambda: page.idle and page.loader.desk.answer is not None, seconds=60)
    if spot is not None:
        draw(page, hand, spot)
    hand.key("ctrl+shift+3" if spot is not None else "ctrl+shift+1", "ctrl+shift+r")
    wait(lambda: window.session.case.findings.revealed)
    hand.key("alt+1")
    if spot is not None:
        score(page, hand)
    document(page, hand, acetowhite=spot is not None)
    sign(window, page, hand)
    return lambda identifier: wrong_in(window, identifier, high=spot is not None)


def draw(page: Any, hand: Hand, spot: tuple[float, float]) -> None:
    """The os, a contour around the lesion, two pins in it."""
    hand.key("shift+o")
    at = on_stage(page, *spot)
    hand.key("d")
    hand.drag(page.stage, around(at, 26))
    hand.key("p")
    for x in (-9, 9):
        place = type(at)(at)
        place.setX(place.x() + x)
        hand.click(page.stage, place)
    hand.key("v")


def on_stage(page: Any, x: float, y: float) -> Any:
    """Where a pixel of the white-light picture is seen."""
    from PySide6.QtCore import QPoint

    from pfm_desktop.domain.source import Source

    pane = next(pane for pane in page.stage.arrangement.panes if pane.frame is Source.WHITE)
    return QPoint(*(round(value) for value in pane.lens.to_stage(x, y)))


def around(at: Any, radius: int) -> list[Any]:
    """A round about a place, in stage pixels."""
    from math import cos, pi, sin

    return [
        type(at)(at.x() + round(radius * cos(2 * pi * step / 14)), at.y() + round(radius * sin(2 * pi * step / 14)))
        for step in range(15)
    ]


def in_sight(page: Any, hand: Hand, widget: Any) -> None:
    """Turn the wheel over the column until a widget is in it."""
    from PySide6.QtWidgets import QScrollArea

    area = widget.parentWidget()
    while not isinstance(area, QScrollArea):
        area = area.parentWidget()
    for _ in range(30):
        top = widget.mapTo(area.viewport(), widget.rect().topLeft()).y()
        if 0 <= top <= area.viewport().height() - widget.height():
            return
        hand.wheel(area.viewport(), 8)
        page.repaint()


def score(page: Any, hand: Hand) -> None:
    """All five items of the lesion: the first by a click, the others by keys."""
    swede = page.side.findings.swede
    rows = list(swede.rows.values())
    in_sight(page, hand, rows[0])
    hand.click(rows[0].buttons[2])
    for _ in rows[1:]:
        hand.key("Tab", "2")


def document(page: Any, hand: Hand, *, acetowhite: bool) -> None:
    """Adequate; junction completely visible, transformation zone type 1; acetowhite or not."""
    form = page.side.findings.lesions.visit
    first = form.rows["adequacy"].box
    in_sight(page, hand, first)
    hand.click(first)
    hand.key("Down", "Return", "Tab", "Down", "Tab", "Down", "Tab", "Down")
    if acetowhite:
        hand.key("Down")


def sign(window: Any, page: Any, hand: Hand) -> None:
    """In the Report tab, with the question answered."""
    hand.key("alt+4")
    report = page.side.report
    wait(lambda: report.isVisible() and report.idle, seconds=60)
    hand.click(report.sign)
    hand.key("shift+Tab", "space")  # the keys are on Back, and Sign now is seen before it
    wait(lambda: window.session.case.signed, seconds=20)


def wrong_in(window: Any, identifier: str, *, high: bool) -> list[str]:
    """What on record is not what was done."""
    case = window.session.case
    findings = case.findings
    said = {
        "woman": (case.patient.identifier, identifier),
        "impression": (findings.impression.value, "high" if high else "normal"),
        "first read": (findings.first_read is not None, True),
        "revealed": (findings.revealed, True),
        "signed by": (findings.signature.name, "Dr. Bench"),
        "pins": (len(case.pins), 2 if high else 0),
        "contours": (len(case.contours), 1 if high else 0),
        "Swede score": (findings.swede.total, 10 if high else None),
        "examination": (
            tuple(case.assessment.get(key) for key in ("adequacy", "scj", "tz_type", "acetowhite")),
            ("adequate", "completely", "1", "yes" if high else "no"),
        ),
    }
    return [f"{name} is {is_!r}, and should be {should!r}" for name, (is_, should) in said.items() if is_ != should]


def tell(counted: dict[str, list[tuple[int, int, float]]], errors: int) -> int:
    """Print; 1 where anything is not as wanted."""
    over = 0
    for kind, cases in counted.items():
        if not cases:
            continue
        sums = [keys + clicks for keys, clicks, _ in cases]
        keys, clicks, seconds = (median(values) for values in zip(*cases, strict=True))
        over += max(sums) > MOST[kind]
        print(
            f"{kind}: {len(cases)} cases, keys and clicks: median {median(sums):g}, most {max(sums)} "
            f"(wanted at most {MOST[kind]}); keys {keys:g}, clicks {clicks:g}; {seconds:.1f} s a case by script"
        )
    print(f"errors: {errors} of {sum(map(len, counted.values()))} cases (wanted 0), on phantoms")
    return int(bool(errors or over))


if __name__ == "__main__":
    main()
