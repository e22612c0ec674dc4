"""What encryption costs: the same library plain and encrypted, in turns, in one run.

    python benchmarks/encryption.py [--visits 2000] [--turns 15]

Both hold the same women, visits and journal; twenty visits have a pair of pictures of 1920 x 1080. Measured is opening
the library with its list (for the encrypted one without the stretching of the password, which is slow on purpose and is
printed beside it), a search, opening a visit with the bytes of its two pictures, and adding a picture.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402 - found by the path above

from benchmarks.kill_parts.libraries import NAME, PASSWORD  # noqa: E402
from pfm_desktop.domain.change import Change  # noqa: E402
from pfm_desktop.domain.source import Stage  # noqa: E402
from pfm_desktop.imaging.io import encode_png  # noqa: E402
from pfm_desktop.services import accounts, cases, pairing  # noqa: E402
from pfm_desktop.storage import keys  # noqa: E402
from pfm_desktop.storage.library import Library  # noqa: E402

SIZE, WITH_PICTURES, AT_ONCE = (1080, 1920), 20, 500
SEARCHES = ("woman 17", "k-0042", "high", "weiss", "2026-03")


@dataclass
class Times:
    """Milliseconds of each turn, by kind of library."""

    plain: list[float] = field(default_factory=list)
    encrypted: list[float] = field(default_factory=list)

    def line(self, what: str) -> str:
        """For the eye; the ratio is that of the medians."""
        one, other = statistics.median(self.plain), statistics.median(self.encrypted)
        return (
            f"{what}: plain {one:.1f} ms, encrypted {other:.1f} ms, ratio {other / one:.2f} ({len(self.plain)} turns)"
        )


def picture(seed: int) -> bytes:
    """A PNG with some noise in it, about as large as a photograph's."""
    chance = np.random.default_rng(seed)
    ground = np.linspace(60, 200, SIZE[1], dtype=np.float32)[None, :, None]
    noise = chance.normal(0, 6, (*SIZE, 3)).astype(np.float32)
    return encode_png(np.clip(ground + noise, 0, 255).astype(np.uint8))


def fill(lib: Library, visits: int) -> list[str]:
    """Women and visits, pictures for the first few; the visits that have some."""
    begin = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
    changes: list[Change] = []
    for number in range(visits):
        woman, visit = f"{number:032x}", f"{number + (1 << 64):032x}"
        name = {"identifier": f"K-{number:04d}", "family_name": f"Woman {number}", "given_name": "Weiss"}
        at = (begin + timedelta(hours=number)).isoformat()
        seen = {"patient_id": woman, "started_at": at, "indication": "HPV", "examiner": "", "note": ""}
        changes.append(Change("patient", woman, None, {**name, "birth_date": None}, "Patient added"))
        changes.append(Change("visit", visit, None, seen, "Visit added"))
        if len(changes) >= AT_ONCE:
            lib.apply_all(changes)
            changes = []
    lib.apply_all(changes)
    with_pictures = [f"{number + (1 << 64):032x}" for number in range(WITH_PICTURES)]
    for number, visit in enumerate(with_pictures):
        for stage in (Stage.ACETIC_ACID, Stage.FLUORESCENCE_AFTER_ACID):
            cases.add_picture(lib, visit, picture(2 * number + (stage is Stage.ACETIC_ACID)), stage=stage)
        pairing.ensure_pair(lib, visit)
    return with_pictures


def measured(turns: int, act: Callable[[Library, int], object], one: Library, other: Library) -> Times:
    """Both in turn, the first one first every other time."""
    times = Times()
    for turn in range(turns):
        pair = [(one, times.plain), (other, times.encrypted)]
        for lib, kept in pair if turn % 2 else reversed(pair):
            begin = time.perf_counter()
            act(lib, turn)
            kept.append((time.perf_counter() - begin) * 1000)
    return times


def open_and_list(folder: Path, opened: keys.LibraryKeys | None) -> None:
    """What stands between a known key and a list on the screen."""
    with Library.open(folder, opened) as lib:
        cases.today(lib)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visits", type=int, default=2000)
    parser.add_argument("--turns", type=int, default=15)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        plain, sealed = Path(work) / "plain", Path(work) / "encrypted"
        one, other = Library.create(plain), accounts.make_library(sealed, NAME, PASSWORD)[0]
        visits = fill(one, asked.visits)
        fill(other, asked.visits)
        print(f"{asked.visits} visits, {WITH_PICTURES} of them with two pictures of {SIZE[1]} x {SIZE[0]}")

        def search(lib: Library, turn: int) -> None:
            cases.today(lib, search=SEARCHES[turn % len(SEARCHES)])

        def open_visit(lib: Library, turn: int) -> None:
            for shown in cases.visit_case(lib, visits[turn % WITH_PICTURES]).pictures:
                lib.pictures.get(shown.sha256)

        new = [picture(1000 + turn) for turn in range(asked.turns)]
        with one, other:
            print(measured(asked.turns, search, one, other).line("search"))
            print(measured(asked.turns, open_visit, one, other).line("open a visit, with the bytes of its pictures"))
            print(
                measured(asked.turns, lambda lib, turn: lib.pictures.put(new[turn]), one, other).line("add a picture")
            )
            opened = other.keys
        begin = time.perf_counter()
        keys.unlock(sealed, NAME, PASSWORD)
        stretching = (time.perf_counter() - begin) * 1000
        times = Times()
        for turn in range(asked.turns):
            pair = [(plain, None, times.plain), (sealed, opened, times.encrypted)]
            for folder, key, kept in pair if turn % 2 else reversed(pair):
                begin = time.perf_counter()
                open_and_list(folder, key)
                kept.append((time.perf_counter() - begin) * 1000)
        print(times.line("open the library and read its list"))
        print(f"the password, stretched by Argon2id at sign-in: {stretching:.0f} ms")


if __name__ == "__main__":
    main()
