"""Cases held in memory are what prepared ones on disk are, leave nothing on disk, and learn to the same weights."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pfm_desktop.domain.grade import GRADES
from pfm_desktop.jobs import CallbackContext, Cancelled, SilentContext
from pfm_desktop.pfm.checkpoint import load_model
from pfm_desktop.pfm.model_file import CARD, read_model_file
from pfm_desktop.pfm.training.data import PreparedSet
from pfm_desktop.pfm.training.finetune import SHARES, FinetuneConfig, FinetuneResult, Sides, finetune
from pfm_desktop.pfm.training.held import HeldCases, HeldSet, held_bytes
from pfm_desktop.pfm.training.seen import LOCKED, LOCKED_WOMEN, locked_patients, seen_patients
from pfm_desktop.pfm.training.split import Split, split_by_patient
from pfm_desktop.pfm.training.tuning import Tuned
from pfm_desktop.support.errors import BadInputError

CTX = SilentContext()
CONFIG = FinetuneConfig(name="ours", epochs=3, seed=4)
slow = pytest.mark.slow


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory, make_blobs: Callable[..., PreparedSet]) -> PreparedSet:
    return make_blobs(tmp_path_factory.mktemp("cases"), 48)


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory, make_model: Callable[..., Path]) -> Path:
    return make_model(tmp_path_factory.mktemp("models") / "parent")


def held(cases: PreparedSet) -> HeldSet:
    """The same cases in memory, taken from those on disk."""
    made = HeldCases(cases.size, len(cases) + 5)
    for index, case in enumerate(cases.cases):
        raw = cases.batch(np.array([index], np.int64))
        pictures = {name: raw.squares[name][0].numpy() if bool(raw.present[name][0]) else None for name in raw.squares}
        overlap = raw.seen["fluorescence"][0].numpy() > 0
        made.add(
            pictures["white"], pictures["fluorescence"], overlap,
            grade=GRADES[int(cases.grades[index])], patient=cases.patients[index], case=case,
        )  # fmt: skip
    return made.made()


def split_of(cases: PreparedSet) -> Split:
    return split_by_patient(cases.patients, cases.grades, seed=CONFIG.seed, shares=SHARES)


def test_cases_in_memory_are_those_on_disk(cases: PreparedSet) -> None:
    made = held(cases)
    places = np.array([0, 9, 18, 30], np.int64)
    one, other = made.batch(places), cases.batch(places)
    assert len(made) == len(cases)
    assert (made.cases, made.patients, made.counts()) == (cases.cases, cases.patients, cases.counts())
    for name in one.squares:
        np.testing.assert_array_equal(one.squares[name], other.squares[name])
        np.testing.assert_array_equal(one.seen[name], other.seen[name])
        np.testing.assert_array_equal(one.present[name], other.present[name])
    np.testing.assert_allclose(one.level, other.level)
    np.testing.assert_array_equal(one.grade, other.grade)
    assert one.lesion is None


def test_they_stay_in_their_process(cases: PreparedSet) -> None:
    with pytest.raises(TypeError, match="not passed on"):
        pickle.dumps(held(cases))


def test_no_case_is_an_error_and_a_case_without_picture_too() -> None:
    empty = HeldCases(64, 2)
    with pytest.raises(BadInputError, match="no case that can be used"):
        empty.made()
    with pytest.raises(BadInputError, match="no picture"):
        empty.add(None, None, None, grade=GRADES[0], patient="a", case="1")
    assert len(empty) == 0


def test_what_a_case_takes_is_known_before(cases: PreparedSet) -> None:
    made = held(cases)
    assert held_bytes(64) * len(made) == sum(array.nbytes for array in made._arrays.values())


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory, cases: PreparedSet, parent: Path) -> FinetuneResult:
    place = tmp_path_factory.mktemp("learned")
    sides = Sides(split_of(cases), keep=place / "state" / "tuning.safetensors")
    return finetune(CTX, held(cases), parent, place / "ours", CONFIG, work=None, sides=sides)


@slow
def test_they_learn_to_the_weights_of_cases_on_disk(
    tmp_path: Path, cases: PreparedSet, parent: Path, learned: FinetuneResult
) -> None:
    on_disk = finetune(CTX, cases, parent, tmp_path / "disk", CONFIG, work=tmp_path / "work")
    assert on_disk.info.sha256 == learned.info.sha256


@slow
def test_only_the_model_and_the_state_are_written(learned: FinetuneResult) -> None:
    place = learned.path.parent
    files = {str(path.relative_to(place)) for path in place.rglob("*") if path.is_file()}
    assert files == {"ours/model.toml", "ours/weights.safetensors", "ours/CARD.md", "state/tuning.safetensors"}


@slow
def test_the_locked_test_is_not_asked_and_the_card_says_that_there_is_no_figure(learned: FinetuneResult) -> None:
    assert (learned.old, learned.new, learned.gain) == ({}, {}, {})
    assert read_model_file(learned.path).figures == {}
    assert "so there is no figure" in (learned.path / "CARD.md").read_text(encoding="utf-8")


@slow
@pytest.mark.parametrize("killed_in", [1, 2, 3])
def test_a_killed_run_goes_on_and_comes_to_the_same_weights(
    tmp_path: Path, cases: PreparedSet, parent: Path, learned: FinetuneResult, killed_in: int
) -> None:
    sides = Sides(split_of(cases), keep=tmp_path / "tuning.safetensors")

    def kill(tuned: Tuned) -> None:
        if tuned.epochs == killed_in:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        finetune(CTX, held(cases), parent, tmp_path / "ours", CONFIG, work=None, sides=sides, tell=kill)
    assert not (tmp_path / "ours").exists()
    again = finetune(CTX, held(cases), parent, tmp_path / "ours", CONFIG, work=None, sides=sides)
    assert again.resumed == killed_in
    assert again.info.sha256 == learned.info.sha256


@slow
@pytest.mark.parametrize("change", ["damaged", "another seed", "cut short"])
def test_a_state_that_does_not_fit_is_not_gone_on_with(
    tmp_path: Path, cases: PreparedSet, parent: Path, learned: FinetuneResult, change: str
) -> None:
    state = tmp_path / "tuning.safetensors"
    kept = (learned.path.parent / "state" / "tuning.safetensors").read_bytes()
    state.write_bytes({"damaged": b"\x00" * 100, "another seed": kept, "cut short": kept[: len(kept) // 2]}[change])
    config = replace(CONFIG, seed=9) if change == "another seed" else CONFIG
    made = finetune(
        CTX, held(cases), parent, tmp_path / "o", config, work=None, sides=Sides(split_of(cases), keep=state)
    )
    assert made.resumed == 0
    assert (made.info.sha256 == learned.info.sha256) is (change != "another seed")


@slow
def test_cancel_keeps_the_best_so_far_and_the_epochs_were_told(
    tmp_path: Path, cases: PreparedSet, parent: Path
) -> None:
    said: list[str] = []
    told: list[int] = []
    ctx = CallbackContext(lambda _d, _t, text: said.append(text), lambda: any("epoch 2 of" in text for text in said))
    made = finetune(
        ctx, held(cases), parent, tmp_path / "o", CONFIG, work=None, sides=Sides(split_of(cases)),
        tell=lambda tuned: told.append(tuned.epochs),
    )  # fmt: skip
    assert (made.stopped, made.epochs, told) == (True, 1, [0, 1])


@slow
def test_a_stop_before_the_first_epoch_writes_nothing(tmp_path: Path, cases: PreparedSet, parent: Path) -> None:
    ctx = CallbackContext(lambda *_: None, lambda: True)
    with pytest.raises(Cancelled):
        finetune(ctx, held(cases), parent, tmp_path / "o", CONFIG, work=None, sides=Sides(split_of(cases)))
    assert not (tmp_path / "o").exists()


@slow
def test_women_are_marked_by_the_names_they_have_elsewhere(tmp_path: Path, cases: PreparedSet, parent: Path) -> None:
    split = split_of(cases)
    names = {name: (f"id-{name}", f"alias-{name}") for name in cases.patients}
    locked = [name for index in split.test for name in names[cases.patients[index]]]
    made = finetune(
        CTX, held(cases), parent, tmp_path / "o", replace(CONFIG, epochs=1), work=None,
        sides=Sides(split, names, locked),
    )  # fmt: skip
    training = read_model_file(made.path).training
    everybody = [f"id-{name}" for name in cases.patients]
    assert set(locked_patients(everybody, training)) == {one for one in locked if one.startswith("id-")}
    assert set(seen_patients(everybody, training)) == set(everybody) - set(locked)
    assert not seen_patients(cases.patients, training)
    assert "test" not in training["cases"], "how many cases of the test there are was not looked at"


@slow
def test_the_card_says_how_many_women_the_library_has_locked_away(
    tmp_path: Path, cases: PreparedSet, parent: Path
) -> None:
    split = split_of(cases)
    locked = sorted({cases.patients[index] for index in split.test})
    for women, said in ((None, len(locked)), (3, 3)):
        made = finetune(
            CTX, held(cases), parent, tmp_path / f"o{said}", replace(CONFIG, epochs=1), work=None,
            sides=Sides(split, {}, locked, locked_women=women),
        )  # fmt: skip
        card = (made.path / CARD).read_text(encoding="utf-8")
        assert f"{said} women are locked away as the test of the library" in card
        assert "No test cases" not in card
        assert read_model_file(made.path).training[LOCKED_WOMEN] == said


@slow
def test_the_locked_women_of_a_parent_are_never_trained_on_by_a_later_run_from_files(
    tmp_path: Path, cases: PreparedSet, parent: Path
) -> None:
    locked = sorted(set(cases.patients))[:6]
    sides = Sides(split_by_patient(cases.patients, cases.grades, seed=0, shares=SHARES, locked=locked), {}, locked)
    first = finetune(CTX, held(cases), parent, tmp_path / "a", replace(CONFIG, epochs=1), work=None, sides=sides)
    second = finetune(
        CTX, cases, first.path, tmp_path / "b", replace(CONFIG, epochs=1, seed=77), work=tmp_path / "w",
        old_cases=cases,
    )  # fmt: skip
    training = read_model_file(second.path).training
    assert set(locked_patients(cases.patients, training)) == set(locked), "handed down"
    assert not set(seen_patients(cases.patients, training)) & set(locked)
    assert training["rehearsed_cases"] == len(cases) - 6
    assert training["cases"]["test"] > 6
    assert LOCKED in training


def test_locked_patients_are_all_in_the_test_part_and_the_others_are_split_as_before() -> None:
    patients = [f"p{number}" for number in range(80)]
    grades = np.array([number % 4 for number in range(80)], np.int64)
    locked = set(patients[:12])
    split = split_by_patient(patients, grades, seed=3, shares=SHARES, locked=locked)
    tested = {patients[index] for index in split.test}
    assert locked < tested
    assert not locked & {patients[index] for part in (split.train, split.validation) for index in part}
    assert len(tested - locked) == pytest.approx(68 * 0.15, abs=2)
    assert load_model is not None
