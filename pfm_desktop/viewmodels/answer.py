"""What the AI panel shows of the answer for the pair on the desk, and when it may. No Qt.

Before the reveal only quality and registration show. An answer for another visit's pair never shows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from pfm_desktop.domain.findings import Findings, Reading, says_the_last_read
from pfm_desktop.domain.grade import GRADE_WORDS, GRADES, Grade
from pfm_desktop.domain.prediction import BANNER, Analysis, ModelInfo, Prediction, likeliest_of
from pfm_desktop.domain.quality import VERDICT_WORDS, Quality, Verdict
from pfm_desktop.domain.source import Source, second_of
from pfm_desktop.support.language import tr
from pfm_desktop.support.moments import moment, zone
from pfm_desktop.viewmodels.findings import NO_VISIT, why_locked
from pfm_desktop.viewmodels.grades import SOURCES, TITLES, by, capital, grade_words
from pfm_desktop.viewmodels.registration_chip import Light, chip_text

if TYPE_CHECKING:
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.services.engine import PairAnswer
    from pfm_desktop.viewmodels.session import Edit

PENDING = tr("The engine is reading the pair ...")
NO_PICTURE = tr("No pictures in this visit yet. Add pictures, and the engine reads them.")
NO_ANSWER = tr("There is no answer for these pictures yet.")
SIGNED_WITHOUT = tr("The visit was signed before the AI answer was revealed: it stays hidden.")
FIRST_READ = tr("First read, then AI. The answer stays hidden until you reveal it; your impression until then is kept.")


class State(StrEnum):
    """What there is to show."""

    EMPTY = "empty"  # no visit, no picture, or nothing asked yet
    PENDING = "pending"
    PROBLEM = "problem"
    HIDDEN = "hidden"  # an answer waits for the reveal
    REFUSED = "refused"
    INDETERMINATE = "indeterminate"
    GRADED = "graded"


@dataclass(frozen=True)
class Asked:
    """What the page knows of the engine's work."""

    answer: PairAnswer | None = None
    pending: bool = False
    problem: str = ""


@dataclass(frozen=True)
class Bar:
    """A calibrated probability 0..1 with its spread; `possible`: in the prediction set; `first`: the answer."""

    grade: Grade
    share: float
    spread: float
    possible: bool
    first: bool

    @property
    def numbers(self) -> str:
        """`0.70 ± 0.04`."""
        return f"{self.share:.2f} \u00b1 {self.spread:.2f}"


@dataclass(frozen=True)
class Check:
    """A quality verdict or the registration: mark and word say how it is, `advice` what to retake."""

    title: str
    light: Light
    word: str
    detail: str = ""
    advice: str = ""


@dataclass(frozen=True)
class Answer:
    """The answer itself, once it may show. `grade` is None when no grade is to stand out.

    `caution` says to rely on nothing of it, `unlike` why ("" where no picture is unlike what the model learned from);
    `familiarity` has a line a source, and `distances` is the same in a sentence.
    """

    headline: str
    grade: Grade | None
    possible: str  # "Prediction set: low, high. Other grades are not excluded."
    advice: str
    bars: tuple[Bar, ...]
    passes: str
    one_source: str
    evidence: tuple[tuple[str, float], ...]
    alone: tuple[tuple[str, str], ...]
    model: str
    banner: str = BANNER
    caution: str = ""
    unlike: str = ""
    distances: str = ""
    familiarity: tuple[tuple[str, str], ...] = ()
    other_model: str = ""  # said when the answer that was revealed is another model's, or about another pair


@dataclass(frozen=True)
class SecondRead:
    """What can be said to the answer. `agree` is the button's text, "" when there is no grade to agree with.

    `said` is the second read that is on record, "" while there is none.
    """

    agree: str = ""
    grade: Grade | None = None
    differ: str = ""
    blocked: str = ""
    said: str = ""


@dataclass(frozen=True)
class AnswerView:
    """The panel. `reveal` is None once revealed, else why the button is off ("" when it is on).

    `recorded_as` says under whose name a reveal or a second read goes on record, where that is no reader's.
    """

    state: State
    status: str = ""
    reveal: str | None = None
    answer: Answer | None = None
    checks: tuple[Check, ...] = ()
    second: SecondRead | None = None
    reads: tuple[str, ...] = ()
    recorded_as: str = ""


