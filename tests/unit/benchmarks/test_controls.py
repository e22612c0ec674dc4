"""Controls: the pairing is broken, or white light stands in the place of fluorescence, and nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.evidence_parts.controls import Duplicated, Shuffled, controlled, partners
from pfm_desktop.domain.grade import GRADES
from pfm_desktop.pfm.training.data import FLUORESCENCE, WHITE, PreparedSet, PreparedWriter
from pfm_desktop.support.errors import BadInputError

pytestmark = pytest.mark.slow

COUNT, SIZE = 9, 32


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> PreparedSet:
    """Nine women; every picture is of one shade that tells whose it is, white light 10 + i, fluorescence 100 + i."""
    folder = tmp_path_factory.mktemp("prepared")
    with PreparedWriter(folder, SIZE) as writer:
        for index in range(COUNT):
            overlap = np.ones((SIZE, SIZE), np.bool_)
            overlap[:index] = False
            white, fluorescence = (np.full((SIZE, SIZE, 3), base + index, np.uint8) for base in (10, 100))
            writer.append(
                white, fluorescence, overlap, grade=GRADES[index % 4], patient=f"w{index}", case=f"c{index}"
            )  # fmt: skip
    return PreparedSet(folder)


def shades(data: PreparedSet, source: str) -> list[int]:
    return data.batch(np.arange(len(data))).squares[source][:, 0, 0, 0].tolist()


def test_no_woman_keeps_her_own_fluorescence_and_each_is_given_away_once(data: PreparedSet) -> None:
    for seed in range(20):
        found = shades(Shuffled(data.folder, seed=seed), FLUORESCENCE)
        assert sorted(found) == list(range(100, 100 + COUNT))
        assert all(shade != 100 + index for index, shade in enumerate(found))


def test_white_light_and_grade_stay_with_the_woman(data: PreparedSet) -> None:
    mixed = Shuffled(data.folder, seed=3)
    assert shades(mixed, WHITE) == shades(data, WHITE)
    np.testing.assert_array_equal(mixed.batch(np.arange(COUNT)).grade, data.batch(np.arange(COUNT)).grade)


def test_in_another_womans_fluorescence_nothing_is_outlined(data: PreparedSet) -> None:
    assert Shuffled(data.folder, seed=3).batch(np.arange(COUNT)).lesion_in == (WHITE,)
    for other in (data, Duplicated(data.folder)):
        assert other.batch(np.arange(COUNT)).lesion_in is None


def test_level_and_overlap_go_with_the_fluorescence_picture(data: PreparedSet) -> None:
    raw = Shuffled(data.folder, seed=3).batch(np.arange(COUNT))
    whose = raw.squares[FLUORESCENCE][:, 0, 0, 0].numpy().astype(int) - 100
    np.testing.assert_allclose(raw.level.numpy(), data.level[whose])
    missing = (raw.seen[FLUORESCENCE] == 0).sum(dim=(1, 2)).numpy()
    np.testing.assert_array_equal(missing, whose * SIZE)


def test_shuffling_is_the_same_under_a_seed_and_another_under_another(data: PreparedSet) -> None:
    once, again, other = (shades(Shuffled(data.folder, seed=seed), FLUORESCENCE) for seed in (1, 1, 2))
    assert once == again
    assert once != other


def test_two_cases_of_one_woman_never_exchange_their_pictures() -> None:
    patients = ["a", "a", "a", "b", "c", "c", "d"]
    for seed in range(30):
        found = partners(patients, seed=seed)
        assert sorted(found.tolist()) == list(range(len(patients)))
        assert all(patients[index] != patients[other] for index, other in enumerate(found.tolist()))


def test_a_woman_with_most_of_the_cases_leaves_nothing_to_exchange() -> None:
    with pytest.raises(BadInputError, match="more than half"):
        partners(["a", "a", "a", "b"], seed=1)


def test_white_light_twice_is_the_same_picture_divided_by_its_own_level(data: PreparedSet) -> None:
    raw = Duplicated(data.folder).batch(np.arange(COUNT))
    assert (raw.squares[FLUORESCENCE] == raw.squares[WHITE]).all()
    assert (raw.seen[FLUORESCENCE] == 1).all()
    np.testing.assert_allclose(raw.level.numpy(), 10 + np.arange(COUNT))  # 75 % quantile of one shade


def test_a_run_on_a_control_cannot_go_on_with_the_state_of_another(data: PreparedSet) -> None:
    digests = {data.digest, Duplicated(data.folder).digest, *(Shuffled(data.folder, seed=s).digest for s in (1, 2))}
    assert len(digests) == 4


def test_an_arm_without_a_control_gets_the_pictures_as_they_are(data: PreparedSet) -> None:
    assert controlled(data, "", seed=1) is data
    assert isinstance(controlled(data, "shuffled", seed=1), Shuffled)
    assert isinstance(controlled(data, "duplicated", seed=1), Duplicated)
