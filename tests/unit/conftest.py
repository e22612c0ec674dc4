"""Stand-ins for files that users bring, and tiny prepared sets: blobs whose colour tells the grade."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pfm_desktop.domain.grade import GRADES
from pfm_desktop.domain.source import Source
from pfm_desktop.interop.tabular import ManifestRow, read_manifest

if TYPE_CHECKING:
    from torch import Tensor

    from pfm_desktop.pfm.training.data import PreparedSet

SIZE = 64
BOTH = (Source.WHITE, Source.FLUORESCENCE)
FASTERNET_WIDTHS = {"T0": 40, "T1": 64, "T2": 96}
FASTERNET_DEPTHS = (1, 2, 8, 2)


@pytest.fixture(scope="session")
def public_fasternet() -> Callable[[str, str], dict[str, Tensor]]:
    """`public_fasternet(variant, naming)`: random tensors with the names and shapes of the public releases.

    Written out from the sources of the releases, not from our network. The same values in both namings.
    """
    return _public


def _public(variant: str, naming: str) -> dict[str, Tensor]:
    import torch

    torch.manual_seed(1)
    width = FASTERNET_WIDTHS[variant]
    out = {"patch_embed.proj.weight": torch.randn(width, 3, 4, 4), **_norm("patch_embed.norm", width)}
    for stage, depth in enumerate(FASTERNET_DEPTHS):
        channels = width * 2**stage
        own = f"stages.{stage}" if naming == "timm" else f"stages.{2 * stage}"
        if stage:
            merge = f"stages.{stage}.downsample" if naming == "timm" else f"stages.{2 * stage - 1}"
            out[f"{merge}.reduction.weight"] = torch.randn(channels, channels // 2, 2, 2)
            out |= _norm(f"{merge}.norm", channels)
        for block in range(depth):
            at = f"{own}.blocks.{block}"
            out[f"{at}.mlp.0.weight"] = torch.randn(2 * channels, channels, 1, 1)
            out |= _norm(f"{at}.mlp.1", 2 * channels)
            out[f"{at}.mlp.3.weight"] = torch.randn(channels, 2 * channels, 1, 1)
            out[f"{at}.spatial_mixing.partial_conv3.weight"] = torch.randn(channels // 4, channels // 4, 3, 3)
    head = ("conv_head", "classifier") if naming == "timm" else ("avgpool_pre_head.1", "head")
    out[f"{head[0]}.weight"] = torch.randn(1280, 8 * width, 1, 1)
    out[f"{head[1]}.weight"], out[f"{head[1]}.bias"] = torch.randn(1000, 1280), torch.randn(1000)
    return out


def _norm(prefix: str, channels: int) -> dict[str, Tensor]:
    import torch

    return {
        f"{prefix}.weight": torch.rand(channels),
        f"{prefix}.bias": torch.randn(channels),
        f"{prefix}.running_mean": torch.randn(channels),
        f"{prefix}.running_var": torch.rand(channels) + 0.5,
        f"{prefix}.num_batches_tracked": torch.tensor(7),
    }


@pytest.fixture(scope="session")
def make_blobs() -> Callable[..., PreparedSet]:
    """`make_blobs(folder, patients, size=64, seed=0, prefix="p")`; see `write_blobs`."""
    return write_blobs


@pytest.fixture(scope="session")
def blobs(tmp_path_factory: pytest.TempPathFactory) -> PreparedSet:
    """120 cases at 64 pixels."""
    return write_blobs(tmp_path_factory.mktemp("blobs"), 120)


@pytest.fixture(scope="session")
def make_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """`make_model(folder, name="parent", training={}, **spec)`: a model with random weights for 64 pixels.

    Each kind is made once and copied, which takes a fifteenth of the time.
    """
    made: dict[str, Path] = {}

    def copied(folder: Path, **options: Any) -> Path:
        kind = repr(sorted(options.items()))
        if kind not in made:
            made[kind] = write_model(tmp_path_factory.mktemp("model") / "m", **options)
        shutil.copytree(made[kind], folder)
        return folder

    return copied


def write_model(
    folder: Path,
    *,
    name: str = "parent",
    version: str = "1",
    training: dict[str, object] | None = None,
    **spec: object,
) -> Path:
    import torch

    from pfm_desktop.pfm.calibrate import uncalibrated
    from pfm_desktop.pfm.checkpoint import save_model
    from pfm_desktop.pfm.nets.model import new_net
    from pfm_desktop.pfm.nets.spec import NetSpec
    from pfm_desktop.pfm.preprocess import Normalisation

    torch.manual_seed(0)
    net = new_net(NetSpec(**{"size": SIZE, **spec})).eval()  # type: ignore[arg-type]
    plain = Normalisation.default()  # other sources are lit by white light
    mean, std = (
        {name: part.get(name, part["white"]) for name in {*part, *net.names}} for part in (plain.mean, plain.std)
    )
    normalisation = Normalisation(mean, std)
    save_model(
        folder,
        net,
        name=name,
        version=version,
        calibration=uncalibrated(net.names),
        normalisation=normalisation,
        training=training,
    )
    return folder


def blob_case(rank: int, random: np.random.Generator, *, size: int = SIZE) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """White, fluorescence size x size x 3 uint8, overlap: the higher the rank, the whiter and darker the blob."""
    y, x = np.mgrid[:size, :size]
    cy, cx = random.uniform(0.35, 0.65, 2) * size
    blob = np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / (2 * (0.18 * size) ** 2))[..., None]
    noise = random.normal(0, 6, (2, size, size, 3))
    white = np.array([190, 110, 110]) + blob * rank * np.array([15, 40, 40])
    level = random.uniform(0.4, 1.6)
    fluorescence = np.array([40, 120, 60]) * level * (1 - 0.28 * rank * blob)
    pictures = [np.clip(p + n, 0, 255).astype(np.uint8) for p, n in zip((white, fluorescence), noise, strict=True)]
    overlap = np.ones((size, size), np.bool_)
    overlap[:, : size // 16] = False
    return pictures[0], pictures[1], overlap


def write_blobs(
    folder: Path,
    patients: int,
    *,
    size: int = SIZE,
    seed: int = 0,
    prefix: str = "p",
    sources: tuple[Source, ...] = BOTH,
) -> PreparedSet:
    """One case a patient, grades in turn; every ninth case has lost a source.

    `folder / "manifest.csv"` names the cases, with files that stand for the pictures they were prepared from, for a
    network that reads `sources`.
    """
    from pfm_desktop.pfm.training.data import PreparedSet, PreparedWriter

    random = np.random.default_rng(seed)
    with PreparedWriter(folder, size) as writer:
        for number in range(patients):
            grade = GRADES[number % 4]
            white, fluorescence, overlap = blob_case(grade.rank, random, size=size)
            writer.append(
                None if number % 18 == 9 else white,
                None if number % 18 == 0 else fluorescence,
                overlap,
                grade=grade,
                patient=f"{prefix}{number:03d}",
                case=f"{prefix}c{number:03d}",
            )
    made = PreparedSet(folder)
    _write_manifest(folder / "manifest.csv", made)
    _seal(folder, sources)
    return PreparedSet(folder)


def _seal(folder: Path, sources: tuple[Source, ...]) -> None:
    """Note in a prepared folder that it was made from the pictures of its manifest, read for `sources`."""
    from pfm_desktop.services.training_data import _content, _digest

    def pictures_of(row: ManifestRow) -> str:
        return _digest({source: _content(row.picture(source)) for source in sources})

    rows = {row.case: row for row in read_manifest(folder / "manifest.csv")}
    cases = [json.loads(line) for line in (folder / "cases.jsonl").read_text().splitlines()]
    lines = [json.dumps({**case, "pictures": pictures_of(rows[case["case"]])}) + "\n" for case in cases]
    (folder / "cases.jsonl").write_text("".join(lines))


def _write_manifest(path: Path, made: PreparedSet) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["patient", "case", "white", "fluorescence", "grade"])
        for index, case in enumerate(made.cases):
            names = [f"{case}_{source}.png" if made.present[source][index] else "" for source in made.present]
            for name in filter(None, names):
                (path.parent / name).write_text(f"prepared before: {name}")
            writer.writerow([made.patients[index], case, *names, GRADES[made.grades[index]].value])
