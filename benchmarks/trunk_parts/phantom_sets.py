"""Which phantoms the demonstration model learns from, and which of them, with free pictures, its trunk is shown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.trunk_parts.pictures import Pool, gathered
from pfm_desktop.jobs import Context
from pfm_desktop.services.phantoms import write_phantoms

# three sizes, so that the network meets fine and coarse sensor noise: seed, cases, pixels a side
SETS = ((2026, 5400, 320), (2027, 1800, 640), (2028, 2400, 512))
# train, validation, calibration; judged on fresh phantoms, so no test part. Prediction sets need some 500 calibration
# cases a grade for +-2 points
SHARES = (0.72, 0.04, 0.24, 0.0)
PHANTOMS, PICTURES = 0.45, 0.55  # shares of the views
FLUORESCENCE_EVERY = 5  # one phantom in so many is shown in fluorescence instead


def pools_of(ctx: Context, work: Path, files: Sequence[Path]) -> list[Pool]:
    """What is shown: the training phantoms that are drawn in `work`, and the pictures in `files`."""
    return [
        gathered(ctx, "phantoms", phantoms(ctx, work), work, PHANTOMS, parts=False),
        gathered(ctx, "pictures", files, work, PICTURES, parts=True),
    ]


def phantoms(ctx: Context, work: Path) -> list[Path]:
    """White-light files of the first set of training phantoms, of one in some the fluorescence instead."""
    seed, count, size = SETS[0]
    folder = write_phantoms(ctx, work / f"phantoms-{seed}", count, seed, None, size).parent
    lights = ("fluorescence" if number % FLUORESCENCE_EVERY == 0 else "white" for number in range(count))
    return [folder / f"case_{number:05d}_{light}.png" for number, light in enumerate(lights)]
