"""Recording clips of 1920 x 1080 at 30 frames a second, plain and encrypted, and writing them out as videos.

    python benchmarks/clips.py [--seconds 30] [--export-seconds 5] [--folder DIR]

Frames are pieces of one phantom that moves, with noise of their own. Printed is: what coding a frame takes (JPEG,
quality 95, 4:4:4), how large it is, and how far the kept pixels are from those before; for either kind of library in
`--folder` (else where the system keeps temporary files) how many frames of a camera that gives 30 a second were
dropped, how long the disk took for a segment, what the processor took, and whether the clip is whole after that; for
either coding how long a second of video takes to export, and how large it is.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402 - found by the path above
from numpy.typing import NDArray  # noqa: E402

from benchmarks.kill_parts.libraries import NAME, PASSWORD  # noqa: E402
from pfm_desktop.capture import clip_segment  # noqa: E402
from pfm_desktop.capture.clip_segment import SegmentBytes  # noqa: E402
from pfm_desktop.capture.recorder import Recorded, Recorder  # noqa: E402
from pfm_desktop.capture.source import Frame  # noqa: E402
from pfm_desktop.capture.video_file import Coding  # noqa: E402
from pfm_desktop.domain.clip import ClipKind  # noqa: E402
from pfm_desktop.imaging.phantom.render import render  # noqa: E402
from pfm_desktop.imaging.video import frame_at  # noqa: E402
from pfm_desktop.jobs import SilentContext  # noqa: E402
from pfm_desktop.services import accounts, cases  # noqa: E402
from pfm_desktop.services.capture import clips  # noqa: E402
from pfm_desktop.services.capture.clip_export import export_clip  # noqa: E402
from pfm_desktop.storage.library import Library  # noqa: E402

Pixels = NDArray[np.uint8]
WIDTH, HEIGHT, RATE = 1920, 1080, 30
SEED, NOISE, DIFFERENT = 11, 2.0, 16


@dataclass(frozen=True)
class Run:
    """A recording: what became of it, seconds that each segment took, seconds of the processor, bytes that were put."""

    recorded: Recorded
    taken: int
    puts: tuple[float, ...]
    processor: float
    size: int


def frames() -> list[Pixels]:
    """Some frames of a phantom that moves, played again and again."""
    side = WIDTH + 64
    picture = render(SEED, size=side).white
    chance = np.random.default_rng(SEED)
    made = []
    for number in range(DIFFERENT):
        left, top = 32 + round(24 * np.sin(number)), (side - HEIGHT) // 2 + round(24 * np.cos(number))
        part = picture[top : top + HEIGHT, left : left + WIDTH].astype(np.float32)
        noise = chance.normal(0, NOISE, part.shape).astype(np.float32)
        made.append(np.clip(part + noise, 0, 255).astype(np.uint8))
    return made


def tell_coding(shown: Sequence[Pixels]) -> None:
    """What a frame takes, and what it loses."""
    times, sizes, apart = [], [], []
    for number, pixels in enumerate(shown):
        begin = time.perf_counter()
        coded = clip_segment.coded(pixels, number=number, seconds=number / RATE)
        times.append((time.perf_counter() - begin) * 1000)
        sizes.append(len(coded.jpeg) / 1e6)
        kept = clip_segment.frame(clip_segment.encode([coded]), 0)
        apart.append(float(np.square(kept.astype(np.float32) - pixels).mean()))
    loss = 10 * np.log10(255**2 / statistics.fmean(apart))
    megabytes = statistics.fmean(sizes)
    print(
        f"JPEG of a frame: median {statistics.median(times):.1f} ms, at most {max(times):.1f} ms; {megabytes:.2f} MB, "
        f"{megabytes * RATE:.0f} MB a second; PSNR {loss:.1f} dB"
    )


def recorded(lib: Library, shown: Sequence[Pixels], seconds: float) -> tuple[str, Run]:
    """A clip as a camera would give it; its id."""
    visit = cases.add_visit(lib, cases.add_patient(lib, identifier="K-1").id)
    writer = clips.begin_clip(lib, visit.id, ClipKind.VIDEO, size=(WIDTH, HEIGHT), seconds_since_acid=60.0)
    puts: list[float] = []
    size = 0

    def put(segment: SegmentBytes) -> None:
        nonlocal size
        begin = time.perf_counter()
        writer.put(segment)
        puts.append(time.perf_counter() - begin)
        size += len(segment.data)

    begin, used = time.monotonic(), time.process_time()
    recording = Recorder(put, began=begin)
    count = round(seconds * RATE)
    for number in range(count):
        time.sleep(max(0.0, begin + number / RATE - time.monotonic()))
        recording.take(Frame(shown[number % len(shown)], time.monotonic(), number))
    said = recording.stop()
    used = time.process_time() - used
    writer.finish(said)
    return writer.clip.id, Run(said, count, tuple(puts), used, size)


def tell_run(kind: str, lib: Library, clip_id: str, run: Run, seconds: float) -> None:
    """For the eye."""
    wrong = clips.verify(lib, clip_id)
    said, median = run.recorded, statistics.median(run.puts) * 1000
    print(
        f"{kind}: {said.frames} of {run.taken} frames kept, {said.dropped} dropped ({said.dropped / run.taken:.2%}) in "
        f"{seconds:.0f} s; {run.size / 1e6:.0f} MB; a segment takes median {median:.0f} ms, "
        f"at most {max(run.puts) * 1000:.0f} ms; processor {run.processor / seconds:.2f} of one core; "
        f"{len(wrong) or 'nothing'} wrong {said.problem}".rstrip()
    )


def tell_export(lib: Library, clip_id: str, folder: Path) -> None:
    """Both codings, with the clock."""
    for coding in Coding:
        out = folder / f"clip{coding.suffix}"
        begin = time.perf_counter()
        made = export_clip(SilentContext(), lib, clip_id, out, coding=coding.value, clock=True)
        took = time.perf_counter() - begin
        megabytes = out.stat().st_size / 1e6
        kept, shown = clips.frame_pixels(lib, clip_id, 0), frame_at(out, 0.0).pixels
        apart = np.square(kept[: HEIGHT // 2].astype(np.float32) - shown[: HEIGHT // 2]).mean()  # above the clock
        loss = f"PSNR {10 * np.log10(255**2 / apart):.1f} dB to what was kept" if apart else "the pixels that were kept"
        print(
            f"{coding.value.upper()}: {took / made.seconds:.2f} s for a second of video, "
            f"{megabytes / made.seconds:.0f} MB a second; {made.rate} frames a second, {made.left_out} left out; {loss}"
        )


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--export-seconds", type=float, default=5.0)
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    shown = frames()
    tell_coding(shown)
    with tempfile.TemporaryDirectory(dir=asked.folder) as work:
        for kind in ("plain", "encrypted"):
            folder = Path(work) / kind
            made = Library.create(folder) if kind == "plain" else accounts.make_library(folder, NAME, PASSWORD)[0]
            with made as lib:
                clip_id, run = recorded(lib, shown, asked.seconds)
                tell_run(kind, lib, clip_id, run, asked.seconds)
        with Library.create(Path(work) / "short") as lib:
            clip_id, _ = recorded(lib, shown, asked.export_seconds)
            tell_export(lib, clip_id, Path(work))


if __name__ == "__main__":
    main()
