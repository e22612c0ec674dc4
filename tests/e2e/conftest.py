"""What a user has before the first command: picture files and a model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from pfm_desktop.cli.main import main


@dataclass(frozen=True)
class PairFiles:
    """A phantom pair on disk, and its pixels."""

    white: Path
    fluorescence: Path
    white_pixels: np.ndarray
    fluorescence_pixels: np.ndarray


@pytest.fixture(scope="session")
def phantom_pair(tmp_path_factory: pytest.TempPathFactory) -> PairFiles:
    """One woman at 448 pixels, written by `pfm phantom`."""
    from pfm_desktop.imaging.io import read_picture

    folder = tmp_path_factory.mktemp("pair")
    assert main(["phantom", str(folder), "--count", "1", "--seed", "3", "--size", "448"]) == 0
    files = folder / "case_00000_white.png", folder / "case_00000_fluorescence.png"
    return PairFiles(*files, *(read_picture(file).pixels for file in files))


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A model folder with random weights: the way of an answer is tested, not its quality."""
    import torch

    from pfm_desktop.pfm.calibrate import uncalibrated
    from pfm_desktop.pfm.checkpoint import save_model
    from pfm_desktop.pfm.nets.model import new_net
    from pfm_desktop.pfm.nets.spec import NetSpec
    from pfm_desktop.pfm.preprocess import Normalisation
    from pfm_desktop.services import models

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("models") / "tiny"
    save_model(
        folder,
        new_net(NetSpec(size=64)).eval(),
        name="tiny",
        version="1",
        calibration=uncalibrated(("white", "fluorescence")),
        normalisation=Normalisation.default(),
    )
    yield folder
    models.forget_loaded()
