"""A small network with random weights: shows that the program runs where no trained model is there."""

from __future__ import annotations

from pathlib import Path

import torch

from pfm_desktop.domain.prediction import ModelInfo
from pfm_desktop.pfm.calibrate import uncalibrated
from pfm_desktop.pfm.checkpoint import save_model
from pfm_desktop.pfm.nets.model import new_net
from pfm_desktop.pfm.nets.spec import NetSpec
from pfm_desktop.pfm.preprocess import Normalisation

SIZE = 64  # pixels a side


def write_untrained(folder: Path, *, size: int = SIZE) -> ModelInfo:
    """Write a model folder that grades by chance and says so in its label; the same weights each time."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = new_net(NetSpec(size=size)).eval()
    return save_model(
        folder,
        net,
        name="untrained",
        version="0",
        calibration=uncalibrated(net.names),
        normalisation=Normalisation.default(),
        trained_on="nothing (random weights)",
    )
