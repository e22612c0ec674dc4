"""An answer survives being written down, and damaged writing is never taken for one."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pfm_desktop.domain.anatomy import Anatomy, Region
from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.domain.prediction import Analysis, Familiarity, Heatmap, ModelInfo, Prediction, SourceAnswer
from pfm_desktop.domain.quality import Quality, Refusal, Verdict
from pfm_desktop.domain.registration import RegistrationStatus, RegistrationSummary
from pfm_desktop.domain.source import PLACES, Source
from pfm_desktop.services.analysis_files import from_kept, public_json, to_kept
from pfm_desktop.support.errors import BadInputError

LINE = ((1.5, 2.0), (30.0, 2.0), (30.0, 40.5))
REGIONS, FOUND = (Region("glare", LINE),), Anatomy((LINE, LINE), (9.5, 3.25))
MODEL = ModelInfo("pfm-demo", "1", "ab" * 32, PLACES, "T0", "token", 224)


def heat() -> np.ndarray:
    values = np.random.default_rng(0).random((72, 128), dtype=np.float32)
    values[:, 100:] = np.nan
    return values


def answer() -> Analysis:
    shares = dict(zip(GRADES, (0.05, 0.2, 0.7, 0.05), strict=True))
    prediction = Prediction(
        Grade.HIGH, shares, dict.fromkeys(GRADES, 1 / 30), (Grade.LOW, Grade.HIGH), False,
        {Source.WHITE: 0.38, Source.FLUORESCENCE: 0.62},
        {source: SourceAnswer(Grade.LOW, shares) for source in PLACES}, PLACES,
    )  # fmt: skip
    quality = {
        "white": Quality(Verdict.LIMITED, ("glare",), "Tilt.", {"glare": 0.2}, REGIONS, FOUND),
        "fluorescence": Quality(Verdict.GOOD, anatomy=Anatomy()),
        "pair": Quality(Verdict.GOOD, measures={"overlap": 0.9}),
    }  # fmt: skip
    registration = RegistrationSummary(
        RegistrationStatus.CHECK, 0.1 + 0.2, ((1.01, 0, 3), (0, 1, -2), (0, 0, 1)), 0.9, "fits in part", True
    )
    return Analysis(
        MODEL, quality, registration, prediction, None, Source.WHITE,
        {"fused": Heatmap(heat(), "class map"), "white": Heatmap(heat()[:9], "other")}, {"read": 12.5, "total": 12.5},
    )  # fmt: skip


def refused() -> Analysis:
    return replace(answer(), prediction=None, refused=Refusal("too dark", "Retake."), registration=None, heatmaps={})


FAR = Familiarity(1.4134566391149943, 0.9537968649468022)


def measured() -> Analysis:
    """White light is unlike anything learned from."""
    prediction = answer().prediction
    assert prediction is not None
    return replace(
        answer(),
        prediction=replace(prediction, familiarity={Source.WHITE: FAR, Source.FLUORESCENCE: Familiarity(0, 1)}),
    )


@pytest.mark.parametrize("analysis", [answer(), measured(), refused()], ids=["answer", "measured", "refusal"])
def test_an_analysis_comes_back_equal_from_json_and_bytes(analysis: Analysis) -> None:
    body, blobs = to_kept(analysis)
    again = from_kept(json.loads(json.dumps(body, allow_nan=False)), blobs)
    assert replace(again, heatmaps={}) == replace(analysis, heatmaps={})
    assert set(again.heatmaps) == set(analysis.heatmaps)
    for name, heatmap in analysis.heatmaps.items():
        np.testing.assert_array_equal(again.heatmaps[name].values, heatmap.values)
        assert again.heatmaps[name].values.dtype == np.float32
        assert again.heatmaps[name].method == heatmap.method


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"prediction": None},
        {"refused": {"reason": "r", "advice": "a"}},
        {"frame": "x"},
        {"quality": []},
        {"model": {}},
        {"registration": {"status": "fine"}},
        {"heatmaps": {"missing": "class map"}},
        {"timing_ms": {"read": None}},
    ],
)
def test_a_damaged_body_is_refused(change: dict[str, Any]) -> None:
    body, blobs = to_kept(answer())
    with pytest.raises(BadInputError, match="kept answer cannot be read"):
        from_kept({**body, **change}, blobs)


def test_a_damaged_heatmap_is_refused_and_a_pickle_never_opened() -> None:
    import io

    body, blobs = to_kept(answer())
    for array in (np.array([{"a": 1}], dtype=object), np.zeros((3, 3, 3), np.float32), np.zeros((3, 3))):
        stream = io.BytesIO()
        np.savez(stream, values=array)
        with pytest.raises(BadInputError):
            from_kept(body, {**blobs, "fused": stream.getvalue()})
    for data in (b"", b"PK\x03\x04", blobs["fused"][:200]):
        with pytest.raises(BadInputError):
            from_kept(body, {**blobs, "fused": data})


def test_what_other_programs_read_is_plain_json_with_every_key() -> None:
    whole, none = (json.loads(json.dumps(public_json(analysis), allow_nan=False)) for analysis in (answer(), refused()))
    assert set(whole) == set(none)
    assert whole["grade"] == "high"
    assert whole["registration"]["matrix"][0] == [1.01, 0, 3]
    assert whole["single_source"]["white"]["grade"] == "low"
    assert none["refused"] == {"reason": "too dark", "advice": "Retake."}
    assert none["evidence"] == {"white": None, "fluorescence": None}
    assert none["registration"] == {"status": None, "error_px": None, "matrix": None}


def test_the_map_of_a_refused_registration_is_not_handed_out() -> None:
    wild = RegistrationSummary(RegistrationStatus.REFUSED, None, ((1, 0, 0), (0, 1, 0), (0, 0, 1)), 0.0, "no overlap")
    assert public_json(replace(refused(), registration=wild))["registration"] == {
        "status": "refused",
        "error_px": None,
        "matrix": None,
    }


def test_a_kept_answer_still_says_that_its_model_comes_from_one_of_phantoms() -> None:
    model = replace(MODEL, trained_on="local cases", origin="a demonstration model trained on phantoms")
    again = from_kept(*to_kept(replace(answer(), model=model)))
    assert again.model.label.endswith("from a demonstration model trained on phantoms")


# ---- unlike anything learned from


def test_an_answer_kept_before_familiarity_was_asked_is_read_and_says_so() -> None:
    body, blobs = to_kept(measured())
    del body["prediction"]["familiarity"]
    old = from_kept(json.loads(json.dumps(body)), blobs).prediction
    assert old is not None
    assert (old.familiarity, old.unlike, old.familiarity_asked) == ({}, (), False)
    assert "familiarity" not in to_kept(from_kept(body, blobs))[0]["prediction"]  # kept again, it knows no more
    asked = from_kept(*to_kept(answer())).prediction
    assert asked is not None
    assert asked.familiarity_asked


@pytest.mark.parametrize(
    "part",
    [
        None, [], {"white": None}, {"white": 1.4}, {"white": {"distance": 1.0}}, {"white": {"threshold": 1.0}},
        {"ultraviolet": {"distance": 1.0, "threshold": 1.0}},
        *({"white": {"distance": bad, "threshold": 1.0}} for bad in (float("nan"), float("inf"), -0.1, None, "far")),
        *({"white": {"distance": 1.0, "threshold": bad}} for bad in (float("nan"), float("inf"), 0.0, -1.0, None)),
    ],
)  # fmt: skip
def test_a_damaged_distance_is_never_taken_for_a_familiar_picture(part: Any) -> None:
    body, blobs = to_kept(measured())
    body["prediction"]["familiarity"] = part
    with pytest.raises(BadInputError, match=r"kept answer cannot be read.*have the pair answered again"):
        from_kept(body, blobs)


def test_other_programs_read_the_distance_of_each_source_or_null() -> None:
    known, unknown, none = (
        json.loads(json.dumps(public_json(analysis), allow_nan=False))["familiarity"]
        for analysis in (measured(), answer(), refused())
    )
    assert known == {
        "white": {"distance": 1.4134566391149943, "threshold": 0.9537968649468022, "unlike": True},
        "fluorescence": {"distance": 0, "threshold": 1, "unlike": False},
    }
    assert unknown == none == {"white": None, "fluorescence": None}


def test_an_answer_kept_before_places_were_kept_has_none() -> None:
    body, blobs = to_kept(answer())
    for table in body["quality"].values():
        del table["regions"], table["anatomy"]
    quality = from_kept(body, blobs).quality["white"]
    assert (quality.verdict, quality.regions, quality.anatomy) == (Verdict.LIMITED, (), None)


@pytest.mark.parametrize("outline", [[[1.0]], [["x", 2]], [[float("nan"), 1.0]], 5, [None]])
def test_an_outline_that_is_nowhere_is_not_taken(outline: Any) -> None:
    body, blobs = to_kept(answer())
    body["quality"]["white"]["regions"][0]["outline"] = outline
    with pytest.raises(BadInputError):
        from_kept(body, blobs)


def test_other_programs_read_where_a_problem_the_cervix_and_the_os_are() -> None:
    said = public_json(answer())["quality"]
    assert said["white"]["regions"] == [{"what": "glare", "outline": [list(point) for point in LINE]}]
    assert said["white"]["os"] == [9.5, 3.25]
    assert len(said["white"]["cervix"]) == 2
    assert (said["fluorescence"]["os"], said["fluorescence"]["cervix"]) == (None, [])
