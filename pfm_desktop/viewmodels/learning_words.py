"""What the Fine-tune page says: of cases, of runs, of two models side by side. No Qt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from pfm_desktop.domain.findings import meaning_words
from pfm_desktop.domain.grade import GRADE_WORDS, GRADES
from pfm_desktop.domain.learning import RULES_OUT, Part, Run, Said, State, Why, counts_by, left_out_by, worst_grades
from pfm_desktop.domain.source import Source
from pfm_desktop.services.learning.comparing import Changed
from pfm_desktop.services.learning.verdict import COVERAGE, FOUND, HSIL, SIZE, SPARED, no_worse
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import COMMA, with_and
from pfm_desktop.support.moments import moment
from pfm_desktop.viewmodels.grades import TITLES
from pfm_desktop.viewmodels.learning import Counted, Runs
from pfm_desktop.viewmodels.words import capital

CASE_COLUMNS = (tr("Grade"), tr("Cases"), tr("Women"), tr("Enough?"))
RUN_COLUMNS = (tr("Model"), tr("Learned from"), tr("Begun"), tr("State"))
FIGURE_COLUMNS = (tr("On the locked test"), tr("Before"), tr("New"), tr("Difference (95 %)"))
MEASURES: Mapping[str, str] = {
    "quadratic_kappa": tr("Kappa (quadratic)"),
    "macro_recall": tr("Macro recall"),
    FOUND: tr("HSIL+ found, as graded"),
    SPARED: tr("Others spared (specificity)"),
    HSIL: tr("HSIL+ found at 85 % specificity"),
    "ece": tr("Calibration error (low is good)"),
    COVERAGE: tr("Sets that hold the label"),
    SIZE: tr("Grades in a set (low is good)"),
}
STATES: Mapping[State, str] = {
    State.RUNNING: tr("cut short"),
    State.LEARNED: tr("in quarantine"),
    State.NOT_BETTER: tr("in quarantine: not better"),
    State.ACTIVE: tr("promoted: it answers"),  # where it is the model in use
    State.REPLACED: tr("replaced by a later one"),
    State.ROLLED_BACK: tr("rolled back"),
    State.FAILED: tr("ended without a model"),
}
WHY_WORDS: Mapping[str, str] = {  # by what is on record
    Why.NO_LABEL: tr("it has no label"),
    Why.UNASSIGNED: tr("nobody has said who its woman is: assign its visit"),
    Why.CONTRADICTORY: tr("readers differ, and nobody has decided between them"),
    Why.NOT_GRADABLE: tr("readers say that it cannot be graded"),
    Why.WAITING: tr("another reader is still to read it"),
    Why.NO_PICTURE: tr("a picture is missing or was altered"),
    Why.OTHER_SOURCES: tr("the model does not read its sources"),
    Why.NO_SECOND: tr("no pair has a picture of the second source: pair them in Review"),
    Why.QUALITY: tr("the engine refuses its pictures"),
    Why.NOT_REGISTERED: tr("its pictures could not be registered"),
    Why.OTHER_SIDE: tr("its woman looks like one on another side"),
    Why.TOO_MANY: tr("there are more cases than the memory holds"),
}
SAID_WORDS: Mapping[str, str] = {
    Said.HISTOLOGY: tr("histology"),
    Said.ADJUDICATED: tr("adjudicated"),
    Said.ADJUDICATED_BY_READER: tr("adjudicated by one who differed"),
    Said.ADJUDICATED_AFTER_AI: tr("adjudicated, after AI"),
    Said.ADJUDICATED_BY_READER_AFTER_AI: tr("adjudicated by one who differed, after AI"),
    Said.MAJORITY: tr("majority"),
    Said.MAJORITY_AFTER_AI: tr("majority, after AI"),
    Said.FEWER_READERS: tr("fewer readers than asked for"),
    Said.FEWER_READERS_AFTER_AI: tr("fewer readers than asked for, after AI"),
    Said.IMPRESSION: tr("signed impression"),
    Said.IMPRESSION_AFTER_AI: tr("signed impression, after AI"),
}
_SOURCES: Mapping[str, str] = {  # in short, as figures name them
    "both": tr("both", "sources"),
    Source.WHITE: tr("white", "light"),
    Source.FLUORESCENCE: tr("fluorescence"),
    Source.GREEN: tr("green", "light"),
    Source.IODINE: tr("iodine"),
}
ALL = "all"
NO_RUNS = tr("Nothing was learned from this library yet.")
SMALL_PRINT = tr(
    "The women of the locked test are set aside for good: no model of this library ever learns from them. What is "
    "learned stays in quarantine and answers nothing until it is compared on them and promoted with a signature."
)
MEANING = "Compared on the locked test; it is to answer"  # as it goes on record: `meaning_words` for people


def cases_text(counted: Counted) -> str:
    """How much there is."""
    found = counted.found
    if not found.cases and found.left_out:
        return tr("No case can be learned from: all that have a label are left out, for the reasons below.")
    if not found.cases:
        return tr("No case has a label yet. Grade pairs in Annotate, or enter histology in Review.")
    women = tr("%n (woman|women)", "", found.women)
    return tr(
        "%n case(s) of {women} can be used: to learn from, to calibrate and to test.", "", len(found.cases), women=women
    )


def grade_rows(counted: Counted) -> tuple[tuple[str, str, str, str], ...]:
    """In the order of `CASE_COLUMNS`. Women count once, with their worst grade."""
    cases = counts_by(counted.found.cases, "grade")
    worst = list(worst_grades(counted.found.cases).values())
    rows = []
    for grade in GRADES:
        short = counted.missing.get(grade, 0)
        need = tr("no, %n (woman|women) missing", "", short) if short else tr("yes")
        if not short and worst.count(grade.rank) < RULES_OUT:
            need = tr("to learn from")
        rows.append((TITLES[grade], f"{cases[grade.value].cases:,}", f"{worst.count(grade.rank):,}", need))
    return tuple(rows)


def detail_lines(counted: Counted) -> tuple[str, ...]:
    """What no model can rule out yet, by device and origin, who stands where already, what is left out and why."""
    lines = []
    worst = list(worst_grades(counted.found.cases).values())
    few = {grade: RULES_OUT - worst.count(grade.rank) for grade in GRADES if grade not in counted.missing}
    parts = [
        tr("{grade} {women:,} more", grade=GRADE_WORDS[grade], women=short) for grade, short in few.items() if short > 0
    ]
    if parts and counted.found.cases:
        lines.append(
            tr(
                "To rule a grade out a model needs {enough} women of it: {grades}.",
                enough=RULES_OUT,
                grades=COMMA.join(parts),
            )
        )
    devices = [
        (name or tr("not known")) + f" {one.cases:,} (" + tr("%n (woman|women)", "", one.women) + ")"
        for name, one in counts_by(counted.found.cases, "device").items()
    ]
    origins = [f"{SAID_WORDS[name]} {one.cases:,}" for name, one in counts_by(counted.found.cases, "said").items()]
    if devices:
        lines.append(tr("Devices: {devices}.", devices=COMMA.join(devices)))
        lines.append(tr("Labels from: {origins}.", origins=COMMA.join(origins)))
    lines.append(_parts_text(counted.parts))
    out = left_out_by(counted.found.left_out)
    if out:
        reasons = "; ".join(f"{count:,}: {WHY_WORDS[why]}" for why, count in out.items())
        lines.append(tr("Left out %n case(s). {reasons}.", "", sum(out.values()), reasons=reasons))
    return tuple(lines)


def _parts_text(standing: Mapping[Part, int]) -> str:
    """Who stands where."""
    if not any(standing.values()):
        return tr(
            "About 65 of 100 women are learned from, 20 calibrate (at least 12 of a grade, or a third) and 15 are "
            "the locked test, for good."
        )
    return tr(
        "From earlier runs {learn:,} women learn, {calibrate:,} calibrate and {test:,} are the locked test; new ones "
        "join them in these shares.",
        learn=standing[Part.TRAIN],
        calibrate=standing[Part.CALIBRATION],
        test=standing[Part.TEST],
    )


def time_text(seconds: float | None) -> str:
    """How long it may take."""
    if seconds is None:
        return ""
    minutes = max(1, round(seconds / 60))
    if minutes < 90:
        said = tr("It will take about %n minute(s).", "", minutes)
    else:
        said = tr("It will take about %n hour(s).", "", round(minutes / 60))
    return said + " " + tr("One can go on working meanwhile, and stop it at any time.")


def why_no_start(counted: Counted | None) -> str:
    """Why nothing can be learned; "" where it can."""
    if counted is None or not counted.missing:
        return ""
    short = COMMA.join(
        f"{TITLES[grade]} " + tr("%n (woman|women)", "", count) for grade, count in counted.missing.items()
    )
    second, enough = counted.second, counted.enough
    need = (
        tr("Too few to learn from: each grade needs {enough} women.", enough=enough)
        if second is None
        else tr(
            "Too few to learn from: each grade needs {enough} women with a picture of {source}.",
            enough=enough,
            source=second.words,
        )
    )
    missing = tr("Still missing: {grades}.", grades=short)
    return f"{need} {missing} " + tr("Grade more pairs in Annotate, or enter histology in Review.")


def run_cells(run: Run, *, going: bool, in_use: str = "") -> tuple[str, ...]:
    """In the order of `RUN_COLUMNS`. `in_use`: the model that answers on this computer."""
    state = tr("learning now") if going else STATES[run.state]
    if run.state is State.ACTIVE and in_use not in ("", run.model_name):
        state = tr("promoted, but {model} answers here", model=in_use)
    begun = f"{moment(run.made_at)}, {run.made_by}"
    return run.model_name, run.parent_name, begun, state


def run_text(run: Run, *, going: bool, paused: bool = False, in_use: str = "") -> str:
    """What became of a run, in sentences."""
    counts = run.counts
    if going and paused:
        return tr("Paused. It waits until you let it go on.")
    if going:
        return tr("It is being learned now, at low priority.")
    if run.state is State.RUNNING:
        return tr("It was cut short, by an ending of the program or an error. What was learned until then is kept.")
    if run.state is State.FAILED:
        return tr("It ended without a model: {why}.", why=counts.get("ended", tr("no reason is on record")))
    said = [_learned_text(counts)]
    if counts.get("stopped"):
        said.append(tr("It was stopped; this is the best until then."))
    if run.state is State.NOT_BETTER:
        said.append(tr("No epoch was better than the model before: only its calibration is new."))
    out = Counter(counts.get("left_out_before", {})) + Counter(counts.get("left_out", {}))
    if out:
        reasons = "; ".join(f"{count:,}: {WHY_WORDS.get(why, why)}" for why, count in out.items())
        said.append(tr("Left out: {reasons}.", reasons=reasons))
    said += [f"{capital(note)}." for note in counts.get("notes", ())]
    said.append(_state_text(run, in_use))
    return "\n".join(filter(None, said))


def _learned_text(counts: Mapping[str, Any]) -> str:
    """From how many cases, and which epoch was taken."""
    cases, best = counts.get("cases", {}), counts.get("best_epoch", 0)
    said = {
        "cases": tr("%n case(s)", "", cases.get("train", 0)),
        "epochs": tr("%n epoch(s)", "", counts.get("epochs", 0)),
        "which": tr("epoch {best:,} was taken", best=best) if best else tr("none was taken", "epoch"),
        "checked": tr("%n case(s)", "", cases.get("validation", 0)),
        "calibrated": f"{cases.get('calibration', 0):,}",
    }
    if not counts.get("rehearsed"):
        return tr(
            "Learned from {cases} in {epochs}; {which}, checked on {checked}, calibrated on {calibrated}.", **said
        )
    return tr(
        "Learned from {cases} in {epochs}; {which}, checked on {checked}, calibrated on {calibrated}, "
        "{phantoms:,} phantoms rehearsed.",
        phantoms=counts["rehearsed"],
        **said,
    )


def _state_text(run: Run, in_use: str) -> str:
    promotion = run.counts.get("promotion", {})
    signed = ""
    if promotion:
        meaning = meaning_words(promotion["meaning"])
        signed = tr("Promoted by {name}: {meaning}.", name=promotion["signed_by"], meaning=meaning)
    if promotion.get("reason"):
        signed += " " + tr("Against the verdict, because: {reason}.", reason=promotion["reason"])
    if run.state in (State.LEARNED, State.NOT_BETTER):
        return tr("It is in quarantine and answers nothing.")
    if run.state is State.ACTIVE and in_use in ("", run.model_name):
        return signed
    if run.state is State.ACTIVE:
        return f"{signed} " + tr("On this computer {model} answers.", model=in_use)
    if run.state is State.ROLLED_BACK:
        return f"{signed} " + tr("It is rolled back and answers nothing now.")
    return f"{signed} " + tr("It is replaced and answers nothing now.")


def curve_words(losses: Sequence[float], planned: int) -> str:
    """The curve in words, below it: the line is what is said, the dashes are not."""
    best = min(range(len(losses)), key=losses.__getitem__)
    done = len(losses) - 1
    if best:
        said = tr(
            "Line: loss on cases that are not learned from, {start:.3f} at the start, {least:.3f} after epoch {best} "
            "(the best, ringed).",
            start=losses[0],
            least=losses[best],
            best=best,
        )
    elif done:
        said = tr(
            "Line: loss on cases that are not learned from, {start:.3f} at the start, never better since.",
            start=losses[0],
        )
    else:
        said = tr("Line: loss on cases that are not learned from, {start:.3f} at the start.", start=losses[0])
    return said + " " + tr("Dashes: while learning. {done} of {all} epochs done.", done=done, all=max(planned, done))


def looks_text(runs: Runs) -> str:
    """Each look makes the test a little less honest, so it is counted where one looks."""
    if not runs.looks:
        return tr("The locked test has not been looked at yet. Each look is counted and on record.")
    return tr(
        "The locked test was looked at %n time(s). Each look is counted and on record: whoever "
        "chooses among models by it wears it out.",
        "",
        runs.looks,
    )


def places(figures: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Of what figures can be shown: key and title; all cases first, then sources and devices."""
    found = [(ALL, tr("All cases ({cases:,} of {women:,} women)", cases=figures["cases"], women=figures["women"]))]
    for name, table in figures.get("by_source", {}).items():
        if table.get("cases"):
            title = tr("Asked with {sources} ({cases:,})", sources=_sources(name), cases=table["cases"])
            found.append((f"by_source/{name}", title))
    for name, table in figures.get("by_device", {}).items():
        if table.get("cases"):
            title = tr("Device {device} ({cases:,})", device=name or tr("not known"), cases=table["cases"])
            found.append((f"by_device/{name}", title))
    return tuple(found)