def answer_view(
    case: VisitCase | None, asked: Asked, *, lock: bool, read_only_reason: str = "", unnamed: str = ""
) -> AnswerView:
    """The panel for a visit. `lock`: the site wants a first read before the reveal; `unnamed`: see `Session`."""
    if case is None:
        return AnswerView(State.EMPTY, NO_VISIT)
    analysis = _analysis_of(case, asked)
    state, status = _state(case, asked, analysis)
    reads = _reads(case)
    checks = checks_of(analysis) if analysis is not None else ()
    account = tr("Your read is recorded as {unnamed}.", unnamed=unnamed) if unnamed else ""
    if not case.findings.revealed:
        blocked = _why_no_reveal(case, state, lock=lock, read_only_reason=read_only_reason)
        return AnswerView(state, status, blocked, checks=checks, reads=reads, recorded_as="" if blocked else account)
    if analysis is None:
        return AnswerView(state, status, reads=reads)
    second = _second(case, analysis.prediction, read_only_reason)
    account = account if second is not None and not second.blocked else ""
    pair_id = asked.answer.pair_id if asked.answer is not None else ""
    other = case.revealed_model.difference(analysis.model, pair_id) if case.revealed_model is not None else ""
    taken = {source for picture in case.pictures for source in (picture.source, picture.second) if source is not None}
    answer = answer_of(analysis, taken=taken, other_model=other)
    return AnswerView(state, status, None, answer, checks, second, reads, account)


def reveal_edit(case: VisitCase, reader: str, *, lock: bool, answer: PairAnswer | None) -> Edit:
    """Put the reveal, whose answer it shows and about which pair, on record; it cannot be undone."""
    from pfm_desktop.services import review

    model, pair_id = (answer.analysis.model, answer.pair_id) if answer is not None else (None, "")
    return lambda lib: review.reveal(lib, case.visit.id, reader, lock=lock, model=model, pair_id=pair_id)


def agree_edit(case: VisitCase, reader: str, grade: Grade) -> Edit:
    """The second read takes the AI's grade over."""
    from pfm_desktop.services import review

    return lambda lib: review.agree(lib, case.visit.id, reader, grade)


def differ_edit(case: VisitCase, reader: str, grade: Grade, reason: str) -> Edit:
    """The second read departs from the AI, for a reason."""
    from pfm_desktop.services import review

    return lambda lib: review.override(lib, case.visit.id, reader, grade, reason)


def needs_reason(case: VisitCase, asked: Asked, grade: Grade) -> bool:
    """Whether `grade` as impression is a second read that departs from the AI, wherever it is chosen.

    After the reveal each grade does that is not the AI's, and that is not what was read last. While there is no answer
    to compare with, none is known to agree; where the AI refused to give one there is nothing to depart from.
    """
    found, reads = case.findings, (case.findings.first_read, case.second_read)
    if not found.revealed or grade is found.impression:
        return False
    if says_the_last_read(grade.value, *(read.impression.value if read is not None else None for read in reads)):
        return False
    analysis = _analysis_of(case, asked)
    if analysis is None:
        return True
    second = _second(case, analysis.prediction, "")
    return second is not None and second.grade is not grade


# ---- what there is


def _analysis_of(case: VisitCase, asked: Asked) -> Analysis | None:
    """The answer, unless it is of a pair that this visit does not have, or out of date."""
    if asked.answer is None or asked.pending or asked.problem or case.pair(asked.answer.pair_id) is None:
        return None
    return asked.answer.analysis


def _state(case: VisitCase, asked: Asked, analysis: Analysis | None) -> tuple[State, str]:
    if asked.pending:
        return State.PENDING, PENDING
    if asked.problem:
        return State.PROBLEM, tr("There is no AI answer. {problem}", problem=asked.problem)
    if analysis is None:
        return State.EMPTY, NO_ANSWER if case.pictures else NO_PICTURE
    if not case.findings.revealed:
        return State.HIDDEN, SIGNED_WITHOUT if case.signed else FIRST_READ
    if analysis.prediction is None:
        return State.REFUSED, ""
    return (State.INDETERMINATE if analysis.prediction.indeterminate else State.GRADED), ""


def _why_no_reveal(case: VisitCase, state: State, *, lock: bool, read_only_reason: str) -> str:
    locked = why_locked(case, read_only_reason)
    if locked:
        return locked
    if state is State.PENDING:
        return tr("The engine is not done yet.")
    if state is not State.HIDDEN:
        return tr("There is no answer to reveal.")
    if lock and case.findings.impression is None:
        return tr("Choose an impression first (Findings).")
    return ""


