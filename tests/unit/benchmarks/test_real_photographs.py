"""The probe on real photographs: women are never split, the picture is cut as the camera took it, the area is one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks import real_photographs as bench

pytestmark = pytest.mark.slow

RANDOM = np.random.default_rng(3)
SUSPICIOUS = np.arange(40) % 3 == 0


def given(per_woman: int = 3) -> bench.Photographs:
    women = np.repeat(np.arange(40), per_woman)
    return bench.Photographs(np.zeros((len(women), 1, 1, 3), np.uint8), women, SUSPICIOUS[women])


def test_folds_hold_as_many_suspicious_women_as_they_can() -> None:
    fold = bench.folds(SUSPICIOUS, np.random.default_rng(0))
    assert set(np.bincount(fold[SUSPICIOUS])) <= {2, 3}
    assert set(np.bincount(fold)) <= {7, 8, 9}


def test_features_that_tell_which_woman_it_is_score_nothing_as_she_is_never_in_both_parts() -> None:
    photographs = given()
    who = np.eye(40)[photographs.women]
    scores = bench.probe(who, photographs)
    # all that is known of a woman of the test part is the share of suspicious ones in the rest, which runs against her
    assert bench.area(scores, SUSPICIOUS) < 0.55


def test_features_that_tell_the_score_are_found() -> None:
    photographs = given()
    features = RANDOM.normal(size=(120, 30))
    features[:, 4] += 3 * photographs.suspicious
    assert bench.area(bench.probe(features, photographs), SUSPICIOUS) > 0.9


def test_women_with_many_photographs_count_no_more_than_others() -> None:
    features, suspicious = RANDOM.normal(size=(30, 4)), np.arange(30) % 2 == 0
    twice = np.concatenate([features, features[:10]])
    weight = np.concatenate([np.full(10, 0.5), np.ones(20), np.full(10, 0.5)])
    alone = bench.fit(features, suspicious, np.ones(30))
    np.testing.assert_allclose(
        bench.fit(twice, np.concatenate([suspicious, suspicious[:10]]), weight), alone, atol=1e-3
    )


def test_the_area_counts_pairs_and_halves_ties() -> None:
    wanted = np.array([True, True, False, False])
    assert bench.area(np.array([[3.0, 1.0, 2.0, 0.0]]), wanted) == 0.75
    assert bench.area(np.array([[1.0, 1.0, 1.0, 1.0], [2.0, 2.0, 1.0, 1.0]]), wanted) == 0.75


def test_a_squeezed_photograph_is_cut_in_its_own_shape() -> None:
    squeezed = np.zeros((90, 90, 3), np.uint8)
    squeezed[:, 30:60] = 255  # the middle third of the width, which is as wide as the picture is high
    seen = bench.middle(Image.fromarray(squeezed), 3.0)[:, :, 0]
    assert seen.shape == (bench.SIDE, bench.SIDE)
    assert (seen > 128).all()


@pytest.mark.slow
def test_what_is_there_is_read_with_the_woman_of_each(annocerv: Path) -> None:
    read = bench.photographs(annocerv)
    women, suspicious = read.by_woman
    assert read.pictures.shape == (297, bench.SIDE, bench.SIDE, 3)
    assert (len(women), suspicious.sum()) == (100, 37)


def test_a_folder_without_photographs_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["real_photographs.py", "--photographs", str(tmp_path)])
    with pytest.raises(SystemExit, match=r"error: there is no .*index\.csv; name the folder with --photographs"):
        bench.main()
