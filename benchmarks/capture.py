"""An examination in the real window with the simulated paired device: what is lost, how late, how even, how large.

    python benchmarks/capture.py [--minutes 10] [--size 1920x1080] [--rate 30] [--record [SECONDS]] [--encrypted]

The window (`--size`, offscreen unless QT_QPA_PLATFORM says otherwise: `QT_QPA_PLATFORM=xcb xvfb-run -a ...` draws into
an X server) is on a library of one woman with `Capture` in front. The simulated camera gives frames of 1920 x 1080 in
the same process, as it does in the program; what drawing them costs the processor is told apart. Keys are pressed as
in an examination: saline, green, fluorescence before acid, acid, then a pair every 10 s; the marks after acid take
themselves, whitening is followed and recorded by itself for 195 s, Lugol at the end. With `--record` a clip of all
frames is recorded meanwhile, of a minute (about 20 MB a second) or of so many seconds.

A frame is lost by the camera where its number is missing, and dropped where it was never painted. Its way to the glass
is from the end of its exposure to the end of its painting. A stall is the time between two turns of the event loop.
Verdicts are on phantoms. Wanted: at most 1 % dropped, 60 ms to the glass, 120 ms at the 99th percentile, no stall over
50 ms while pairs are saved, less than 20 MB more memory at the end than after the first minute (medians, as frames
come and go, and the trend of all seconds), the verdict 1.0 s after the pair.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from pfm_desktop.support import threads  # noqa: E402 - found by the path above

threads.set_polite_threads()

from benchmarks.capture_parts.examination import Doing, Examination, follow, make_library, rest  # noqa: E402
from benchmarks.capture_parts.watch import (  # noqa: E402
    ABOUT_S,
    STALL_MS,
    Beats,
    Lots,
    Memory,
    Painted,
    Processor,
    SimulatorCost,
)
from benchmarks.event_loop import wait  # noqa: E402
from benchmarks.kill_parts import libraries  # noqa: E402
from pfm_desktop.domain.clip import ClipKind  # noqa: E402
from pfm_desktop.jobs import SilentContext  # noqa: E402
from pfm_desktop.services import cases, housekeeping  # noqa: E402
from pfm_desktop.services.capture import clips  # noqa: E402

SETTLES_S = 5.0  # the window is made, models are loaded
ACID_S, PAIR_EVERY_S, LUGOL_BEFORE_END_S, QUIET_S = 12.0, 10.0, 8.0, 5.0


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--size", default="1366x768")
    parser.add_argument("--rate", type=float, default=30.0)
    parser.add_argument("--record", type=float, nargs="?", const=60.0, default=0.0, metavar="SECONDS")
    parser.add_argument("--encrypted", action="store_true")
    parser.add_argument("--no-pairs", action="store_true", help="no pair every 10 s: what the live picture alone does")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["PFM_HOME"] = str(Path(scratch) / "home")
        (Path(scratch) / "home").mkdir()
        library = Path(scratch) / "library"
        visit_id = make_library(library, encrypted=asked.encrypted)
        say(
            f"capture, {asked.minutes:g} minutes, window {asked.size} ({os.environ['QT_QPA_PLATFORM']}), "
            f"{asked.rate:g} frames a second, {'encrypted' if asked.encrypted else 'plain'}; "
            f"load of the machine at the beginning {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"
        )
        run(library, visit_id, asked)
        tell_library(library, visit_id)
    threads.leave(0)


def run(library: Path, visit_id: str, asked: argparse.Namespace) -> None:
    """The examination, and what it showed."""
    one = Examination(library, visit_id, size=asked.size, rate=asked.rate, encrypted=asked.encrypted)
    page, seconds = one.page, 60 * asked.minutes
    rest(SETTLES_S)
    stream = page.examining.device.stream
    before, made, over = stream.status, page.feed.made, page.feed.passed_over
    simulator, lots, painted = SimulatorCost(page.examining.device), Lots(page), Painted(page)
    memory, beats, processor = Memory(), Beats(), Processor()
    begun = time.monotonic()
    sizes: list[float] = []

    def look() -> None:
        sizes.extend((memory.lately(), memory.least()))
        beats.forgive()

    clip = ClipAtWork(one)
    doing = schedule(one, lots, seconds, clip, asked)
    follow([*doing, (min(60.0, seconds / 2), look)], seconds)
    took = time.monotonic() - begun
    beats.stop()
    memory.stop()
    page.view.painted = None
    shares, after = processor.shares(), stream.status
    sizes.extend((memory.lately(), memory.least()))
    tell_frames(
        before.frames, after.frames, after.lost - before.lost, painted, page.feed.passed_over - over, took, asked.rate
    )
    say(f"  made ready for the screen: {page.feed.made - made}")
    tell_loop(beats, lots)
    tell_memory(memory, sizes)
    tell_pairs(lots)
    tell_processor(shares, simulator.used / took)
    wait(lambda: not lots.waits or bool(page.examining.outcome.waiting), seconds=30)
    clip.end()
    one.close()


def schedule(one: Examination, lots: Lots, seconds: float, clip: ClipAtWork, asked: argparse.Namespace) -> list[Doing]:
    """What is pressed when."""

    def pair() -> None:
        lots.pressed()
        one.press("pair")

    def go() -> None:
        one.press("go")

    found: list[Doing] = [
        (1.0, lambda: one.page.timeline.allergy.emit(False)),
        (2.0, go),
        (4.0, go),
        (7.0, go),
        (ACID_S, go),
        (seconds - LUGOL_BEFORE_END_S, go),
    ]
    at = ACID_S + PAIR_EVERY_S / 2
    while at < seconds - QUIET_S and not asked.no_pairs:
        found.append((at, pair))
        at += PAIR_EVERY_S
    if asked.record:
        begin = ACID_S + 2.0
        found += [(begin, clip.toggle), (min(begin + asked.record, seconds - QUIET_S), clip.toggle)]
    return found


class ClipAtWork:
    """The clip of `--record`."""

    def __init__(self, one: Examination) -> None:
        self._one = one

    def toggle(self) -> None:
        """Begin or end it."""
        self._one.press("record")

    def end(self) -> None:
        """Where it still runs."""
        recording = self._one.page.recording
        for kind in tuple(ClipKind):
            recording.end(kind)
        wait(lambda: not recording._ending)


def tell_frames(
    before: int, after: int, lost: int, painted: Painted, passed_over: int, took: float, rate: float
) -> None:
    """Given, received, painted; and how late."""
    received = after - before
    given, seen, waits = received + lost, len(painted.waits), painted.waits
    dropped = max(0, received - seen)
    say(
        f"  frames given by the camera {given} ({given / took:.2f} a second of {rate:g}), received {received}, "
        f"lost by their numbers {lost} ({share(lost, given)})"
    )
    say(
        f"  painted {seen}, received and never painted {dropped} ({share(dropped, received)}), of these replaced by "
        f"the next one before the window took them {passed_over}; lost or never painted {share(lost + dropped, given)} "
        "(wanted at most 1 %)"
    )
    say(
        f"  end of exposure to painted: {spread(waits)}, 99th percentile {percentile(waits):.0f} ms "
        f"(wanted 60 and 120); the longest the live picture stood still {1000 * painted.longest_still_s:.0f} ms"
    )


def tell_loop(beats: Beats, lots: Lots) -> None:
    """Stalls, and those while pairs are saved."""
    times = [(one.pressed or one.came, one.kept) for one in lots.timed.values() if one.pair and one.kept]
    saving = [(when, gap) for when, gap in beats.stalls if any(a <= when <= b + gap / 1000 for a, b in times)]
    over = [gap for _, gap in beats.stalls if gap > STALL_MS]
    over_saving = [gap for _, gap in saving if gap > STALL_MS]
    say(
        f"  event loop: longest stall {beats.longest:.0f} ms, over {STALL_MS:.0f} ms: {len(over)}; "
        f"while pairs were saved ({len(times)} times, {sum(b - a for a, b in times):.0f} s): longest "
        f"{max((gap for _, gap in saving), default=0.0):.0f} ms, over {STALL_MS:.0f} ms: {len(over_saving)} (wanted 0)"
    )


def tell_memory(memory: Memory, sizes: Sequence[float]) -> None:
    """After a minute and at the end, as it is and at its least."""
    early, early_least, late, late_least = sizes
    since = min(60.0, memory.seen[-1][0] / 2)
    say(
        f"  memory, trend of all seconds from {since:.0f} s on: {memory.trend(since):+.0f} MB (wanted under 20)"
        f"; median of {ABOUT_S:g} s then {early:.0f} MB, at the end {late:.0f} MB: {late - early:+.0f} MB "
        f"(wanted under 20); at one moment each, after looking for garbage and giving back: {early_least:.0f} MB, "
        f"{late_least:.0f} MB, {late_least - early_least:+.0f} MB"
    )
    every = max(1, len(memory.seen) // 24)
    say("  resident memory on the way: " + ", ".join(f"{at:.0f} s {size:.0f}" for at, size in memory.seen[::every]))


def tell_pairs(lots: Lots) -> None:
    """What taking one took."""
    pairs = [one for one in lots.timed.values() if one.pair]
    pressed = [one for one in pairs if one.pressed]
    judged, kept = [one for one in pairs if one.judged], [one for one in pairs if one.kept]
    say(
        f"  taken: {sum(2 if one.pair else 1 for one in lots.timed.values())} pictures, {len(pairs)} pairs, "
        f"{len(pressed)} of them by key; keys that gave no pair {lots.unanswered}, "
        f"lots that were not kept {len([one for one in lots.timed.values() if not one.kept])}, "
        f"without a verdict {len(pairs) - len(judged)}"
    )
    if not judged or not kept:
        return
    for what, times in (
        ("key to both frames exposed", [one.exposed - one.pressed for one in pressed]),
        ("key to both frames in hand", [one.came - one.pressed for one in pressed]),
        ("last frame exposed to verdict on the card (wanted 1.0 s)", [one.judged - one.exposed for one in judged]),
        ("both frames in hand to verdict on the card", [one.judged - one.came for one in judged]),
        ("key to in the library", [one.kept - one.pressed for one in pressed if one.kept]),
        ("gap", [abs(one.gap_s) for one in pairs]),
    ):
        say(f"  pair, {what}: {spread([1000 * one for one in times])}")
    words = Counter(one.words.split(":")[0] for one in judged)
    say(
        "  verdicts, on phantoms: "
        + ", ".join(f"{text} {count}" for text, count in words.most_common())
        + (f"; {lots.out_of_sight} while the card was scrolled out of sight" if lots.out_of_sight else "")
    )
    for text, count in Counter(lots.said).most_common(5):
        say(f"  said {count} times: {text}")


def tell_processor(shares: Sequence[tuple[str, float]], simulator: float) -> None:
    """Who used it."""
    total = sum(used for _, used in shares)
    most = ", ".join(f"{name} {used:.2f}" for name, used in shares if used >= 0.005)
    say(
        f"  processor, of one core: {total:.2f} in all, {simulator:.2f} of it on the simulator's thread for drawing "
        f"frames; by thread: {most}"
    )


def tell_library(library: Path, visit_id: str) -> None:
    """What is there afterwards."""
    with libraries.opened(library) as lib:
        case = cases.visit_case(lib, visit_id)
        problems = list(housekeeping.verify(SilentContext(), lib).problems)
        recorded = []
        for clip in clips.clips_of(lib, visit_id):
            wrong = clips.verify(lib, clip.id)
            cut = "" if clip.complete else ", cut short"
            recorded.append(
                f"{clip.kind.value} {clip.frames} frames in {clip.seconds:.0f} s{cut}, {len(wrong) or 'nothing'} wrong"
            )
    say(
        f"  in the library: {len(case.pictures)} pictures, {len(case.pairs)} pairs; "
        f"clips: {'; '.join(recorded) or 'none'}; verify: {'; '.join(problems) or 'clean'}"
    )


def spread(times: Sequence[float]) -> str:
    """Of milliseconds."""
    if not times:
        return "none"
    return f"median {statistics.median(times):.0f} ms, longest {max(times):.0f} ms"


def percentile(times: Sequence[float]) -> float:
    """The 99th."""
    return statistics.quantiles(times, n=100, method="inclusive")[-1] if len(times) > 1 else 0.0


def share(part: int, whole: int) -> str:
    """In percent."""
    return f"{100 * part / whole if whole else 0.0:.2f} %"


def say(line: str) -> None:
    """At once, also into a file."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