def _sources(name: str) -> str:
    """`white and fluorescence`."""
    return with_and(_SOURCES.get(part, part) for part in name.split("_"))


def figure_rows(figures: Mapping[str, Any], place: str = ALL) -> tuple[tuple[str, ...], ...]:
    """In the order of `FIGURE_COLUMNS`."""
    kind, _, name = place.partition("/")
    table = figures if place == ALL else figures.get(kind, {}).get(name, {})
    rows = []
    for key, title in MEASURES.items():
        sides = [table.get(side, {}).get(key) for side in ("old", "new", "difference")]
        if any(sides):
            rows.append((title, _number(sides[0]), _number(sides[1]), _number(sides[2], signed=True)))
    return tuple(rows)


def _number(one: Mapping[str, Any] | None, *, signed: bool = False) -> str:
    if one is None or one.get("value") is None:
        return tr("cannot be told")
    form = "+.2f" if signed else ".2f"
    low, high = one["interval"]
    span = "" if low is None or high is None else tr("{low} to {high}", low=f"{low:{form}}", high=f"{high:{form}}")
    if signed and low == high == 0:
        span = tr("alike in all cases")  # an interval without a width would say more than is known
    return f"{one['value']:{form}} ({span})" if span else f"{one['value']:{form}}"


def _named(one: Mapping[str, Any]) -> str:
    label = f" ({one['label']})" if one.get("label") else ""
    return f"{one['name']} {one['version']}{label}"


