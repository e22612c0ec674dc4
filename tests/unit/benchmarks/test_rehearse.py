"""What is rehearsed beside training keeps the trunk readable, and leaves everything else alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.trunk_parts import distil as bench
from benchmarks.trunk_parts import rehearse
from benchmarks.trunk_parts.pictures import SIDE, Pool, Views
from benchmarks.trunk_parts.rehearse import Rehearsal, readers_of, save_readers
from pfm_desktop.jobs import SilentContext
from pfm_desktop.pfm.checkpoint import load_model
from pfm_desktop.pfm.nets.model import PfmNet, new_net
from pfm_desktop.pfm.nets.spec import NetSpec
from pfm_desktop.pfm.training.config import TrainConfig
from pfm_desktop.pfm.training.data import PreparedSet
from pfm_desktop.pfm.training.loop import train
from pfm_desktop.support.errors import ModelError

pytestmark = pytest.mark.slow

POOLS = [Pool("one", np.random.default_rng(1).integers(0, 256, (5, SIDE, SIDE, 3), np.uint8), 1.0)]


def teach(shown: Views) -> list[Tensor]:
    """Means of colours at the three strides, as if they were the maps of a network."""
    return [F.avg_pool2d(torch.from_numpy(shown), stride) for stride in (8, 16, 32)]


@pytest.fixture
def start(tmp_path: Path) -> Path:
    lesson = bench.Lesson(phases=(bench.Phase(64, 4, 2),))
    student, measure = bench.distil(SilentContext(), lesson, POOLS, teach, tmp_path / "work")
    save_readers(tmp_path / "start", student.readers, measure)
    return tmp_path / "start"


def net_of() -> PfmNet:
    torch.manual_seed(2)
    return new_net(NetSpec(variant="T0", size=64))


def test_readers_and_measure_come_back_as_they_were(tmp_path: Path, start: Path) -> None:
    readers, measure = readers_of(start)
    save_readers(tmp_path / "again", readers, measure)
    assert (tmp_path / "again" / rehearse.READERS).read_bytes() == (start / rehearse.READERS).read_bytes()
    assert not any(value.requires_grad for value in readers.parameters())


def test_only_the_white_light_trunk_learns_and_its_statistics_stay(start: Path) -> None:
    net = net_of().train()
    before = {name: value.clone() for name, value in net.named_buffers()}
    Rehearsal(start, POOLS, teach)(net, 3).backward()  # type: ignore[no-untyped-call]
    for name, value in net.named_parameters():
        assert (value.grad is not None) == name.startswith("extract.white.trunk."), name
    for name, value in net.named_buffers():
        assert torch.equal(value, before[name]), name
    assert all(module.training for module in net.modules())


def test_the_same_step_gives_the_same_and_another_step_another(start: Path) -> None:
    net, rehearsal = net_of(), Rehearsal(start, POOLS, teach)
    first, again, other = (float(rehearsal(net, step).detach()) for step in (3, 3, 4))
    assert first == again != other


def test_a_trunk_that_rehearses_stays_nearer_to_the_teacher(
    start: Path, tmp_path: Path, make_blobs: Callable[..., PreparedSet], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rehearse, "WEIGHT", 30.0)  # few steps
    data = make_blobs(tmp_path / "cases", 40)
    config = TrainConfig(epochs=3, batch=8, ema=0.5, patience=0, shares=(0.6, 0.2, 0.2, 0.0), trained_on="drawings")
    rehearsal = Rehearsal(start, POOLS, teach)
    told = {}
    for name, beside in (("alone", None), ("beside", rehearsal)):
        model = train(SilentContext(), data, tmp_path / name, config, beside=beside)
        net = load_model(model.path).net
        told[name] = np.mean([float(rehearsal(net, step).detach()) for step in range(900, 904)])
    assert told["beside"] < 0.9 * told["alone"]


def test_a_start_without_readers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"has no readers\.safetensors"):
        Rehearsal(tmp_path, POOLS, teach)
