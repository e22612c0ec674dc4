"""Whether what is unlike anything a model learned from is found, and what is like it passes.

    python benchmarks/unlike.py --work DIR --fit PREPARED ... puts [familiarity] into the model's model.toml and card
    python benchmarks/unlike.py --card                         the card only, from what model.toml keeps
    python benchmarks/unlike.py --work DIR --compare PREPARED  stages and scores on development pictures
    python benchmarks/unlike.py --work DIR [--annocerv DIR] [--pictures DIR]    the test

PREPARED holds training phantoms as `make_demo_model.py` prepares them. The test draws phantoms of seed 4313, which
no training uses, at 512 pixels, and asks the network's trunks about them and about pictures of other kinds (see
`unlike_parts/pictures.py`); AnnoCerv's photographs and any folder of ordinary pictures (`--pictures`; the figures are
of those in the wheels of scikit-image 0.26.0 and scikit-learn 1.9.1) are read where they are named. Prints how many
are called unlike, how many the quality check refuses, and how many pass both, with Clopper-Pearson intervals of 95 %.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pfm_desktop.support import threads

threads.set_polite_threads()

import numpy as np  # noqa: E402 - the thread settings come before numpy

from benchmarks.shares import share  # noqa: E402
from benchmarks.unlike_parts.compare import material_of, tables  # noqa: E402
from benchmarks.unlike_parts.sets import LIKE, Wanted, kinds, lights_of, prepared  # noqa: E402
from benchmarks.unlike_parts.training import split_of  # noqa: E402
from pfm_desktop.cli.progress import Bar  # noqa: E402
from pfm_desktop.domain.grade import GRADES  # noqa: E402
from pfm_desktop.interop.tabular import read_manifest  # noqa: E402
from pfm_desktop.jobs import Context  # noqa: E402
from pfm_desktop.pfm import familiarity_card  # noqa: E402
from pfm_desktop.pfm.checkpoint import LoadedModel, load_model, rewrite_model_file  # noqa: E402
from pfm_desktop.pfm.familiarity import ACCEPTED, Floats, Known, fit_known, from_table, to_table  # noqa: E402
from pfm_desktop.pfm.model_file import CARD, read_model_file  # noqa: E402
from pfm_desktop.pfm.training.data import PreparedSet  # noqa: E402
from pfm_desktop.pfm.training.familiar import VIEWS, features_of  # noqa: E402
from pfm_desktop.pfm.training.metrics import auc  # noqa: E402
from pfm_desktop.services import models  # noqa: E402
from pfm_desktop.services.phantoms import write_phantoms  # noqa: E402
from pfm_desktop.services.training_data import prepare  # noqa: E402
from pfm_desktop.support.errors import UserError  # noqa: E402

DEVELOPMENT, TEST = 4300, 4313  # seeds
SIZE = 512
REFUSED = 2  # exit code


@dataclass(frozen=True)
class Asked:
    """One set: `distances` and `poor`, N each, and as which source each picture was given; `grades` of phantoms."""

    distances: Floats
    poor: np.ndarray
    lights: np.ndarray
    grades: np.ndarray


def features_in_order(ctx: Context, model: LoadedModel, data: PreparedSet, lights: Sequence[str]) -> Floats:
    """N x C, each picture as the source that it was given as."""
    rows = features_of(ctx, model.net, data, np.arange(len(data), dtype=np.int64), model.normalisation)
    turn = {light: iter(values[:, 0]) for light, values in rows.items()}
    return np.stack([next(turn[light]) for light in lights])


def judged(known: dict[str, Known], features: Floats, data: PreparedSet, poor: Sequence[str]) -> Asked:
    """Distances of a set of single pictures; NaN of a source that the model keeps nothing of."""
    lights = lights_of(data)
    distances = [
        float(known[light].distances(row[None])[0]) if light in known else np.nan
        for light, row in zip(lights, features, strict=True)
    ]
    return Asked(np.array(distances), np.array([bool(why) for why in poor]), np.array(lights), data.grades)


def lines_of_strange(name: str, asked: Asked, known: dict[str, Known], like: dict[str, Floats]) -> list[str]:
    """What is said of a kind that must not pass, for each source."""
    lines = []
    for light in sorted(set(asked.lights)):
        of = asked.lights == light
        unlike, poor = asked.distances[of] > known[light].threshold, asked.poor[of]
        score = np.concatenate([like[light], asked.distances[of]])
        area = float(auc(score, np.arange(len(score)) >= len(like[light]))[0])
        lines.append(
            f"{name}, as {light}: unlike {share(int(unlike.sum()), len(unlike))}; AUROC against fresh phantoms "
            f"{area:.3f}; refused for quality {share(int(poor.sum()), len(poor))}; neither "
            f"{share(int((~unlike & ~poor).sum()), len(poor))}"
        )
    return lines


def lines_of_like(name: str, asked: Asked, known: dict[str, Known]) -> list[str]:
    """Acceptance of pictures that the quality check lets pass, for each source, altogether and by grade."""
    lines = []
    for light in sorted(set(asked.lights)):
        there = (asked.lights == light) & ~asked.poor
        accepted = asked.distances <= known[light].threshold
        by_grade = "; ".join(
            f"{grade.value} {share(int(accepted[of].sum()), int(of.sum()))}"
            for grade in GRADES
            for of in [there & (asked.grades == grade.rank)]
        )
        lines.append(f"{name}, {light}: accepted {share(int(accepted[there].sum()), int(there.sum()))}; {by_grade}")
    return lines


def lines_of_pairs(ctx: Context, model: LoadedModel, known: dict[str, Known], pairs: PreparedSet) -> list[str]:
    """Acceptance of cases with both sources, registered: neither may be over its threshold."""
    rows = features_of(ctx, model.net, pairs, np.arange(len(pairs), dtype=np.int64), model.normalisation)
    both = pairs.present["white"] & pairs.present["fluorescence"]
    accepted = np.ones(len(pairs), np.bool_)
    for light, values in rows.items():
        accepted[pairs.present[light]] &= known[light].distances(values[:, 0]) <= known[light].threshold
    by_grade = "; ".join(
        f"{grade.value} {share(int(accepted[of].sum()), int(of.sum()))}"
        for grade in GRADES
        for of in [both & (pairs.grades == grade.rank)]
    )
    passed = share(int(accepted[both].sum()), int(both.sum()))
    return [f"on phantoms, both sources registered: accepted {passed}; {by_grade}"]


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, help="folder for phantoms and prepared pictures; kept")
    parser.add_argument("--fit", type=Path, nargs="+", help="prepared training phantoms; writes into the model")
    parser.add_argument("--card", action="store_true", help="write the section of CARD.md again, and end")
    parser.add_argument("--compare", type=Path, help="prepared training phantoms; prints a table of scores")
    parser.add_argument("--annocerv", type=Path)
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--count", type=int, default=240, help="phantoms")
    parser.add_argument("--each", type=int, default=40, help="drawn pictures of a kind and source")
    parser.add_argument("--seed", type=int, default=TEST, help="of the phantoms of the test; 4310 to 4313 are spent")
    parser.add_argument("--kinds", nargs="+", default=[], help="these strange pictures only")
    parser.add_argument("--model", default=models.DEFAULT_MODEL)
    asked = parser.parse_args()
    try:
        if asked.card:
            print(f"written: {familiarity_card.rewrite(models.folder_of(asked.model))}")
            return 0
        if asked.work is None:
            parser.error("--work is needed")
        with Bar() as bar:
            lines = run(bar, asked)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return REFUSED
    print("\n".join(lines))
    return 0


def run(ctx: Context, asked: argparse.Namespace) -> list[str]:
    """What is printed."""
    folder = models.folder_of(asked.model)
    model = load_model(folder)
    if asked.fit is not None:
        return fit(ctx, model, folder, [PreparedSet(place) for place in asked.fit])
    developing = asked.compare is not None
    seed = DEVELOPMENT if developing else asked.seed
    manifest = write_phantoms(ctx, asked.work / f"phantoms-{seed}", asked.count, seed, None, SIZE, workers=1)
    wanted = Wanted(0 if developing else 1, manifest.parent, seed, asked.each, asked.annocerv, asked.pictures)
    known = from_table(read_model_file(folder).familiarity)
    if not known and not developing:
        return ["this model keeps nothing of what it learned from: fit it first (--fit)"]
    made: dict[str, tuple[PreparedSet, list[str]]] = {}
    for name, pictures in kinds(wanted).items():
        if asked.kinds and name not in (*LIKE, *asked.kinds):
            continue
        place = asked.work / f"prepared-{seed}" / name.replace(" ", "-")
        made[name] = prepared(ctx, place, pictures, model.net.spec.size)
    if developing:
        data = PreparedSet(asked.compare)
        return tables(material_of(ctx, model, data, split_of(ctx, data, folder), made))
    sets = {
        name: judged(known, features_in_order(ctx, model, data, lights_of(data)), data, poor)
        for name, (data, poor) in made.items()
    }
    pairs = prepare(
        ctx, read_manifest(manifest), asked.work / f"prepared-{seed}" / "pairs", size=model.net.spec.size, workers=1
    )
    like = {light: sets[LIKE[0]].distances[sets[LIKE[0]].lights == light] for light in known}
    return [
        f"on phantoms: {asked.count} fresh ones of {SIZE} pixels, seed {seed}; intervals are Clopper-Pearson, 95 %",
        *(line for name in LIKE for line in lines_of_like(f"on {name}", sets[name], known)),
        *lines_of_pairs(ctx, model, known, pairs.data),
        *(line for name in sets if name not in LIKE for line in lines_of_strange(name, sets[name], known, like)),
    ]


def fit(ctx: Context, model: LoadedModel, folder: Path, sets: Sequence[PreparedSet]) -> list[str]:
    """Measure what the model learned from and write it into its `model.toml`: from all sets, thresholds of the first.

    Of one set this is what every training does by itself (`known_of`).
    """
    splits = [split_of(ctx, data, folder) for data in sets]
    views = max(VIEWS.values())
    learned = [
        features_of(ctx, model.net, data, split.train, model.normalisation, views=views)
        for data, split in zip(sets, splits, strict=True)
    ]
    held_out = features_of(ctx, model.net, sets[0], splits[0].calibration, model.normalisation)
    known = {}
    for name, others in held_out.items():
        rows = np.concatenate([found[name][:, : VIEWS[name]] for found in learned])
        known[name] = fit_known(rows.reshape(-1, rows.shape[-1]), others[:, 0], accepted=ACCEPTED[name])
    rewrite_model_file(folder, familiarity=to_table(known))
    if (folder / CARD).is_file():
        familiarity_card.rewrite(folder)
    return [
        f"{source}: from {of.cases} views of phantoms, threshold {of.threshold:.3f} from {len(held_out[source])} others"
        for source, of in known.items()
    ]


if __name__ == "__main__":
    sys.exit(main())