def compared_text(figures: Mapping[str, Any]) -> str:
    """Which two models the figures are of, where they say it, and what one measure is."""
    both = figures.get("models", {})
    named = [_named(both[side]) for side in ("old", "new") if side in both]
    said = [tr("Investigational - not for diagnosis.")]
    if len(named) > 1:
        said.append(tr("Before: {before}, which answered then. New: {new}.", before=named[0], new=named[1]))
    said.append(
        tr(
            "As graded: high or cancer was given. At 85 % specificity: how well HSIL+ can be told apart, with a "
            "threshold for each model that nobody uses when grading. The interval of the calibration error lies high "
            "where cases are few."
        )
    )
    return " ".join(said)


def verdict_text(figures: Mapping[str, Any]) -> tuple[str, str]:
    """Whether it may be promoted, and what else a person should know."""
    against = figures.get("against", [])
    if against:
        said = "\n".join((tr("Not to be promoted without a reason:"), *(f"- {capital(one)}" for one in against)))
    else:
        measures = COMMA.join(no_worse(figures))
        said = tr("Nothing speaks against it: none of {measures} is worse beyond chance.", measures=measures)
    return said, "\n".join(f"- {capital(one)}." for one in figures.get("mind", ()))


def changed_text(one: Changed) -> str:
    """Under the picture of a case."""
    label, old, new = (_grade(rank) for rank in (one.truth, one.old, one.new))
    better = abs(one.new - one.truth) < abs(one.old - one.truth) if min(one.old, one.new) >= 0 else None
    word = "" if better is None else tr("nearer to it") if better else tr("farther from it")
    if better is False and abs(one.new - one.truth) == abs(one.old - one.truth):
        word = tr("as far from it")
    lines = tr("Label {grade}", grade=label), tr("{before}, now {now}", before=old, now=new), word
    return "\n".join(filter(None, lines))


def _grade(rank: int) -> str:
    return GRADE_WORDS[GRADES[rank]] if 0 <= rank < len(GRADES) else tr("no answer")


def changed_title(changed: Sequence[Changed]) -> str:
    """Above the pictures."""
    if not changed:
        return tr("Both models grade all cases of the locked test alike.")
    return tr("%n case(s) of the locked test that they grade differently:", "", len(changed))
