"""Old cases for a model that learned from phantoms: drawn again, so that it does not forget its first device.

Phantoms are nobody's pictures: they may be drawn at any time and lie nowhere. Their seeds are none that a benchmark
judges by.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.domain.source import Source
from pfm_desktop.jobs import Context
from pfm_desktop.services.phantoms import case_seed
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.pfm.training.data import PreparedSet

SEED = 7100
SIZE = 384  # pixels a side at which they are drawn
_THREADS = 2


def phantoms(ctx: Context, count: int, *, size: int, seed: int, second: Source = Source.FLUORESCENCE) -> PreparedSet:
    """So many pairs, as many of each grade, prepared for input `size`, in memory.

    No phantom is drawn in another light than these two: for another `second` they show white light alone.
    They are mapped onto each other by what is known of the drawing, which takes no time.
    """
    from pfm_desktop.pfm.training.held import HeldCases

    made = HeldCases(size, count, second)
    tasks = [(case_seed(SEED + seed, number), GRADES[number % len(GRADES)]) for number in range(count)]
    with ThreadPoolExecutor(_THREADS) as pool:
        for done, (task, drawn) in enumerate(zip(tasks, pool.map(_drawn, tasks), strict=True)):
            ctx.progress(done, count, tr("Drawing phantoms to rehearse"))
            white, warped, overlap = drawn if second is Source.FLUORESCENCE else (drawn[0], None, None)
            name = f"phantom-{SEED + seed}-{done:05d}"
            made.add(white, warped, overlap, grade=task[1], patient=name, case=name)
    return made.made()


def _drawn(task: tuple[int, Grade]) -> tuple[Any, Any, Any]:
    from pfm_desktop.imaging.phantom import render
    from pfm_desktop.imaging.phantom.onto import onto_white

    phantom = render(task[0], grade=task[1], size=SIZE)
    return phantom.white, onto_white(phantom), phantom.overlap
