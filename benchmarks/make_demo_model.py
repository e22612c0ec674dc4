"""Makes models/pfm-demo again: draws the phantoms, prepares them, trains. Goes on where it was stopped.

    python benchmarks/make_demo_model.py --work DIR [--out models/pfm-demo] [--start DIR [--pictures DIR ...]]

`--start` and `--pictures` are what `make_trunk.py` wrote and was shown: with both, the white-light trunk goes on
copying its teacher beside each step, so that it does not forget real pictures.

Seeds 2026 to 2028 are for training, validation and calibration only; the figures come from
`benchmarks/demo_model.py`, which draws fresh phantoms. About two hours and 8 GB on two cores without a GPU.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rich.console import Console

from pfm_desktop.support import threads

threads.set_polite_threads()

from benchmarks.trunk_parts.phantom_sets import SETS, SHARES, pools_of  # noqa: E402 - the thread settings come before numpy
from benchmarks.trunk_parts.pictures import files_in  # noqa: E402
from benchmarks.trunk_parts.rehearse import WORDS, Rehearsal  # noqa: E402
from pfm_desktop.cli.progress import Bar  # noqa: E402
from pfm_desktop.pfm.training.config import TrainConfig  # noqa: E402
from pfm_desktop.services.phantoms import write_phantoms  # noqa: E402
from pfm_desktop.services.training import train_manifest  # noqa: E402

INPUT = 224


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "models" / "pfm-demo")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--variant", default="T0")
    parser.add_argument("--splice", default="token")
    parser.add_argument("--version", default="2")
    parser.add_argument("--start", type=Path, help="model whose trunks are taken, made by make_trunk.py")
    parser.add_argument("--trunk-rate", type=float, default=1.0, help="learning rate of the trunks, of the rest's")
    parser.add_argument("--pictures", type=Path, nargs="+", help="as make_trunk.py was shown; needs --start")
    options = parser.parse_args()
    if options.pictures and not options.start:
        parser.error("--pictures needs --start")
    started = f" --start DIR --trunk-rate {options.trunk_rate:g}" if options.start else ""
    started += " --pictures DIR" if options.pictures else ""
    config = TrainConfig(
        name="pfm-demo",
        version=options.version,
        trained_on="phantoms",
        variant=options.variant,
        splice=options.splice,
        epochs=options.epochs,
        seed=1,
        shares=SHARES,
        start=options.start,
        trunk_rate=options.trunk_rate,
        beside=WORDS if options.pictures else "",
        run=options.work / f"run-{options.variant}-{options.splice}",
        command="python benchmarks/make_demo_model.py --work DIR"
        f" --epochs {options.epochs} --variant {options.variant} --splice {options.splice}{started}"
        "\npython benchmarks/demo_model.py --write",
    )
    with Bar() as bar:
        manifest = _manifest(bar, options.work)
        beside = _rehearsal(bar, options.work, options.start, options.pictures) if options.pictures else None
        prepared = options.work / f"prepared-{INPUT}"
        trained = train_manifest(bar, manifest, options.out, config, size=INPUT, prepared=prepared, beside=beside)
    Console().print(f"{trained.result.path}: best epoch {trained.result.best_epoch}, {trained.result.seconds:.0f} s")


def _rehearsal(bar: Bar, work: Path, start: Path, pictures: list[Path]) -> Rehearsal:
    from benchmarks.trunk_parts.teacher import Teacher

    return Rehearsal(start, pools_of(bar, work, files_in(pictures)), Teacher())


def _manifest(bar: Bar, work: Path) -> Path:
    """One manifest over all sets; the file that marks phantoms stands beside it."""
    rows: list[dict[str, str]] = []
    for seed, count, size in SETS:
        folder = work / f"phantoms-{seed}"
        with write_phantoms(bar, folder, count, seed, None, size).open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                files = {name: f"{folder.name}/{row[name]}" for name in ("white", "fluorescence")}
                outline = f"{folder.name}/{row['case']}_truth.npz"
                rows.append({**row, **files, "lesion_outline": outline, "case": f"{seed}-{row['case']}"})
    generator = json.loads((folder / "phantoms.json").read_text(encoding="utf-8"))["generator"]
    (work / "phantoms.json").write_text(json.dumps({"sets": SETS, "generator": generator}), encoding="utf-8")
    path = work / "manifest.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


if __name__ == "__main__":
    main()
