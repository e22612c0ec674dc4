"""Processor, memory, clock and language of the computer."""

from __future__ import annotations

import ctypes
import locale
import os
import platform
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from pfm_desktop.pfm.backends import processor as name_of_processor
from pfm_desktop.services.doctor.finding import Finding, Findings, warn, wrong
from pfm_desktop.support import logs
from pfm_desktop.support.build import this_build
from pfm_desktop.support.moments import zone
from pfm_desktop.support.paths import log_dir
from pfm_desktop.support.threads import worker_threads

GIB = 1 << 30
LEAST_MEMORY, LEAST_FREE = 4 * GIB, 1 * GIB
_FEATURES = {
    "avx2": "AVX2",
    "avx512f": "AVX-512",
    "avx512_bf16": "AVX-512 bf16",
    "amx_tile": "AMX",
    "amx_bf16": "AMX bf16",
}
_OF_WINDOWS = {"avx2": 40, "avx512f": 41}  # of IsProcessorFeaturePresent, winnt.h
_FIRST = datetime(2026, 1, 1, tzinfo=UTC)  # no version is older
_DAY = 86_400


def system() -> Findings:
    """Which one, in its own words; the name of the computer is not among them."""
    yield Finding("System", platform.platform())


def processor() -> Findings:
    """What it is, and what of it makes the answer fast."""
    yield Finding("Processor", f"{name_of_processor()}; {os.cpu_count()} logical, {worker_threads()} used for answers")
    features = _features()
    if features is None:
        yield Finding("Features", "not known on this system")
    elif "avx2" not in features:
        yield warn("Features", "no AVX2: answers take several times as long", "use a computer of 2015 or later")
    else:
        yield Finding("Features", ", ".join(word for flag, word in _FEATURES.items() if flag in features))


def _features() -> frozenset[str] | None:
    if sys.platform == "win32":
        present = ctypes.windll.kernel32.IsProcessorFeaturePresent
        return frozenset(flag for flag, number in _OF_WINDOWS.items() if present(number))
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8", errors="replace") as lines:
            flags = next((line for line in lines if line.startswith("flags")), "")
    except OSError:
        return None
    return frozenset(flags.split()) if flags else None


def memory() -> Findings:
    """All of it, and what is free."""
    found = _memory()
    if found is None:
        yield Finding("Memory", "not known on this system")
        return
    whole, free = found
    said = f"{whole / GIB:.1f} GiB, {free / GIB:.1f} GiB free"
    if whole < LEAST_MEMORY:
        yield warn(
            "Memory", said, f"answers need about {LEAST_MEMORY // GIB} GiB: do not run other large programs beside it"
        )
    elif free < LEAST_FREE:
        yield warn("Memory", said, "close other programs")
    else:
        yield Finding("Memory", said)


class _Status(ctypes.Structure):
    """MEMORYSTATUSEX of sysinfoapi.h."""

    _fields_ = (
        ("length", ctypes.c_uint32),
        ("load", ctypes.c_uint32),
        *((f"size{n}", ctypes.c_uint64) for n in range(7)),
    )


def _memory() -> tuple[int, int] | None:
    if sys.platform == "win32":
        status = _Status(length=ctypes.sizeof(_Status))
        if not ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
            return None
        return int(status.size0), int(status.size1)
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        table = {name: int(rest.split()[0]) << 10 for name, _, rest in (line.partition(":") for line in lines) if rest}
        return table["MemTotal"], table["MemAvailable"]
    except (OSError, ValueError, KeyError, IndexError):
        return None


def clock() -> Findings:
    """Every record bears its time."""
    now = datetime.now(UTC)
    built = this_build().moment
    first = datetime.fromtimestamp(built, UTC) if built else _FIRST
    said = f"{now:%Y-%m-%d %H:%M:%S} UTC, here {zone(now.astimezone())}"
    if now < first:
        yield wrong(
            "Clock", f"{said}: it is behind, this version is newer", "set the clock of the computer, or let it be set"
        )
    elif any(at > time.time() + _DAY for at in _written()):
        yield warn("Clock", f"{said}: the log is of a later day", "look at the clock of the computer; it went back")
    else:
        yield Finding("Clock", said)


def _written() -> Iterator[float]:
    for file in log_dir().glob(f"{logs.LOG_FILE}*"):
        yield file.stat().st_mtime


def language() -> Findings:
    """Of the system."""
    said = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    said = said or (locale.getlocale()[0] or "")
    yield Finding(
        "Language", said[:20] if said.replace("_", "").replace(".", "").replace("-", "").isalnum() else "not said"
    )
