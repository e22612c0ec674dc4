"""`pfm doctor`: is this installation whole, and is the computer fit for it? Each thing with what to do about it.

Nothing of a patient is read, and no path of the user's is told. Each probe is on its own: one that fails or hangs is
said and takes no other along. In English, as it is for whoever helps.
"""

from __future__ import annotations

import importlib
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from pfm_desktop import __version__
from pfm_desktop.jobs import Context
from pfm_desktop.services.doctor.finding import Finding, State, warn

__all__ = ["Finding", "State", "doctor", "ended", "lines_of", "shortly", "table_of"]
WRONG = 3
PATIENCE_S = 8.0  # for all of them; they are asked at once
_MARKS = {State.OK: "ok   ", State.WARN: "WARN ", State.ERROR: "ERROR"}
# module and function, looked up when it is asked: what cannot be imported takes no other along
SHORT: Mapping[str, tuple[str, ...]] = {
    "Program": ("program.versions", "backend.backend"),
    "Computer": ("computer.system", "computer.processor", "computer.memory"),
}
ALL: Mapping[str, tuple[str, ...]] = {
    "Program": ("program.versions", "program.files", "backend.backend", "backend.weights", "program.languages"),
    "Window": ("window.window",),
    "Computer": ("computer.system", "computer.processor", "computer.memory", "computer.clock", "computer.language"),
    "Devices": ("devices.cameras", "devices.lamps", "devices.by_genicam", "devices.chosen"),
    "Places": (
        "program.program_folder", "places.data_folder", "places.library_folder", "places.temporary",
        "places.shared_memory", "places.written",
    ),
}  # fmt: skip
_DEEP = "program.files"
Found = Sequence[tuple[str, Finding]]


def doctor(ctx: Context, *, deep: bool = False) -> Found:
    """What was found, by area. `deep`: the content of each installed file is read, which takes a minute."""
    return _asked(ctx, ALL, None if deep else PATIENCE_S, deep=deep)


def shortly(ctx: Context) -> Found:
    """Versions, backend, processor and memory only."""
    return _asked(ctx, SHORT, PATIENCE_S, deep=False)


def _asked(ctx: Context, areas: Mapping[str, tuple[str, ...]], patience: float | None, *, deep: bool) -> Found:
    probes = [(area, probe) for area, some in areas.items() for probe in some]
    answers: list[list[Finding] | None] = [None] * len(probes)

    def ask(place: int) -> None:
        answers[place] = _answer(probes[place][1], deep=deep)

    threads = [threading.Thread(target=ask, args=(place,), daemon=True) for place in range(len(probes))]
    for thread in threads:
        thread.start()
    end = time.monotonic() + patience if patience is not None else None
    for place, thread in enumerate(threads):
        ctx.progress(place, len(threads), "Looking")
        thread.join(None if end is None else max(0.0, end - time.monotonic()))
    late = "it does not answer: unplug or close what hangs, then ask again"
    return [
        (area, finding)
        for (area, probe), answer in zip(probes, answers, strict=True)
        for finding in (answer if answer is not None else [warn(_name(probe), "did not answer in time", late)])
    ]


def _answer(probe: str, *, deep: bool) -> list[Finding]:
    """What it found; where it failed, what it found before and that it failed."""
    findings: list[Finding] = []
    try:
        module, _, name = probe.rpartition(".")
        ask = getattr(importlib.import_module(f"{__name__}.{module}"), name)
        findings.extend(ask(deep=deep) if probe == _DEEP else ask())
    except Exception as error:  # noqa: BLE001 - the computer is broken in some way, and that is what is asked
        kind = type(error).__name__
        findings.append(warn(_name(probe), f"could not be found out ({kind})", "tell whoever helps"))
    return findings


def _name(probe: str) -> str:
    return probe.rpartition(".")[2].replace("_", " ").capitalize()


def lines_of(found: Found) -> tuple[str, ...]:
    """For a person: by area, and how it is altogether."""
    lines: list[str] = []
    before = ""
    for area, one in found:
        if area != before:
            lines += ["", area]
            before = area
        lines.append(f"{_MARKS[one.state]}  {one.name}: {one.said}")
        if one.todo:
            lines.append(f"         {one.todo}")
    wrong = sum(one.state is State.ERROR for _area, one in found)
    warned = sum(one.state is State.WARN for _area, one in found)
    return (*lines[1:], "", f"{wrong} error(s), {warned} warning(s)")


def table_of(found: Found) -> dict[str, object]:
    """For programs."""
    return {
        "version": __version__,
        "code": ended(found),
        "findings": [{"area": area, **asdict(one)} for area, one in found],
    }


def ended(found: Found) -> int:
    """The exit code: 0 where nothing is an error."""
    return WRONG if any(one.state is State.ERROR for _area, one in found) else 0
