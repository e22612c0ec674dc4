"""An answer as text and bytes: for the library (and back), and as the JSON of the command line."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pfm_desktop.domain.anatomy import Anatomy, Outline, Region
from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.domain.prediction import (
    BANNER_ENGLISH,
    Analysis,
    Familiarity,
    Heatmap,
    ModelInfo,
    Prediction,
    SourceAnswer,
)
from pfm_desktop.domain.quality import Quality, Refusal, Verdict
from pfm_desktop.domain.registration import RegistrationStatus, RegistrationSummary
from pfm_desktop.domain.source import PLACES, Source
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr

FORMAT = 1
# what reading damaged text or bytes can raise
_DAMAGED = (KeyError, TypeError, ValueError, AttributeError, IndexError, OSError, EOFError, zipfile.BadZipFile)


def to_kept(analysis: Analysis) -> tuple[dict[str, Any], dict[str, bytes]]:
    """JSON-able body, and heatmaps as bytes by name. `from_kept` gives back an equal analysis."""
    prediction, refused, registration = analysis.prediction, analysis.refused, analysis.registration
    body = {
        "format": FORMAT,
        "model": _model(analysis.model),
        "quality": {name: _quality(quality) for name, quality in analysis.quality.items()},
        "registration": registration_table(registration) if registration else None,
        "prediction": _prediction(prediction) if prediction else None,
        "refused": {"reason": refused.reason, "advice": refused.advice} if refused else None,
        "frame": analysis.frame.value,
        "heatmaps": {name: heatmap.method for name, heatmap in analysis.heatmaps.items()},
        "timing_ms": dict(analysis.timing_ms),
    }
    return body, {name: heatmap_bytes(heatmap) for name, heatmap in analysis.heatmaps.items()}


def from_kept(body: Mapping[str, Any], blobs: Mapping[str, bytes]) -> Analysis:
    """The analysis that `to_kept` wrote; raises `BadInputError` on anything else."""
    try:
        if body["format"] != FORMAT:
            raise ValueError(f"format {body['format']}")
        prediction, refused, registration = body["prediction"], body["refused"], body["registration"]
        if (prediction is None) == (refused is None):
            raise ValueError("neither answer nor refusal")
        return Analysis(
            model=_model_of(body["model"]),
            quality={name: _quality_of(table) for name, table in body["quality"].items()},
            registration=_registration_of(registration) if registration else None,
            prediction=_prediction_of(prediction) if prediction else None,
            refused=Refusal(str(refused["reason"]), str(refused["advice"])) if refused else None,
            frame=Source(body["frame"]),
            heatmaps={name: heatmap_of(blobs[name], method) for name, method in body["heatmaps"].items()},
            timing_ms={name: float(value) for name, value in body["timing_ms"].items()},
        )
    except _DAMAGED as error:
        raise BadInputError(
            tr("a kept answer cannot be read ({error})", error=type(error).__name__),
            remedy=tr("have the pair answered again"),
        ) from error


def heatmap_bytes(heatmap: Heatmap) -> bytes:
    """A heatmap as bytes; no code is ever run from them."""
    stream = io.BytesIO()
    np.savez_compressed(stream, values=heatmap.values)
    return stream.getvalue()


def heatmap_of(data: bytes, method: str) -> Heatmap:
    """The heatmap of `heatmap_bytes`, NaN where it was; raises `ValueError` and the errors of a damaged archive."""
    with np.load(io.BytesIO(data), allow_pickle=False) as kept:
        values = kept["values"]
    if values.dtype != np.float32 or values.ndim != 2 or 0 in values.shape:
        raise ValueError(f"a heatmap of {values.dtype} and shape {values.shape}")
    return Heatmap(values, str(method))


def public_json(analysis: Analysis) -> dict[str, Any]:
    """The answer as other programs read it. Every key is there, null where it does not apply.

    `green` and `iodine` stand beside `white` and `fluorescence` only where such a picture was given.
    """
    prediction, refused, registration = analysis.prediction, analysis.refused, analysis.registration
    said = _prediction(prediction) if prediction else dict.fromkeys(_ANSWERS)
    usable = registration is not None and registration.status is not RegistrationStatus.REFUSED
    alone = prediction.single_source if prediction else {}
    familiarity = prediction.familiarity if prediction else {}
    sources = tuple(source for source in Source if source in PLACES or source.value in analysis.quality)
    return {
        "banner": BANNER_ENGLISH,
        "grade": said["grade"],
        "likeliest": prediction.likeliest.value if prediction else None,
        "probabilities": said["probabilities"],
        "spread": said["spread"],
        "prediction_set": said["prediction_set"],
        "indeterminate": said["indeterminate"],
        "refused": {"reason": refused.reason, "advice": refused.advice} if refused else None,
        "quality": {name: _public_quality(analysis.quality.get(name)) for name in (*sources, "pair")},
        "registration": {
            "status": registration.status.value if registration else None,
            "error_px": registration.error_px if registration else None,
            "matrix": [list(row) for row in registration.matrix] if registration and usable else None,
        },
        "evidence": {source.value: prediction.evidence.get(source) if prediction else None for source in sources},
        "single_source": {source.value: _alone(alone.get(source)) for source in sources},
        "familiarity": {source.value: _public_familiarity(familiarity.get(source)) for source in sources},
        "model": {
            "name": analysis.model.name,
            "version": analysis.model.version,
            "sha256": analysis.model.sha256,
            "investigational": analysis.model.investigational,
            "label": analysis.model.label_english,
        },
        "timing_ms": dict(analysis.timing_ms),
    }


_ANSWERS = ("grade", "probabilities", "spread", "prediction_set", "indeterminate")


def _public_quality(quality: Quality | None) -> dict[str, Any] | None:
    if quality is None:
        return None
    anatomy = quality.anatomy
    return {
        "verdict": quality.verdict.value,
        "problems": list(quality.problems),
        "advice": quality.advice,
        "regions": [{"what": region.what, "outline": _points(region.outline)} for region in quality.regions],
        "os": None if anatomy is None or anatomy.os is None else list(anatomy.os),
        "cervix": [] if anatomy is None else [_points(outline) for outline in anatomy.cervix],
    }


def _alone(answer: SourceAnswer | None) -> dict[str, Any] | None:
    if answer is None:
        return None
    return {"grade": answer.grade.value, "probabilities": _shares(answer.probabilities)}


def _public_familiarity(found: Familiarity | None) -> dict[str, Any] | None:
    """None where there is no such picture, or the model cannot tell."""
    return None if found is None else {**_familiarity(found), "unlike": found.unlike}


def _model(info: ModelInfo) -> dict[str, Any]:
    return {
        "name": info.name,
        "version": info.version,
        "sha256": info.sha256,
        "sources": [source.value for source in info.sources],
        "variant": info.variant,
        "splice": info.splice,
        "input_size": info.input_size,
        "investigational": info.investigational,
        "trained_on": info.trained_on,
        "can_grade": info.can_grade,
        "origin": info.origin,
    }


def _model_of(table: Mapping[str, Any]) -> ModelInfo:
    return ModelInfo(**{**table, "sources": tuple(Source(name) for name in table["sources"])})


def _quality(quality: Quality) -> dict[str, Any]:
    return {
        "verdict": quality.verdict.value,
        "problems": list(quality.problems),
        "advice": quality.advice,
        "measures": dict(quality.measures),
        "regions": [{"what": region.what, "outline": _points(region.outline)} for region in quality.regions],
        "anatomy": _anatomy(quality.anatomy),
    }


def _quality_of(table: Mapping[str, Any]) -> Quality:
    measures = {name: float(value) for name, value in table["measures"].items()}
    return Quality(
        Verdict(table["verdict"]),
        tuple(table["problems"]),
        str(table["advice"]),
        measures,
        tuple(Region(str(one["what"]), _outline(one["outline"])) for one in table.get("regions", ())),
        _anatomy_of(table.get("anatomy")),  # answers kept by earlier versions have neither
    )


def _anatomy(anatomy: Anatomy | None) -> dict[str, Any] | None:
    if anatomy is None:
        return None
    return {
        "cervix": [_points(outline) for outline in anatomy.cervix],
        "os": None if anatomy.os is None else list(anatomy.os),
    }


def _anatomy_of(table: Mapping[str, Any] | None) -> Anatomy | None:
    if table is None:
        return None
    spot = None if table["os"] is None else _outline([table["os"]])[0]
    return Anatomy(tuple(_outline(outline) for outline in table["cervix"]), spot)


def _points(outline: Outline) -> list[list[float]]:
    return [[x, y] for x, y in outline]


def _outline(points: Sequence[Sequence[float]]) -> Outline:
    made = tuple((float(x), float(y)) for x, y in points)
    if not all(math.isfinite(value) for point in made for value in point):
        raise ValueError("an outline that is nowhere")
    return made


def registration_table(summary: RegistrationSummary) -> dict[str, Any]:
    """What the library keeps of a registration beside its bytes."""
    return {
        "status": summary.status.value,
        "error_px": summary.error_px,
        "matrix": [list(row) for row in summary.matrix],
        "overlap": summary.overlap,
        "reason": summary.reason,
        "by_hand": summary.by_hand,
    }


def _registration_of(table: Mapping[str, Any]) -> RegistrationSummary:
    a, b, c = ((float(x), float(y), float(z)) for x, y, z in table["matrix"])
    return RegistrationSummary(
        status=RegistrationStatus(table["status"]),
        error_px=None if table["error_px"] is None else float(table["error_px"]),
        matrix=(a, b, c),
        overlap=float(table["overlap"]),
        reason=str(table["reason"]),
        by_hand=bool(table["by_hand"]),
    )


def _prediction(prediction: Prediction) -> dict[str, Any]:
    asked = prediction.familiarity_asked
    told = {source.value: _familiarity(found) for source, found in prediction.familiarity.items()}
    return {
        "grade": prediction.grade.value,
        "probabilities": _shares(prediction.probabilities),
        "spread": _shares(prediction.spread),
        "prediction_set": [grade.value for grade in prediction.prediction_set],
        "indeterminate": prediction.indeterminate,
        "evidence": {source.value: share for source, share in prediction.evidence.items()},
        "single_source": {source.value: _alone(answer) for source, answer in prediction.single_source.items()},
        "sources": [source.value for source in prediction.sources],
        "passes": prediction.passes,
        **({"familiarity": told} if asked else {}),
    }


def _prediction_of(table: Mapping[str, Any]) -> Prediction:
    return Prediction(
        grade=Grade(table["grade"]),
        probabilities=_by_grade(table["probabilities"]),
        spread=_by_grade(table["spread"]),
        prediction_set=tuple(Grade(name) for name in table["prediction_set"]),
        indeterminate=bool(table["indeterminate"]),
        evidence={Source(name): float(share) for name, share in table["evidence"].items()},
        single_source={
            Source(name): SourceAnswer(Grade(answer["grade"]), _by_grade(answer["probabilities"]))
            for name, answer in table["single_source"].items()
        },
        sources=tuple(Source(name) for name in table["sources"]),
        passes=int(table["passes"]),
        familiarity={Source(name): _familiarity_of(part) for name, part in table.get("familiarity", {}).items()},
        familiarity_asked="familiarity" in table,  # earlier versions did not ask
    )


def _familiarity(found: Familiarity) -> dict[str, float]:
    return {"distance": found.distance, "threshold": found.threshold}


def _familiarity_of(table: Mapping[str, Any]) -> Familiarity:
    """Raises `ValueError` for a distance that is none: it would never be called unlike."""
    found = Familiarity(float(table["distance"]), float(table["threshold"]))
    if not (math.isfinite(found.distance) and math.isfinite(found.threshold) and found.threshold > 0):
        raise ValueError("a distance that is no number")
    if found.distance < 0:
        raise ValueError("a distance below zero")
    return found


def _shares(shares: Mapping[Grade, float]) -> dict[str, float]:
    return {grade.value: shares[grade] for grade in GRADES}


def _by_grade(table: Mapping[str, Any]) -> dict[Grade, float]:
    return {grade: float(table[grade.value]) for grade in GRADES}
