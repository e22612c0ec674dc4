"""What is measured about strange pictures: the pictures, the sets, the scores, the shares."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks import unlike, unlike_shown
from benchmarks.shares import share
from benchmarks.unlike_parts import compare, pictures, sets, women
from benchmarks.unlike_parts.scores import SCORES, shrunk_covariance
from benchmarks.unlike_parts.training import split_of
from pfm_desktop.domain.grade import Grade
from pfm_desktop.imaging.quality import assess
from pfm_desktop.jobs import SilentContext
from pfm_desktop.pfm.checkpoint import load_model
from pfm_desktop.pfm.familiarity import fit_known, from_table
from pfm_desktop.pfm.model_file import read_model_file
from pfm_desktop.pfm.training.data import PreparedSet, PreparedWriter
from pfm_desktop.pfm.training.familiar import features_of, known_of
from pfm_desktop.pfm.training.split import split_by_patient
from pfm_desktop.support.errors import BadInputError

pytestmark = pytest.mark.slow

CTX = SilentContext()
LIGHTS = ("white", "fluorescence")


# ---- pictures


@pytest.mark.parametrize("light", LIGHTS)
@pytest.mark.parametrize("kind", pictures.DRAWN)
def test_a_drawn_picture_is_the_same_for_the_same_seed_and_another_for_another(kind: str, light: str) -> None:
    first, again, other = (pictures.DRAWN[kind](np.random.default_rng(seed), light) for seed in (3, 3, 4))
    assert first.shape == (pictures.SIDE, pictures.SIDE, 3)
    assert first.dtype == np.uint8
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_noise_falls_off_as_its_slope_says() -> None:
    plane = pictures.spectrum(np.random.default_rng(0), 1.0)
    power = np.abs(np.fft.rfft2(plane)) ** 2
    near, far = power[4:8, 4:8].mean(), power[40:80, 40:80].mean()
    assert near / far == pytest.approx(100, rel=0.5)  # a tenth of the frequency, amplitude as 1/f
    assert plane.std() == pytest.approx(1)


def test_a_degraded_picture_still_shows_the_same_thing() -> None:
    shown = cv2.GaussianBlur(pictures.gut(np.random.default_rng(1), "white"), (0, 0), 3).astype(np.uint8)
    random = np.random.default_rng(0)
    for _ in range(20):
        worse = pictures.degraded(shown, random)
        assert worse.dtype == np.uint8
        top = round((shown.shape[0] - shown.shape[1] * worse.shape[0] / worse.shape[1]) / 2)
        part = cv2.resize(shown[top : shown.shape[0] - top], worse.shape[1::-1], interpolation=cv2.INTER_AREA)
        assert np.corrcoef(part.ravel(), worse.ravel())[0, 1] > 0.9


@pytest.mark.parametrize("light", LIGHTS)
def test_another_device_changes_colours_and_not_structures(light: str) -> None:
    shown = pictures.shapes(np.random.default_rng(1), light)
    random = np.random.default_rng(0)
    for changed in (pictures.other_device(shown, light, random) for _ in range(6)):
        assert np.abs(changed.astype(int) - shown).mean() > 10
        assert np.corrcoef(changed.mean(axis=-1).ravel(), shown.mean(axis=-1).ravel())[0, 1] > 0.5


def test_parts_of_a_photograph_begin_with_the_whole() -> None:
    whole = pictures.shapes(np.random.default_rng(1), "white")[:300]
    parts = list(pictures.crops(whole, 3, np.random.default_rng(0)))
    np.testing.assert_array_equal(parts[0], whole)
    assert [part.shape for part in parts[1:]] == [(pictures.SIDE, pictures.SIDE, 3)] * 2


def test_what_is_no_picture_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"no picture")
    cv2.imwrite(str(tmp_path / "whole.png"), np.full((200, 200, 3), 90, np.uint8))
    assert [name for name, _ in pictures.photographs(tmp_path)] == ["whole.png"]


# ---- sets


@pytest.fixture
def phantoms(tmp_path: Path) -> Path:
    """Two drawn pairs with a manifest; what is on them does not matter here."""
    lines = ["patient,case,white,fluorescence,grade"]
    for number, grade in enumerate(("low", "cancer")):
        for light in LIGHTS:
            picture = pictures.skin(np.random.default_rng(number), light)
            cv2.imwrite(str(tmp_path / f"{number}_{light}.png"), picture[:, :, ::-1])
        lines.append(f"p{number},c{number},{number}_white.png,{number}_fluorescence.png,{grade}")
    (tmp_path / "manifest.csv").write_text("\n".join(lines))
    return tmp_path


def wanted(phantoms: Path, part: int, seed: int = 5) -> sets.Wanted:
    return sets.Wanted(part, phantoms, seed, 1, None, phantoms)


def test_development_and_test_share_no_picture(phantoms: Path) -> None:
    first, second = (
        {
            (name, given.light, given.pixels.tobytes())
            for name, found in sets.kinds(wanted(phantoms, part)).items()
            if not name.startswith("phantoms")  # these are of the seed of the phantoms
            for given in found
        }
        for part in (0, 1)
    )
    assert first
    assert second
    assert not {pixels for _, _, pixels in first} & {pixels for _, _, pixels in second}


def test_each_kind_is_given_as_both_sources_and_swapped_ones_as_the_other(phantoms: Path) -> None:
    for name, found in sets.kinds(wanted(phantoms, 1)).items():
        given = list(found)
        assert {picture.light for picture in given} == set(LIGHTS), name
    swapped = list(sets.kinds(wanted(phantoms, 1))["phantoms as the other source"])
    plain = list(sets.kinds(wanted(phantoms, 1))[sets.LIKE[0]])
    for one, other in zip(swapped, plain, strict=True):
        np.testing.assert_array_equal(one.pixels, other.pixels)
        assert one.light != other.light
        assert one.grade is other.grade


def test_women_of_the_test_are_not_those_of_the_development(annocerv: Path, phantoms: Path) -> None:
    counts = []
    for part in (0, 1):
        asked = sets.Wanted(part, phantoms, 5, 1, annocerv, None)
        counts.append(sum(1 for _ in zip(sets.kinds(asked)["real cervix, in its own shape"], range(6), strict=False)))
        first = next(sets.kinds(asked)["real cervix, cut square"])
        assert first.pixels.shape == (pictures.SIDE, pictures.SIDE, 3)
        middle = next(sets.kinds(asked)["real cervix, the middle half"])
        assert middle.pixels.shape == (pictures.SIDE // 2, pictures.SIDE // 2, 3)
    assert counts == [6, 6]


def test_a_photograph_comes_back_in_its_own_shape_and_in_the_looks_that_are_handed_over() -> None:
    row = {"original_width": "300", "original_height": "200"}
    squashed = np.random.default_rng(0).integers(0, 255, (100, 100, 3), dtype=np.uint8)
    wide = women.in_its_own_shape(squashed, row)
    assert wide.shape == (100, 150, 3)
    assert women.in_its_own_shape(squashed, row, 512).shape == (512, 768, 3)
    shown = {name: look(wide) for name, look in women.LOOKS.items()}
    assert [picture.shape[:2] for picture in shown.values()] == [(100, 150), (100, 100), (50, 50), (100, 100)]
    np.testing.assert_array_equal(shown["cut square"], wide[:, 25:125])
    np.testing.assert_array_equal(shown["the middle half"], wide[25:75, 50:100])
    assert shown["cut square and blurred"].std() < 0.95 * shown["cut square"].std()


def test_a_woman_is_asked_about_once_and_is_of_one_part_only(tmp_path: Path) -> None:
    lines = ["case,frame,file", "1,1,a.png", "1,2,b.png", "2,1,c.png", "2,3,d.png", "4,1,e.png"]
    (tmp_path / "index.csv").write_text("\n".join(lines), encoding="utf-8")
    development, test = (women.one_photograph_a_woman(tmp_path, part) for part in (0, 1))
    assert [row["file"] for row in development] == ["a.png"]
    assert [row["file"] for row in test] == ["c.png", "e.png"]


def test_the_whole_engine_is_asked_about_the_women_of_the_test() -> None:
    assert unlike_shown.PART == 1


def given_pictures(count: int) -> Iterator[sets.Given]:
    for number in range(count):
        for light in LIGHTS:
            yield sets.Given(pictures.shapes(np.random.default_rng(number), light), light, Grade.HIGH)


def test_a_set_is_made_once_and_a_stopped_one_goes_on(tmp_path: Path) -> None:
    def stopped() -> Iterator[sets.Given]:
        yield from list(given_pictures(3))[:3]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sets.prepared(CTX, tmp_path / "set", stopped(), 64)
    data, problems = sets.prepared(CTX, tmp_path / "set", given_pictures(3), 64)
    assert sets.lights_of(data) == [*LIGHTS] * 3
    assert len(problems) == len(data) == 6
    assert set(data.grades.tolist()) == {Grade.HIGH.rank}
    again, _ = sets.prepared(CTX, tmp_path / "set", iter(()), 64)  # nothing is drawn again
    assert again.cases == data.cases


def test_the_quality_check_is_asked_about_the_source_that_was_given(tmp_path: Path) -> None:
    pink = pictures.near_constant(np.random.default_rng(0), "white")
    _, problems = sets.prepared(CTX, tmp_path / "s", [sets.Given(pink, light) for light in LIGHTS], 64)
    assert problems[1] == "wrong_source"
    assert problems[0] == ", ".join(assess(pink, sets.Source.WHITE).problems)


# ---- scores and figures


@pytest.mark.parametrize("name", SCORES)
def test_every_score_is_larger_for_what_is_stranger(name: str) -> None:
    random = np.random.default_rng(0)
    grades = np.arange(400) % 4
    learned = random.standard_normal((400, 60)) * np.geomspace(3, 0.1, 60) + grades[:, None] * 0.5 + 2
    score = SCORES[name](learned, grades)
    fresh = random.standard_normal((100, 60)) * np.geomspace(3, 0.1, 60) + (np.arange(100) % 4)[:, None] * 0.5 + 2
    strange = fresh * np.array([1.0, -1.0] * 30)
    assert np.median(score(strange)) > np.quantile(score(fresh), 0.95)


def test_the_shrinkage_is_the_published_one() -> None:
    """Ledoit and Wolf 2004, section 3.3, written out case by case."""
    values = np.random.default_rng(0).standard_normal((40, 30)) * np.geomspace(5, 0.05, 30)
    centred = values - values.mean(axis=0)
    sample = np.mean([np.outer(row, row) for row in centred], axis=0)
    level = np.trace(sample) / 30
    away = ((sample - level * np.eye(30)) ** 2).sum() / 30
    noise = np.mean([((np.outer(row, row) - sample) ** 2).sum() / 30 for row in centred]) / len(values)
    share = min(noise, away) / away
    expected = share * level * np.eye(30) + (1 - share) * sample
    np.testing.assert_allclose(shrunk_covariance(values), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("count", "of", "said"),
    [
        (0, 0, "none"),
        (0, 10, "0.0 % (0.0-30.8), 0 of 10"),
        (10, 10, "100.0 % (69.2-100.0), 10 of 10"),
        (95, 100, "95.0 % (88.7-98.4), 95 of 100"),
    ],
)
def test_a_share_is_said_with_its_exact_interval(count: int, of: int, said: str) -> None:
    assert share(count, of) == said


def asked(distances: list[float], poor: list[bool]) -> unlike.Asked:
    count = len(distances)
    return unlike.Asked(np.array(distances), np.array(poor), np.array(["white"] * count), np.zeros(count, np.int64))


def test_what_passes_both_checks_is_counted_as_such() -> None:
    known = {"white": fit_known(np.random.default_rng(0).standard_normal((50, 4)), np.zeros((60, 4)), accepted=0.9)}
    limit = known["white"].threshold
    lines = unlike.lines_of_strange(
        "things", asked([limit + 1, limit + 1, limit, limit - 1], [True, False, True, False]), known,
        {"white": np.array([limit - 0.5])},
    )  # fmt: skip
    assert "unlike 50.0 %" in lines[0]
    assert "AUROC against fresh phantoms 0.750" in lines[0]
    assert "refused for quality 50.0 %" in lines[0]
    assert lines[0].endswith("neither 25.0 % (0.6-80.6), 1 of 4")


def test_acceptance_leaves_out_what_the_quality_check_refuses() -> None:
    known = {"white": fit_known(np.random.default_rng(0).standard_normal((50, 4)), np.zeros((60, 4)), accepted=0.9)}
    limit = known["white"].threshold
    (line,) = unlike.lines_of_like("phantoms", asked([limit, limit + 1, limit + 1], [False, True, False]), known)
    assert "accepted 50.0 % (1.3-98.7), 1 of 2" in line
    assert "normal 50.0 %" in line
    assert "cancer none" in line


# ---- the split of the training


@pytest.mark.slow
def test_the_split_of_the_shipped_model_is_found_again_and_other_cases_are_refused(
    tmp_path: Path, make_blobs: Callable[..., PreparedSet]
) -> None:
    model = Path(unlike.__file__).parents[1] / "models" / "pfm-demo"
    blank = np.zeros((32, 32, 3), np.uint8)
    with PreparedWriter(tmp_path / "some", 32) as writer:
        for number in range(60):
            patient = f"phantom-2026-{number:05d}"
            writer.append(blank, None, None, grade=Grade.LOW, patient=patient, case=patient)
    split = split_of(CTX, PreparedSet(tmp_path / "some"), model)
    found = [len(split.train), len(split.validation), len(split.calibration), len(split.test)]
    assert sum(found) == 60
    assert found[0] > 30
    assert found[3] == 0
    with pytest.raises(BadInputError, match="is no phantom of the training"):
        split_of(CTX, make_blobs(tmp_path / "blobs", 8), model)


# ---- the comparison


@pytest.mark.slow
def test_the_rows_of_the_first_stage_are_those_that_the_program_looks_at(
    tmp_path: Path, make_blobs: Callable[..., PreparedSet], make_model: Callable[..., Path]
) -> None:
    model, data = load_model(make_model(tmp_path / "m")), make_blobs(tmp_path / "blobs", 20)
    there = np.flatnonzero(data.present["fluorescence"]).astype(np.int64)
    rows = compare.rows_of(CTX, model, data, there, "fluorescence")
    used = features_of(CTX, model.net, data, there, model.normalisation)["fluorescence"][:, 0]
    np.testing.assert_allclose(rows[compare.STAGES[0]], used, rtol=1e-4, atol=1e-6)
    assert [values.shape[1] for values in rows.values()] == [80, 160, 320, 640, 640]


def test_a_table_has_a_line_for_each_stage_and_each_score() -> None:
    random = np.random.default_rng(0)

    def rows(count: int, shift: float) -> dict[str, np.ndarray]:
        return {stage: random.standard_normal((count, 6)) + shift for stage in compare.STAGES}

    grades = np.arange(200) % 4
    names = (*sets.LIKE, *sets.CERVIX, "noise")
    material = compare.Material(
        {light: rows(200, 0) for light in LIGHTS},
        dict.fromkeys(LIGHTS, grades),
        {light: rows(100, 0) for light in LIGHTS},
        {name: {light: rows(50, 0 if name in sets.LIKE else 9) for light in LIGHTS} for name in names},
    )
    lines = compare.tables(material)
    measures = (f"{stage}, {of}" for stage in compare.STAGES for of in ("means", "means and contrasts"))
    for title in (*measures, "one normal distribution", "relative"):
        assert any(line.startswith(f"| {title} |") for line in lines), title
    line = next(line for line in lines if line.startswith("| first stage, means |"))
    assert line.split(" | ")[1:8] == [*["100 %"] * 4, "1.000", "100 %", "1.000"]
    assert "on development pictures" in lines[0]


@pytest.mark.slow
def test_fitting_writes_into_the_model_what_a_training_would(
    tmp_path: Path, make_blobs: Callable[..., PreparedSet], make_model: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    folder, data = make_model(tmp_path / "m"), make_blobs(tmp_path / "blobs", 160)
    split = split_by_patient(data.patients, data.grades, seed=0, shares=(0.4, 0.1, 0.5, 0.0))
    monkeypatch.setattr(unlike, "split_of", lambda *_: split)
    model = load_model(folder)
    lines = unlike.fit(CTX, model, folder, [data])
    kept = from_table(read_model_file(folder).familiarity)
    expected = known_of(CTX, model.net, data, split, model.normalisation)
    assert {name: of.threshold for name, of in kept.items()} == {name: of.threshold for name, of in expected.items()}
    assert len(lines) == len(kept) == 2
