"""What the generator knows of a test phantom beyond its pictures: seconds since acid, and a second shot of her."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pfm_desktop.interop.tabular import ManifestRow
from pfm_desktop.jobs import Context
from pfm_desktop.services.phantoms import case_seed
from pfm_desktop.services.pool import spread
from pfm_desktop.support.files import write_bytes

LATER_S = 20.0  # between the two shots of a woman
SHOT = 1_000_003  # added to the phantom's seed


@dataclass(frozen=True)
class _Task:
    row: ManifestRow
    seed: int
    size: int


def seconds_since_acid(seed: int, count: int) -> list[float]:
    """Of the first `count` phantoms of a set; as `write_phantoms` draws them."""
    return [_seconds(case_seed(seed, number)) for number in range(count)]


def write_second_shots(
    ctx: Context, folder: Path, rows: Sequence[ManifestRow], seeds: Mapping[str, int], *, size: int
) -> list[ManifestRow]:
    """Draw each woman of `rows` once more at the same visit, `LATER_S` later, pointed anew, with other motion, light
    and noise. `seeds`: by case, what her phantom was drawn with. What is there already is kept."""
    folder.mkdir(parents=True, exist_ok=True)
    tasks = [
        _Task(
            replace(row, white=folder / f"{row.case}_white.png", fluorescence=folder / f"{row.case}_fluorescence.png"),
            seeds[row.case],
            size,
        )
        for row in rows
    ]
    missing = [task for task in tasks if not (task.row.fluorescence and task.row.fluorescence.is_file())]
    for _ in spread(ctx, _draw, missing, text="Drawing second shots"):
        pass
    return [task.row for task in tasks]


def _draw(task: _Task) -> None:
    """Runs in a worker process; the fluorescence picture comes last."""
    from pfm_desktop.imaging.io import encode_png
    from pfm_desktop.imaging.phantom import PARAMETERS_SHA256, render
    from pfm_desktop.imaging.phantom.signature import signed

    assert task.row.white is not None
    assert task.row.fluorescence is not None
    phantom = render(
        task.seed,
        grade=task.row.grade,
        size=task.size,
        shot=task.seed + SHOT,
        seconds_since_acid=_seconds(task.seed) + LATER_S,
    )
    write_bytes(task.row.white, signed(encode_png(phantom.white), PARAMETERS_SHA256))
    write_bytes(task.row.fluorescence, signed(encode_png(phantom.fluorescence), PARAMETERS_SHA256))


def _seconds(seed: int) -> float:
    from pfm_desktop.imaging.phantom.visit import draw_visit

    return draw_visit(seed, seed, None, None).seconds_since_acid
