"""The start that copies an ImageNet network: what it is shown, that it learns, that a killed run loses nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from benchmarks import make_trunk
from benchmarks.trunk_parts import distil as bench
from benchmarks.trunk_parts import pictures, teacher
from benchmarks.trunk_parts.pictures import SIDE, Pool, Views
from pfm_desktop.domain.source import Source
from pfm_desktop.jobs import Cancelled, SilentContext
from pfm_desktop.pfm.checkpoint import load_model
from pfm_desktop.pfm.importing import save_start
from pfm_desktop.pfm.nets.model import new_net
from pfm_desktop.pfm.nets.pconv import Trunk
from pfm_desktop.pfm.nets.spec import NetSpec
from pfm_desktop.pfm.preprocess import Normalisation
from pfm_desktop.pfm.training.finish import start_weights
from pfm_desktop.support.errors import BadInputError

pytestmark = pytest.mark.slow

RANDOM = np.random.default_rng(1)
POOLS = [Pool(name, RANDOM.integers(0, 256, (5, SIDE, SIDE, 3), np.uint8), 0.5) for name in ("one", "other")]
LESSON = bench.Lesson(phases=(bench.Phase(64, 4, 5), bench.Phase(96, 4, 3)), rate=3e-3)


def teach(shown: Views) -> list[Tensor]:
    """Means of colours at the three strides, as if they were the maps of a network."""
    planes = torch.from_numpy(shown)
    return [F.avg_pool2d(planes, stride) for stride in (8, 16, 32)]


class Told(SilentContext):
    """Keeps the losses; cancels at a step."""

    def __init__(self, stop: int = 0) -> None:
        self.losses: list[float] = []
        self.stop = stop

    def progress(self, done: int, total: int, text: str) -> None:
        self.losses.append(float(text.rsplit(maxsplit=1)[-1]))
        if done == self.stop:
            raise Cancelled


def noise(file: Path, height: int, width: int) -> Path:
    Image.fromarray(RANDOM.integers(0, 256, (height, width, 3), np.uint8)).save(file)
    return file


def test_views_are_those_of_the_step_whatever_was_shown_before() -> None:
    first = pictures.views(POOLS, 6, 48, np.random.default_rng(4))
    pictures.views(POOLS, 6, 48, np.random.default_rng(5))
    np.testing.assert_array_equal(pictures.views(POOLS, 6, 48, np.random.default_rng(4)), first)
    assert first.shape == (6, 3, 48, 48)
    assert first.dtype == np.float32
    assert first.min() >= 0
    assert first.max() <= 1


def test_the_shares_of_the_pools_are_kept() -> None:
    black = Pool("black", np.zeros((2, SIDE, SIDE, 3), np.uint8), 0.25)
    white = Pool("white", np.full((2, SIDE, SIDE, 3), 255, np.uint8), 0.75)
    bright = [pictures.views([black, white], 8, 16, np.random.default_rng(n)).mean((1, 2, 3)) for n in range(40)]
    assert 0.6 < (np.concatenate(bright) > 0.4).mean() < 0.9


def test_icons_flat_drawings_and_strips_are_no_photographs() -> None:
    assert pictures.like_a_photograph(RANDOM.integers(0, 256, (300, 400, 3), np.uint8))
    assert not pictures.like_a_photograph(RANDOM.integers(0, 256, (120, 400, 3), np.uint8))
    assert not pictures.like_a_photograph(RANDOM.integers(0, 256, (210, 900, 3), np.uint8))
    flat = np.zeros((300, 300, 3), np.uint8)
    flat[100:200] = 200
    assert not pictures.like_a_photograph(flat)


@pytest.mark.parametrize(("shorter", "count"), [(300, 1), (500, 4), (900, 7)])
def test_a_large_picture_gives_more_parts_all_of_one_size(shorter: int, count: int) -> None:
    parts = list(pictures.square_parts(np.zeros((shorter, shorter + 50, 3), np.uint8), RANDOM))
    assert [part.shape for part in parts] == [(SIDE, SIDE, 3)] * count


def test_pictures_that_cannot_be_read_are_left_out_and_the_rest_is_read_once(tmp_path: Path) -> None:
    files = [noise(tmp_path / "a.png", 250, 260), tmp_path / "b.png"]
    files[1].write_bytes(b"no picture")
    ctx = SilentContext()
    first = pictures.gathered(ctx, "some", files, tmp_path, 1.0, parts=True).squares
    assert first.shape == (1, SIDE, SIDE, 3)
    kept = next(tmp_path.glob("some-*.u8"))
    when = kept.stat().st_mtime_ns
    np.testing.assert_array_equal(pictures.gathered(ctx, "some", files, tmp_path, 1.0, parts=True).squares, first)
    assert kept.stat().st_mtime_ns == when
    noise(files[1], 250, 250)
    assert len(pictures.gathered(ctx, "some", files, tmp_path, 1.0, parts=True).squares) == 2


def test_a_folder_without_photographs_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="no picture for some can be used"):
        pictures.gathered(SilentContext(), "some", [noise(tmp_path / "icon.png", 40, 40)], tmp_path, 1.0, parts=True)


def test_links_are_not_followed_and_files_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    files = [noise(tmp_path / name, 20, 20) for name in ("b.jpg", "a.PNG", "in/c.png")]
    (tmp_path / "link.png").symlink_to(files[0])
    (tmp_path / "words.txt").write_text("x", encoding="utf-8")
    assert pictures.files_in([tmp_path]) == sorted(files)


def test_the_trunk_comes_to_give_what_the_teacher_gives(tmp_path: Path) -> None:
    told = Told()
    lesson = bench.Lesson(phases=(bench.Phase(64, 8, 60),), rate=3e-3)
    student, _ = bench.distil(told, lesson, POOLS, teach, tmp_path)
    assert not student.training
    assert np.mean(told.losses[-10:]) < 0.7 * np.mean(told.losses[:5])


def test_a_killed_run_ends_in_the_very_trunk_of_an_unbroken_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "SAVED_EVERY", 2)
    broken, unbroken = tmp_path / "broken", tmp_path / "unbroken"
    with pytest.raises(Cancelled):
        bench.distil(Told(stop=5), LESSON, POOLS, teach, broken)
    told = Told()
    ended = bench.distil(told, LESSON, POOLS, teach, broken)[0].state_dict()
    assert len(told.losses) == LESSON.steps - 4  # the fifth step was not saved and is made again
    for name, value in bench.distil(Told(), LESSON, POOLS, teach, unbroken)[0].state_dict().items():
        assert torch.equal(ended[name], value), name


def test_the_state_of_another_lesson_is_not_taken_up(tmp_path: Path) -> None:
    bench.distil(Told(), LESSON, POOLS, teach, tmp_path)
    told = Told()
    bench.distil(told, bench.Lesson(phases=LESSON.phases, rate=1e-3), POOLS, teach, tmp_path)
    assert len(told.losses) == LESSON.steps


def test_the_state_of_a_run_on_other_pictures_is_not_taken_up(tmp_path: Path) -> None:
    bench.distil(Told(), LESSON, POOLS, teach, tmp_path)
    others = [Pool(pool.name, pool.squares, pool.share, "other files") for pool in POOLS]
    told = Told()
    bench.distil(told, LESSON, others, teach, tmp_path)
    assert len(told.losses) == LESSON.steps


def test_a_damaged_state_begins_anew(tmp_path: Path) -> None:
    bench.distil(Told(), LESSON, POOLS, teach, tmp_path)
    next(tmp_path.glob("trunk-*.safetensors")).write_bytes(b"torn")
    told = Told()
    bench.distil(told, LESSON, POOLS, teach, tmp_path)
    assert len(told.losses) == LESSON.steps


def test_what_tells_the_pools_apart_does_not_count_as_spread() -> None:
    flat = [[torch.full((4, 1, 2, 2), value)] for value in (0.0, 100.0)]
    assert float(bench.Measure.of(flat).spread[0]) == pytest.approx(bench.LEAST)
    assert float(bench.Measure.of(flat).mean[0]) == pytest.approx(50.0)


def test_a_miss_beyond_all_measure_counts_no_more_than_a_large_one() -> None:
    measure = bench.Measure((torch.zeros(1),), (torch.ones(1),), torch.ones(1))
    wanted = [torch.zeros(1, 1, 2, 2)]
    far, farther = ([torch.full((1, 1, 2, 2), value)] for value in (10.0, 1000.0))
    assert float(measure.loss(far, wanted)) == float(measure.loss(farther, wanted))


def started(out: Path, trunk: Trunk) -> None:
    facts = {"steps": 8}
    on = make_trunk.TRAINED_ON
    save_start(out, trunk.state_dict(), "T0", name="pfm-trunk", version="1", trained_on=on, training=facts)


def test_the_start_holds_the_trunk_twice_and_cannot_grade(tmp_path: Path) -> None:
    torch.manual_seed(3)
    trunk = Trunk("T0")
    started(tmp_path / "start", trunk)
    model = load_model(tmp_path / "start")
    assert not model.info.can_grade
    assert "phantoms" in model.info.passed_on  # a model made from it says so
    for source in model.net.trunks():
        for name, value in source.trunk.state_dict().items():
            assert torch.equal(value, trunk.state_dict()[name])


def test_training_takes_the_trunk_and_the_normalisation_that_it_was_made_with(tmp_path: Path) -> None:
    trunk = Trunk("T0")
    started(tmp_path / "start", trunk)
    net = new_net(NetSpec(variant="T0"))
    measured = Normalisation({"white": (0.1, 0.2, 0.3), "fluorescence": (0.4, 0.5, 0.6)}, Normalisation.default().std)
    used = start_weights(net, tmp_path / "start", measured)
    assert used.mean[str(Source.WHITE)] == Normalisation.default().mean[str(Source.WHITE)]
    assert used.mean[str(Source.FLUORESCENCE)] == (0.4, 0.5, 0.6)
    assert torch.equal(next(net.trunks()).trunk.patch_embed.proj.weight, trunk.patch_embed.proj.weight)


def test_without_the_teacher_the_command_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make_trunk, "is_there", lambda: False)
    monkeypatch.setattr(
        "sys.argv", ["make_trunk", "--work", str(tmp_path), "--pictures", str(tmp_path), "--out", str(tmp_path / "o")]
    )
    with pytest.raises(SystemExit, match=r"efficientnet_lite_pytorch.*not installed; nothing was changed"):
        make_trunk.main()
    assert not (tmp_path / "o").exists()


def test_the_list_of_pictures_names_each_file_with_its_digest(tmp_path: Path) -> None:
    files = [noise(tmp_path / name, 20, 20) for name in ("a.png", "b.png")]
    first = pictures.save_list(tmp_path / "list", files)
    lines = (tmp_path / "list").read_text(encoding="utf-8").splitlines()
    assert [line.split("  ")[1] for line in lines] == ["a.png", "b.png"]
    noise(files[0], 20, 20)
    assert pictures.save_list(tmp_path / "list", files) != first


@pytest.mark.skipif(not teacher.is_there(), reason="the teacher's two packages are not installed")
def test_the_teacher_gives_what_its_own_code_gives() -> None:
    shown = pictures.views(POOLS, 2, 64, np.random.default_rng(0))
    with torch.no_grad():
        wanted = teacher.imagenet_net().extract_features((torch.from_numpy(shown) * 255 - 127) / 128)
    maps = teacher.Teacher()(shown)
    assert [its.shape[1] for its in maps] == list(teacher.CHANNELS)
    torch.testing.assert_close(maps[2], wanted, rtol=1e-3, atol=1e-3)
