"""What the engine answers about a case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pfm_desktop.domain.grade import GRADE_WORDS, GRADES, Grade
from pfm_desktop.domain.quality import Quality, Refusal
from pfm_desktop.domain.registration import RegistrationSummary
from pfm_desktop.domain.source import Source, second_of, together
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import COMMA, with_and, with_or

if TYPE_CHECKING:
    import numpy as np  # the window stands before numpy loads
    from numpy.typing import NDArray

BANNER = tr("Investigational - not for diagnosis")
BANNER_ENGLISH = "Investigational - not for diagnosis"  # in files for other programs, whatever the language
DEMONSTRATION = tr("demonstration model, trained on phantoms")
COVERAGE = 0.90  # share of cases in which a prediction set is made to hold the true grade
OTHER_PAIR = tr("The AI was revealed on other pictures of this visit: a second read may be about those.")
WARNING = tr("WARNING:")  # where colour and shape are no help: a terminal, a line drawn into a picture, a page
ATTENTION = tr("Model attention")  # what a heatmap is called wherever people read of it
FUSED = "fused"  # the heatmap of all sources together, among those of an analysis
ATTENTION_LIMITS = tr("not a lesion outline, no guide for biopsies")
ATTENTION_ENGLISH, LIMITS_ENGLISH = "Model attention", "not a lesion outline, no guide for biopsies"  # as the banner
# the ends of its scale, never words of a grade (low, high): of one picture, whose strongest place is 1 however weak it
# is, and of the model, the same in every picture that is not stronger still
PICTURE_SCALE = tr("0 least", "end of a scale"), tr("1 most here", "end of a scale")
MODEL_SCALE = tr("0 none", "end of a scale"), tr("1 strong", "end of a scale")
PICTURE_SCALE_WORDS = tr("The scale is that of this picture: its strongest place is 1, however weak it is.")
MODEL_SCALE_WORDS = tr(
    "1 is as strong as in half of the lesions, of the grade that the map speaks for, which the model graded rightly "
    "when it was calibrated; where this picture is stronger, its strongest place is 1."
)
NOTHING_DRAWN = tr("That nothing is drawn does not mean that nothing is there.")  # said where a map is empty
NOT_FOR_NORMAL = tr("what speaks for high, not for normal")  # what it shows where the grade is normal
DISTANCE = tr("Distance from what the model learned from")  # of a picture; see `Familiarity`
# how a heatmap was made; see `pfm.heatmaps`
LAYER_CAM_WORDS, CLASS_MAP_WORDS, SCALED_MAP_WORDS = "LayerCAM", "class map", "class map on the scale of the model"
_METHOD_WORDS = {  # these are kept; what a person reads
    CLASS_MAP_WORDS: tr("class map"),
    SCALED_MAP_WORDS: tr("class map on the scale of the model"),
}
_DATA_WORDS = {  # as models say by themselves what they were trained on
    "phantoms": tr("phantoms"),
    "cases of this clinic": tr("cases of this clinic"),
    "cases of another clinic": tr("cases of another clinic"),
    "local cases": tr("local cases"),
    "a demonstration model trained on phantoms": tr("a demonstration model trained on phantoms"),
}
_TRAINED = "a model trained on "  # see `ModelInfo.passed_on`
HEAT_THRESHOLD, HEAT_OPACITY = 0.30, 0.5  # how a heatmap is shown at first, on the screen and in print
# other ways start at their own threshold; docs/heatmaps.md says why
HEAT_THRESHOLDS = {CLASS_MAP_WORDS: 0.70, SCALED_MAP_WORDS: 0.70}

_SHOWS = {  # what the heatmaps of a grade show
    Grade.NORMAL: NOT_FOR_NORMAL,
    Grade.LOW: tr("what speaks for low"),
    Grade.HIGH: tr("what speaks for high"),
    Grade.CANCER: tr("what speaks for cancer"),
}
_SHOWS_ENGLISH = {  # as the banner
    Grade.NORMAL: "what speaks for high, not for normal",
    Grade.LOW: "what speaks for low",
    Grade.HIGH: "what speaks for high",
    Grade.CANCER: "what speaks for cancer",
}


@dataclass(frozen=True)
class ModelInfo:
    """A model as its `model.toml` describes it. `sha256` is the hash of the weights file."""

    name: str
    version: str
    sha256: str
    sources: tuple[Source, ...]
    variant: str  # T0 | T1 | T2
    splice: str  # channel | token
    input_size: int  # side of the square network input, pixels
    investigational: bool = True
    trained_on: str = "phantoms"  # shown beside every output
    can_grade: bool = True  # False: trunks only, a start for training; no answer is ever asked of it
    origin: str = ""  # what it was made from, where that learned from phantoms; see `passed_on`

    @property
    def label(self) -> str:
        """The line that stands beside every output of this model."""
        if self.trained_on == "phantoms":
            return DEMONSTRATION
        data, origin = _data_words(self.trained_on), _data_words(self.origin)
        if origin:
            return tr("local model, trained on {data}, from {origin}", data=data, origin=origin)
        return tr("local model, trained on {data}", data=data)

    @property
    def label_english(self) -> str:
        """The same in files for other programs, whatever the language of this one."""
        if self.trained_on == "phantoms":
            return "demonstration model, trained on phantoms"
        return f"local model, trained on {self.trained_on}" + (f", from {self.origin}" if self.origin else "")

    @property
    def passed_on(self) -> str:
        """The `origin` of a model that is made from this one: drawings do not wear off by learning from women."""
        if "phantoms" not in self.trained_on:
            return self.origin
        if self.trained_on == "phantoms":
            return "a demonstration model trained on phantoms"
        return f"{_TRAINED}{self.trained_on}"

    def other_sources(self, given: Sequence[Source]) -> Refusal | None:
        """Why this model gives no answer about a pair of the sources `given`; None where it reads them all."""
        if all(source in self.sources for source in given):
            return None
        own, others = together(self.sources), together(given)
        return Refusal(
            tr("this model reads {sources}; this pair is {given}", sources=own, given=others)
            if len(given) > 1
            else tr("this model reads {sources}; this picture is {given}", sources=own, given=others),
            tr("Choose a model for these pictures, or pictures for this model."),
        )


def _data_words(said: str) -> str:
    """What a model says that it learned from, for a person: known words, also `cases of this clinic and phantoms` and
    `a model trained on` those; others, which somebody chose, as they are."""
    if said.startswith(_TRAINED):
        return tr("a model trained on {data}", data=_data_words(said.removeprefix(_TRAINED)))
    parts = said.split(" and ")
    return with_and(_DATA_WORDS[part] for part in parts) if all(part in _DATA_WORDS for part in parts) else said


def nothing_words(threshold: float, most: float) -> str:
    """See `Heatmap.nothing_at`; rounded down, so that it never reads as the threshold itself."""
    return tr("nothing from {threshold:.2f} (most {most:.2f})", threshold=threshold, most=int(100 * max(most, 0)) / 100)


def likeliest_of(probabilities: Mapping[Grade, float], grade: Grade) -> Grade:
    """The grade that is the most likely on its own; `grade` itself where it is as likely."""
    return max((grade, *GRADES), key=lambda one: probabilities.get(one, 0.0))


def share_words(probabilities: Mapping[Grade, float], grade: Grade) -> str:
    """`high (0.70)`; where another one is likelier on its own, `low (0.44; likeliest normal 0.45)`."""
    likeliest = likeliest_of(probabilities, grade)
    if likeliest is grade:
        return f"{GRADE_WORDS[grade]} ({probabilities[grade]:.2f})"
    return tr(
        "{grade} ({share:.2f}; likeliest {other} {most:.2f})",
        grade=GRADE_WORDS[grade],
        share=probabilities[grade],
        other=GRADE_WORDS[likeliest],
        most=probabilities[likeliest],
    )


@dataclass(frozen=True)
class SourceAnswer:
    """What one source alone says (auxiliary head), calibrated."""

    grade: Grade
    probabilities: Mapping[Grade, float]

    @property
    def share_words(self) -> str:
        """See `share_words`."""
        return share_words(self.probabilities, self.grade)


@dataclass(frozen=True)
class Familiarity:
    """How far a picture lies from all that the model learned from. `distance` is about 1 for what is familiar."""

    distance: float
    threshold: float

    @property
    def unlike(self) -> bool:
        """Whether this is unlike anything the model learned from."""
        return self.distance > self.threshold

    @property
    def words(self) -> str:
        """`0.71, limit 0.95`, and whether that is over it; with as many decimals as it takes to see that."""
        decimals = next((n for n in (2, 3, 4) if f"{self.distance:.{n}f}" != f"{self.threshold:.{n}f}"), 6)
        distance, limit = f"{self.distance:.{decimals}f}", f"{self.threshold:.{decimals}f}"
        if self.unlike:
            return tr("{distance}, limit {limit}: unlike", distance=distance, limit=limit)
        return tr("{distance}, limit {limit}", distance=distance, limit=limit)


@dataclass(frozen=True)
class RevealedModel:
    """The model whose answer was revealed, and the pair it was about ("": not known), as the journal keeps it."""

    name: str
    version: str
    sha256: str
    pair_id: str = ""

    def difference(self, model: ModelInfo, pair_id: str = "") -> str:
        """Said beside an answer of `model` about a pair when another one was revealed; "" when it is the same."""
        other_pair = OTHER_PAIR if self.pair_id and pair_id and self.pair_id != pair_id else ""
        return " ".join(part for part in (other_pair, self._other_model(model)) if part)

    def _other_model(self, model: ModelInfo) -> str:
        if (self.name, self.version, self.sha256) == (model.name, model.version, model.sha256):
            return ""
        revealed, this = f"{self.name} {self.version}", f"{model.name} {model.version}"
        if (self.name, self.version) == (model.name, model.version):
            return tr(
                "Not the answer that was revealed: that was given by {revealed}, other weights, this one by {this}.",
                revealed=revealed,
                this=this,
            )
        return tr(
            "Not the answer that was revealed: that was given by {revealed}, this one by {this}.",
            revealed=revealed,
            this=this,
        )


@dataclass(frozen=True)
class Prediction:
    """Calibrated answer of the engine on the sources it was given.

    `grade` is the median of the probabilities (`pfm.calibrate.graded`; in answers that earlier versions kept, the most
    likely one). `spread` is the standard deviation of each probability over `passes` Monte Carlo dropout passes.
    `prediction_set` is contiguous in grade; `indeterminate` when it holds three or more grades.
    `evidence` is each source's share, summing to 1. `familiarity` holds the sources that the model can tell it of; with
    `familiarity_asked` False it was never asked, as in answers kept by versions that did not.
    """

    grade: Grade
    probabilities: Mapping[Grade, float]
    spread: Mapping[Grade, float]
    prediction_set: tuple[Grade, ...]
    indeterminate: bool
    evidence: Mapping[Source, float]
    single_source: Mapping[Source, SourceAnswer]
    sources: tuple[Source, ...]
    passes: int = 20
    familiarity: Mapping[Source, Familiarity] = field(default_factory=dict)
    familiarity_asked: bool = True

    @property
    def likeliest(self) -> Grade:
        """The grade that is the most likely on its own; `grade` itself where it is as likely."""
        return likeliest_of(self.probabilities, self.grade)

    @property
    def share_words(self) -> str:
        """`low (0.44; likeliest normal 0.45)`, or where no grade stands out `indeterminate (likeliest high 0.38)`."""
        if self.indeterminate:
            return tr(
                "indeterminate (likeliest {grade} {share:.2f})",
                grade=GRADE_WORDS[self.likeliest],
                share=self.probabilities[self.likeliest],
            )
        return share_words(self.probabilities, self.grade)

    @property
    def median_words(self) -> str:
        """Said where another grade is more likely on its own, so that nobody takes it for an error; "" elsewhere."""
        likeliest, grade = self.likeliest, self.grade
        if likeliest is grade or self.indeterminate:
            return ""
        milder = likeliest.rank < grade.rank
        kept = GRADES[grade.rank :] if milder else GRADES[: grade.rank + 1]
        said = {
            "likeliest": GRADE_WORDS[likeliest],
            "share": self.probabilities[likeliest],
            "grade": GRADE_WORDS[grade],
            "together": sum(self.probabilities[one] for one in kept),
        }
        if milder:
            return tr(
                "The likeliest single grade is {likeliest} ({share:.2f}). The grade is {grade}, the median: {grade} or "
                "worse has {together:.2f}.",
                **said,
            )
        return tr(
            "The likeliest single grade is {likeliest} ({share:.2f}). The grade is {grade}, the median: {grade} or "
            "milder has {together:.2f}.",
            **said,
        )

    @property
    def unlike(self) -> tuple[Source, ...]:
        """The sources whose picture is unlike anything that the model learned from."""
        return tuple(
            source for source in self.sources if source in self.familiarity and self.familiarity[source].unlike
        )

    @property
    def unlike_words(self) -> str:
        """What stands beside the grade where a picture is unlike what the model knows; "" where none is."""
        return f"{self.why_unlike} {self.caution}" if self.unlike else ""

    @property
    def why_unlike(self) -> str:
        """Its first sentence: what is unlike."""
        pictures = with_and(source.words for source in self.unlike)
        return tr("Unlike anything the model learned from: {pictures}.", pictures=pictures) if self.unlike else ""

    @property
    def caution(self) -> str:
        """Its second sentence: what follows."""
        if not self.unlike:
            return ""
        return tr("Do not rely on this answer.") if self.indeterminate else tr("Do not rely on this grade.")

    @property
    def warning(self) -> str:
        """The same for where it has to be told by a word; see `WARNING`."""
        return f"{WARNING} {self.unlike_words}" if self.unlike else ""

    @property
    def shows(self) -> str:
        """What the heatmaps show, as `what speaks for low`; see `pfm.predict`.

        `what speaks for high, not for normal`, or of an indeterminate answer `what speaks for cancer`, the likeliest.
        What comes before a comma can stand alone.
        """
        return _SHOWS[self._explained]

    @property
    def shows_english(self) -> str:
        """The same in files for other programs, whatever the language of this one."""
        return _SHOWS_ENGLISH[self._explained]

    @property
    def _explained(self) -> Grade:
        return self.likeliest if self.indeterminate else self.grade

    @property
    def attention_words(self) -> str:
        """`shows` in a sentence."""
        if self.indeterminate:
            return tr("Indeterminate: model attention shows {shows}.", shows=self.shows)
        return tr("Graded {grade}: model attention shows {shows}.", grade=GRADE_WORDS[self.grade], shows=self.shows)

    @property
    def familiarity_lines(self) -> tuple[tuple[Source, str], ...]:
        """Of each source used, `1.43, limit 0.95: unlike`, or why it is not known."""
        return tuple((source, self._familiarity_of(source)) for source in self.sources)

    def _familiarity_of(self, source: Source) -> str:
        if not self.familiarity_asked:
            return tr("not checked", "how far a picture is from what the model learned from")
        found = self.familiarity.get(source)
        return tr("not known to this model") if found is None else found.words

    @property
    def familiarity_words(self) -> str:
        """The distances against their limits in a sentence, also where nothing is unlike; or why they are not known."""
        if not self.familiarity_asked:
            return tr("Distance from what the model learned from: not checked when this answer was made.")
        if not any(source in self.familiarity for source in self.sources):
            return tr("Distance from what the model learned from: not known, this model keeps no measure of it.")
        return f"{DISTANCE}: " + "; ".join(f"{source.words} {said}" for source, said in self.familiarity_lines) + "."

    @property
    def unchecked_words(self) -> str:
        """Said near the grade where the model keeps no measure of a picture's source; "" where it does, and of answers
        that were kept before any was asked for."""
        missing = [source.words for source in self.sources if source not in self.familiarity]
        if not missing or not self.familiarity_asked:
            return ""
        return tr(
            "This model cannot tell whether {sources} is like anything it learned from.", sources=with_or(missing)
        )

    @property
    def spread_words(self) -> str:
        """What the number behind the plus-minus is, so that nobody takes it for the error."""
        return tr("\u00b1 is the spread over {passes} passes of the model, not its error.", passes=self.passes)

    @property
    def set_words(self) -> str:
        """`Prediction set: low, high. Other grades are not excluded.`; "" where there is no set."""
        return self._set_words(tr("Prediction set")) if self.prediction_set else ""

    def full_set_words(self, model: ModelInfo) -> str:
        """The same with what the set promises, and on what it was calibrated."""
        title = tr("Prediction set ({promise})", promise=self.set_promise(model))
        return self._set_words(title) if self.prediction_set else ""

    def set_promise(self, model: ModelInfo) -> str:
        """What the set promises: `made to hold the true grade in 90 of 100 such cases, on phantoms`.

        Nothing for a picture unlike those that it was calibrated on.
        """
        if self.unlike:
            return tr("which promises nothing for such pictures")
        return tr(
            "made to hold the true grade in {hits:.0f} of 100 such cases, on {data}",
            hits=COVERAGE * 100,
            data=_data_words(model.trained_on),
        )

    def _set_words(self, title: str) -> str:
        grades = COMMA.join(GRADE_WORDS[grade] for grade in GRADES if grade in self.prediction_set)
        others = tr("Other grades are not excluded.") if len(self.prediction_set) < len(GRADES) else ""
        return f"{title}: {grades}. {others}".rstrip()


@dataclass(frozen=True)
class Heatmap:
    """Attention of the engine over the white-light picture (or over the only picture given).

    `values` is h x w float32 in 0..1, row by row, spanning the whole picture edge to edge at lower resolution; NaN
    where the engine saw nothing. `method` names how it was made.
    """

    values: NDArray[np.float32]
    method: str

    @property
    def threshold(self) -> float:
        """From which value, 0..1, it is drawn at first."""
        return HEAT_THRESHOLDS.get(self.method, HEAT_THRESHOLD)

    @property
    def ends(self) -> tuple[str, str]:
        """Words of 0 and of 1."""
        return MODEL_SCALE if self.method == SCALED_MAP_WORDS else PICTURE_SCALE

    @property
    def scale_words(self) -> str:
        """What 1 means."""
        return MODEL_SCALE_WORDS if self.method == SCALED_MAP_WORDS else PICTURE_SCALE_WORDS

    @property
    def method_words(self) -> str:
        """`method` for a person."""
        return _METHOD_WORDS.get(self.method, self.method)

    def reaches(self, threshold: float) -> bool:
        """Whether anything is at or above `threshold`: below it nothing is drawn."""
        return self.most >= threshold

    @property
    def most(self) -> float:
        """The strongest place; below 0 where nothing was seen."""
        seen = self.values[self.values == self.values]  # not NaN, without loading numpy for it
        return float(seen.max()) if seen.size else -1.0

    @property
    def all_seen(self) -> bool:
        """Whether the engine saw the whole picture."""
        return bool((self.values == self.values).all())

    def nothing_at(self, threshold: float) -> str:
        """`nothing from 0.70 (most 0.42)`."""
        return nothing_words(threshold, self.most)


@dataclass(frozen=True)
class Analysis:
    """All that one run of the engine on a case gives back.

    Exactly one of `prediction` and `refused` is set. `quality` has the sources that were given and `pair` as keys,
    `heatmaps` the sources that were used and `fused`, in the frame of `frame`, a place (`source.PLACES`).
    """

    model: ModelInfo
    quality: Mapping[str, Quality]
    registration: RegistrationSummary | None
    prediction: Prediction | None
    refused: Refusal | None
    frame: Source
    heatmaps: Mapping[str, Heatmap] = field(default_factory=dict)
    timing_ms: Mapping[str, float] = field(default_factory=dict)

    @property
    def second(self) -> Source | None:
        """Of which source the picture in the second place was; None where there was none."""
        return second_of(source for source in Source if source.value in self.quality)
