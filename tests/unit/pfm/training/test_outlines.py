"""Outlines of lesions in prepared pictures: kept with their case, moved with the picture, harmless where none is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.domain.source import Source
from pfm_desktop.jobs import SilentContext
from pfm_desktop.pfm.calibrate import Calibration
from pfm_desktop.pfm.checkpoint import load_model, save_model
from pfm_desktop.pfm.model_file import read_model_file
from pfm_desktop.pfm.model_tables import CLASS_MAP, LAYER_CAM
from pfm_desktop.pfm.nets.model import PfmNet, new_net
from pfm_desktop.pfm.nets.spec import NetSpec
from pfm_desktop.pfm.preprocess import Normalisation, intensities
from pfm_desktop.pfm.training.augment import Augmentation, augmented_inputs, plain_inputs
from pfm_desktop.pfm.training.config import TrainConfig
from pfm_desktop.pfm.training.data import PreparedSet, PreparedWriter
from pfm_desktop.pfm.training.loop import make_optimizer, train

SIZE = 64
PICTURE = np.full((SIZE, SIZE, 3), 90, np.uint8)
ALL = np.arange(4, dtype=np.int64)
CASES = 80


def outline(top: int, left: int) -> np.ndarray:
    mask = np.zeros((SIZE, SIZE), np.bool_)
    mask[top : top + 16, left : left + 16] = True
    return mask


def add(writer: PreparedWriter, case: str, lesion: np.ndarray | None) -> None:
    writer.append(PICTURE, PICTURE, None, grade=Grade.HIGH, patient=f"of {case}", case=case, lesion=lesion)


@pytest.fixture
def some(tmp_path: Path) -> Path:
    """Four cases, the second and the third with an outline."""
    with PreparedWriter(tmp_path / "set", SIZE) as writer:
        for case, lesion in zip("abcd", (None, outline(0, 0), outline(32, 16), None), strict=True):
            add(writer, case, lesion)
    return tmp_path / "set"


def test_each_case_gets_its_own_outline_back_in_any_order(some: Path) -> None:
    data = PreparedSet(some)
    assert data.outlined.tolist() == [False, True, True, False]
    batch = data.batch(np.array([2, 0, 1], np.int64))
    assert batch.lesion is not None
    np.testing.assert_array_equal(batch.lesion[0].numpy() > 0, outline(32, 16))
    assert not batch.lesion[1].any()
    np.testing.assert_array_equal(batch.lesion[2].numpy() > 0, outline(0, 0))


def test_a_batch_without_outlines_carries_none(some: Path) -> None:
    data = PreparedSet(some)
    assert data.batch(np.array([0, 3], np.int64)).lesion is None
    inputs = plain_inputs(data.batch(ALL), ("white",), 2, Normalisation.default())
    assert inputs.lesion is None  # whoever only asks needs none


def test_a_run_that_goes_on_puts_the_next_outline_where_it_belongs(some: Path) -> None:
    with (some / "lesion.u8").open("ab") as stream:
        stream.write(b"\1" * 100)  # what a kill left of an outline whose line was not written
    with PreparedWriter(some, SIZE) as writer:
        add(writer, "e", None)
        add(writer, "f", outline(40, 40))
    data = PreparedSet(some)
    batch = data.batch(np.arange(6, dtype=np.int64))
    assert batch.lesion is not None
    wanted = [0, 256, 256, 0, 0, 256]
    assert batch.lesion.sum(dim=(1, 2)).tolist() == wanted
    np.testing.assert_array_equal(batch.lesion[5].numpy() > 0, outline(40, 40))


def test_outlines_change_the_digest_and_a_set_without_any_keeps_the_one_it_had(tmp_path: Path) -> None:
    digests = []
    for number, lesion in enumerate((None, outline(0, 0))):
        with PreparedWriter(tmp_path / str(number), SIZE) as writer:
            add(writer, "a", lesion)
        digests.append(PreparedSet(tmp_path / str(number)).digest)
    assert digests[0] != digests[1]
    assert not (tmp_path / "0" / "lesion.u8").exists()
    assert "lesion" not in (tmp_path / "0" / "cases.jsonl").read_text(encoding="utf-8")


def test_the_outline_is_turned_and_moved_with_the_picture(tmp_path: Path) -> None:
    """The picture is bright on the lesion alone, so whatever is done to both, the bright cells are outlined."""
    mask = outline(8, 40)
    picture = np.where(mask[..., None], 255, 0).astype(np.uint8).repeat(3, axis=2)
    with PreparedWriter(tmp_path / "set", SIZE) as writer:
        for case in "abcd":
            writer.append(picture, picture, None, grade=Grade.HIGH, patient=case, case=case, lesion=mask)
    plain = Normalisation({"white": (0, 0, 0), "fluorescence": (0, 0, 0)}, Normalisation.default().std)
    still = Augmentation(gain=0, channel_gain=0, contrast=0, drop_source=0)
    raw = PreparedSet(tmp_path / "set").batch(ALL)
    random = torch.Generator().manual_seed(3)
    inputs = augmented_inputs(raw, ("white",), 8, plain, options=still, random=random)
    assert inputs.lesion is not None
    bright = torch.nn.functional.adaptive_avg_pool2d(inputs.pictures["white"][:, :1], 8)[:, 0]
    bright = bright / bright.amax(dim=(1, 2), keepdim=True) * inputs.lesion.amax(dim=(1, 2), keepdim=True)
    torch.testing.assert_close(bright, inputs.lesion, atol=0.02, rtol=0)
    assert len({tuple(case.flatten().tolist()) for case in inputs.lesion}) == 4  # each in its own way


def test_the_same_views_are_drawn_with_and_without_outlines(some: Path) -> None:
    data = PreparedSet(some)
    options, normalisation = Augmentation(), Normalisation.default()
    made = []
    for raw in (data.batch(ALL), replace(data.batch(ALL), lesion=None)):
        random = torch.Generator().manual_seed(9)
        made.append(augmented_inputs(raw, ("white",), 2, normalisation, options=options, random=random))
    assert made[0].lesion is not None
    assert made[1].lesion is None
    assert torch.equal(made[0].pictures["white"], made[1].pictures["white"])


def test_the_trunks_may_learn_more_slowly_than_the_rest() -> None:
    net = new_net(NetSpec(variant="T0", size=SIZE))
    groups = make_optimizer(net, 1e-3, 0.1, trunk_rate=0.1).param_groups
    shares = {id(value): group["share"] for group in groups for value in group["params"]}
    for name, value in net.named_parameters():
        assert shares[id(value)] == (0.1 if ".trunk." in name else 1.0), name
    assert len(shares) == len(list(net.parameters()))
    assert {group["weight_decay"] for group in groups} == {0.0, 0.1}


def lit(random: np.random.Generator, grade: Grade) -> tuple[np.ndarray, np.ndarray]:
    """Two squares, a red and a blue one, each brighter the higher the grade; the red one is the lesion."""
    picture = random.integers(60, 90, (128, 128, 3)).astype(np.uint8)
    mask = np.zeros((128, 128), np.bool_)
    cells = random.choice(16, 2, replace=False)
    for cell, channel in zip(cells.tolist(), (0, 2), strict=True):
        top, left = 32 * (cell // 4), 32 * (cell % 4)
        picture[top : top + 32, left : left + 32, channel] += np.uint8(50 * grade.rank)
        mask[top : top + 32, left : left + 32] = channel == 0 and grade.rank > 0
    return picture, mask


@pytest.mark.slow
def test_a_network_that_was_shown_outlines_points_at_the_lesion_and_its_card_says_so(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    with PreparedWriter(tmp_path / "set", 128) as writer:
        for number in range(CASES):
            grade = GRADES[number % 4]
            picture, mask = lit(random, grade)
            case = f"c{number}"
            writer.append(picture, None, None, grade=grade, patient=case, case=case, lesion=mask)
    data = PreparedSet(tmp_path / "set")
    start = tmp_path / "start"
    save_model(
        start, new_net(NetSpec(variant="T0", size=128)), name="start", version="3", calibration=Calibration(),
        normalisation=Normalisation.default(), trained_on="drawings", can_grade=False,
    )  # fmt: skip
    config = TrainConfig(
        sources=(Source.WHITE,), epochs=8, batch=8, warmup=0.1, ema=0.9, patience=0, shares=(0.7, 0.1, 0.2, 0.0),
        start=start, trunk_rate=0.5, trained_on="drawings", outline_weight=2.0,
    )  # fmt: skip
    hits = {}
    for weight in (0.0, 2.0):
        out = tmp_path / f"model-{weight:g}"
        train(SilentContext(), data, out, replace(config, outline_weight=weight))
        hits[weight] = pointed_right(load_model(out).net, random)
    assert hits[2.0] > 0.8
    assert hits[0.0] < 0.8  # the blue square tells the grade just as well
    card = (tmp_path / "model-2" / "CARD.md").read_text(encoding="utf-8")
    shown = read_model_file(tmp_path / "model-2").training["cases"]["train"]
    assert shown < CASES
    assert f"In {shown} of the training cases it was shown where the lesion lies, or that there is none." in card
    assert "The trunks started from those of start 3 (drawings), and learned at 0.5 of the rate of the rest." in card
    assert "The model attention is the class map" in card
    assert "it was shown where" not in (tmp_path / "model-0" / "CARD.md").read_text(encoding="utf-8")
    drawn_by = {weight: read_model_file(tmp_path / f"model-{weight:g}").heatmap["method"] for weight in (0.0, 2.0)}
    assert drawn_by == {2.0: CLASS_MAP, 0.0: LAYER_CAM}


@torch.no_grad()
def pointed_right(net: PfmNet, random: np.random.Generator) -> float:
    """Share of fresh pictures in which the highest vote for the grade lies in a cell on the square."""
    found = []
    for number in range(60):
        grade = GRADES[1 + number % 3]
        picture, mask = lit(random, grade)
        planes = intensities("white", torch.from_numpy(picture)[None], torch.ones(1))
        given = Normalisation.default().apply("white", planes, torch.ones(1, 128, 128))
        votes = net.source_head("white").votes(net.extract["white"](given)[1])[0]
        speaks = votes[grade.rank] - votes.mean(dim=0)
        cell = int(speaks.argmax())
        row, column = 32 * (cell // 4), 32 * (cell % 4)
        found.append(bool(mask[row, column]))
    return float(np.mean(found))