# ---- the answer


def answer_of(analysis: Analysis, *, taken: Collection[Source] | None = None, other_model: str = "") -> Answer:
    """An answer in words. `taken`: sources of which the visit has pictures; None where that is not to be said."""
    prediction, model = analysis.prediction, analysis.model
    said = f"{model.name} {model.version}: {model.label}"
    if prediction is None:
        reason, advice = ("", "") if analysis.refused is None else (analysis.refused.reason, analysis.refused.advice)
        headline = tr("No answer: {reason}", reason=reason) if reason else tr("No answer: refused")
        return Answer(headline, None, "", advice, (), "", "", (), (), said, other_model=other_model)
    return Answer(
        headline=tr("Indeterminate") if prediction.indeterminate else TITLES[prediction.grade],
        grade=None if prediction.indeterminate else prediction.grade,
        possible=prediction.set_words,
        advice=_advice(prediction, analysis.quality.get("pair")),
        bars=tuple(_bar(prediction, grade) for grade in GRADES),
        passes=_passes(prediction, model),
        one_source=_one_source(taken, prediction, model),
        evidence=_evidence(prediction),
        alone=_alone(prediction),
        model=said,
        caution=prediction.caution,
        unlike=prediction.why_unlike,
        distances=prediction.familiarity_words,
        familiarity=tuple((capital(SOURCES[source]), words) for source, words in prediction.familiarity_lines),
        other_model=other_model,
    )


def _passes(prediction: Prediction, model: ModelInfo) -> str:
    """What the numbers below are."""
    kind = (
        tr("Probabilities not calibrated for such pictures.") if prediction.unlike else tr("Calibrated probabilities.")
    )
    in_set = tr("\u25cf in the set, {promise}.", promise=prediction.set_promise(model))
    return f"{kind} {prediction.spread_words} {in_set}"


def _advice(prediction: Prediction, pair: Quality | None) -> str:
    """What to think of beside the answer; a pair that may be of two women comes first."""
    doubtful = pair is not None and "structures_not_compared" in pair.problems
    said = [pair.advice] if pair is not None and doubtful else []
    if prediction.indeterminate:
        said.append(tr("The pictures do not settle the grade; your own read decides."))
    if prediction.median_words:  # beside a grade whose bar is not the longest
        said.append(prediction.median_words)
    if prediction.unchecked_words:
        said.append(prediction.unchecked_words)
    return " ".join(said)


def _bar(prediction: Prediction, grade: Grade) -> Bar:
    return Bar(
        grade=grade,
        share=prediction.probabilities.get(grade, 0.0),
        spread=prediction.spread.get(grade, 0.0),
        possible=grade in prediction.prediction_set,
        first=grade is prediction.grade and not prediction.indeterminate,
    )


def _one_source(taken: Collection[Source] | None, prediction: Prediction, model: ModelInfo) -> str:
    """Said plainly: an answer from half the sources is not the same answer."""
    if len(prediction.sources) != 1:
        return ""
    given = prediction.sources[0]
    missing = (second_of(model.sources) or Source.FLUORESCENCE) if given is Source.WHITE else Source.WHITE
    said = tr("Answered from {source} only.", source=SOURCES[given])
    if taken is None:
        return said
    if missing in taken:
        return f"{said} " + tr("The {source} picture was not used.", source=SOURCES[missing])
    return f"{said} " + tr("There is no {source} picture.", source=SOURCES[missing])


def _evidence(prediction: Prediction) -> tuple[tuple[str, float], ...]:
    if len(prediction.sources) < 2:
        return ()
    return tuple((capital(SOURCES[source]), prediction.evidence.get(source, 0.0)) for source in prediction.sources)


def _alone(prediction: Prediction) -> tuple[tuple[str, str], ...]:
    """The fused answer and beside it each source's own; nothing where there is only one."""
    if len(prediction.sources) < 2 or not prediction.single_source:
        return ()
    fused = tr("indeterminate") if prediction.indeterminate else _with_share(prediction.grade, prediction.probabilities)
    rows = [(tr("Both together"), fused)]
    rows += [
        (tr("{source} only", source=capital(SOURCES[source])), _with_share(own.grade, own.probabilities))
        for source in Source
        if (own := prediction.single_source.get(source)) is not None
    ]
    return tuple(rows)


