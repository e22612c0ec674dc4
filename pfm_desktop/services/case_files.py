"""Analysing picture files, with JSON, overlay and report as files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pfm_desktop import __version__
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.prediction import BANNER, Analysis, ModelInfo, Prediction
from pfm_desktop.domain.source import Source
from pfm_desktop.imaging.io import encoder_for
from pfm_desktop.jobs import Context
from pfm_desktop.services.analysis_files import public_json
from pfm_desktop.services.inference import AnalysisRequest, AnalysisResult, analyze
from pfm_desktop.services.report import report_of_analysis
from pfm_desktop.support.files import check_outputs, json_bytes, write_all

SOFTWARE = f"pfm-desktop {__version__}"


@dataclass(frozen=True)
class Outputs:
    """Files to write; None: not wanted."""

    json: Path | None = None
    overlay: Path | None = None
    report: Path | None = None

    @property
    def paths(self) -> tuple[Path, ...]:
        """Those that are wanted."""
        return tuple(path for path in (self.json, self.overlay, self.report) if path is not None)


def analyze_files(ctx: Context, request: AnalysisRequest, outputs: Outputs) -> AnalysisResult:
    """Analyse and write what is wanted, all of it or nothing; also for a refused case, which then says why.

    Raises `BadInputError` for unreadable files, outputs that would overwrite one and an overlay whose ending is not
    written (see `imaging.io.encoder_for`), `ModelError`, `StorageError`.
    """
    given = [path for path in (request.white, request.fluorescence) if isinstance(path, Path)]
    check_outputs(given, outputs.paths)
    if outputs.overlay is not None:
        encoder_for(outputs.overlay)  # before the work, not after it
    result = analyze(ctx, request)
    write_all(_contents(result, outputs, [path.name for path in given]))
    return result


def _contents(result: AnalysisResult, outputs: Outputs, names: list[str]) -> Mapping[Path, bytes]:
    makers: list[tuple[Path | None, Callable[[], bytes]]] = [
        (outputs.json, lambda: _json(result)),
        (outputs.overlay, lambda: _overlay(result, outputs.overlay)),
        (outputs.report, lambda: _report(result, names)),
    ]
    return {path: make() for path, make in makers if path is not None}


def _json(result: AnalysisResult) -> bytes:
    return json_bytes({**public_json(result.analysis), "notes": list(result.notes)})


def _overlay(result: AnalysisResult, path: Path | None) -> bytes:
    from pfm_desktop.services.report_pictures import overlay

    pixels = result.white if result.white is not None else result.fluorescence
    if pixels is None or path is None:
        raise ValueError("a result without pictures, or no name to write to")
    return encoder_for(path)(overlay(pixels, result.analysis))


def _report(result: AnalysisResult, names: list[str]) -> bytes:
    from pfm_desktop.interop.pdf import pdf_bytes

    return pdf_bytes(report_of_analysis(result, software=SOFTWARE, names=names))


def said_lines(result: AnalysisResult) -> tuple[str, ...]:
    """The answer for a person at the terminal; banner and label of the model first."""
    analysis = result.analysis
    model = analysis.model
    lines = [f"{BANNER}. {model.name} {model.version}: {model.label}."]
    if analysis.refused:
        lines.append(f"No answer: {analysis.refused.reason}. {analysis.refused.advice}".rstrip())
    elif analysis.prediction:
        lines += _answer(analysis.prediction, model)
    lines += _checks(analysis)
    return (*lines, *(f"Note: {note}" for note in result.notes))


def _answer(prediction: Prediction, model: ModelInfo) -> list[str]:
    lines = [
        *([prediction.warning] if prediction.unlike else []),  # first: whoever reads one line reads this one
        f"Grade: {_named(prediction)}",
        *([prediction.median_words] if prediction.median_words else []),
        *([prediction.unchecked_words] if prediction.unchecked_words else []),
        prediction.spread_words,
        prediction.full_set_words(model),
        prediction.familiarity_words,
    ]
    if len(prediction.sources) == 1:
        return [*lines, f"One source only: {prediction.sources[0].words}"]
    shares = ", ".join(f"{source.words} {share:.0%}" for source, share in prediction.evidence.items())
    alone = ", ".join(f"{source.words} {answer.share_words}" for source, answer in prediction.single_source.items())
    return [*lines, f"Evidence: {shares}. Each alone: {alone}"]


def _named(prediction: Prediction) -> str:
    if prediction.indeterminate:
        return f"indeterminate, likeliest {_share(prediction, prediction.likeliest)}"
    return _share(prediction, prediction.grade)


def _share(prediction: Prediction, grade: Grade) -> str:
    return f"{grade} (probability {prediction.probabilities[grade]:.2f} \u00b1 {prediction.spread[grade]:.2f})"


def _checks(analysis: Analysis) -> list[str]:
    names = {**{source.value: source.words for source in Source}, "pair": "pair"}
    lines = []
    for key, quality in analysis.quality.items():
        problems = f" ({quality.problem_words})" if quality.problems else ""
        advice = f": {quality.advice}" if quality.advice and not analysis.refused else ""
        lines.append(f"Quality of {names[key]}: {quality.verdict}{problems}{advice}")
    if analysis.registration:
        error = analysis.registration.error_px
        estimate = "" if error is None else f", estimated error {error:.1f} px"
        lines.append(f"Registration: {analysis.registration.status}{estimate}")
    return lines