def _with_share(grade: Grade, probabilities: Mapping[Grade, float]) -> str:
    likeliest = likeliest_of(probabilities, grade)
    said = f"{GRADE_WORDS[grade]} {probabilities.get(grade, 0.0):.2f}"
    if likeliest is grade:
        return said
    other = tr("likeliest: {grade} {share:.2f}", grade=GRADE_WORDS[likeliest], share=probabilities[likeliest])
    return f"{said} ({other})"


# ---- quality and registration


def checks_of(analysis: Analysis) -> tuple[Check, ...]:
    """Quality of the pictures given and of the pair, then the registration: may show before the reveal."""
    names = {**{source.value: capital(source.words) for source in Source}, "pair": tr("Pair", "of pictures")}
    checks = [_quality(names[key], analysis.quality[key]) for key in names if key in analysis.quality]
    if analysis.registration is not None:
        chip = chip_text(analysis.registration, second=analysis.second or Source.FLUORESCENCE)
        checks.append(Check(tr("Registration"), chip.light, chip.text, advice=chip.explanation))
    return tuple(checks)


def _quality(title: str, quality: Quality) -> Check:
    lights = {Verdict.GOOD: Light.GREEN, Verdict.LIMITED: Light.AMBER, Verdict.UNUSABLE: Light.RED}
    return Check(title, lights[quality.verdict], VERDICT_WORDS[quality.verdict], quality.problem_words, quality.advice)


# ---- first and second read


def _second(case: VisitCase, prediction: Prediction | None, read_only_reason: str) -> SecondRead | None:
    """Nothing to agree with where no grade was given, and no one press to a grade that is not to be relied on."""
    if prediction is None:
        return None
    blocked = why_locked(case, read_only_reason)
    said = _said(case.second_read, prediction) if case.second_read is not None else ""
    own = case.findings.impression
    if prediction.unlike and own is not prediction.grade:
        return SecondRead("", None, tr("My second read ..."), blocked, said)
    if not prediction.indeterminate:
        return SecondRead(_agree(own, prediction.grade), prediction.grade, tr("I differ ..."), blocked, said)
    if own is not None and own in prediction.prediction_set:
        keep = tr("Keep my impression: {grade}", grade=GRADE_WORDS[own])
        return SecondRead(keep, own, tr("I differ ..."), blocked, said)
    return SecondRead("", None, tr("My second read ..."), blocked, said)


def _agree(own: Grade | None, grade: Grade) -> str:
    """What the button does to the impression: to agree never changes it unsaid."""
    if own is None:
        return tr("Set my impression to {grade}", grade=GRADE_WORDS[grade])
    if own is not grade:
        # in two lines: the column is narrow
        return tr("Change my impression\nfrom {own} to {grade}", own=GRADE_WORDS[own], grade=GRADE_WORDS[grade])
    return tr("I agree: {grade}", grade=GRADE_WORDS[grade])


def _said(reading: Reading, prediction: Prediction) -> str:
    """`Second read: low, agrees with the AI, 18:02 UTC+01:00`. One chosen in Findings has no reason."""
    if prediction.indeterminate:
        how = tr("the AI is indeterminate")
    elif reading.impression is prediction.grade:
        how = tr("same grade as the AI") if reading.reason else tr("agrees with the AI")
    else:
        how = tr("differs from the AI") if reading.reason else tr("differs from the AI, no reason given")
    at = reading.read_at.astimezone()
    today = at.date() == datetime.now(UTC).astimezone().date()
    when = f"{at:%H:%M} {zone(at)}" if today else moment(at)
    return tr("Second read: {grade}, {how}, {when}", grade=GRADE_WORDS[reading.impression], how=how, when=when)


def _reads(case: VisitCase) -> tuple[str, ...]:
    found: Findings = case.findings
    lines = []
    if found.first_read is not None:
        lines.append(_read(tr("First read"), found.first_read))
    if found.revealed_at is not None:
        at = moment(found.revealed_at)
        if found.first_read is None:
            lines.append(tr("AI revealed: {moment}, without a first read", moment=at))
        else:
            lines.append(tr("AI revealed: {moment}", moment=at))
    if case.second_read is not None:
        lines.append(_read(tr("Second read"), case.second_read))
    return tuple(lines)


def _read(title: str, reading: Reading) -> str:
    said = f"{title}: {grade_words(reading.impression)}, {by(reading.reader, reading.read_at)}"
    return (f"{said}. " + tr("Reason: {reason}", reason=reading.reason)) if reading.reason else said
