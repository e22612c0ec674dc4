"""What the Fine-tune page says: of cases, of runs, of two models side by side. No Qt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from pfm_desktop.domain.grade import GRADES
from pfm_desktop.domain.learning import RULES_OUT, Part, Run, State, counts_by, left_out_by, worst_grades
from pfm_desktop.services.learning.comparing import Changed
from pfm_desktop.services.learning.verdict import COVERAGE, FOUND, HSIL, SIZE, SPARED, no_worse
from pfm_desktop.support.moments import moment
from pfm_desktop.viewmodels.grades import TITLES
from pfm_desktop.viewmodels.learning import Counted, Runs
from pfm_desktop.viewmodels.words import capital, many

CASE_COLUMNS = ("Grade", "Cases", "Women", "Enough?")
RUN_COLUMNS = ("Model", "Learned from", "Begun", "State")
FIGURE_COLUMNS = ("On the locked test", "Before", "New", "Difference (95 %)")
MEASURES: Mapping[str, str] = {
    "quadratic_kappa": "Kappa (quadratic)",
    "macro_recall": "Macro recall",
    FOUND: "HSIL+ found, as graded",
    SPARED: "Others spared (specificity)",
    HSIL: "HSIL+ found at 85 % specificity",
    "ece": "Calibration error (low is good)",
    COVERAGE: "Sets that hold the label",
    SIZE: "Grades in a set (low is good)",
}
STATES: Mapping[State, str] = {
    State.RUNNING: "cut short",
    State.LEARNED: "in quarantine",
    State.NOT_BETTER: "in quarantine: not better",
    State.ACTIVE: "promoted: it answers",  # where it is the model in use
    State.REPLACED: "replaced by a later one",
    State.ROLLED_BACK: "rolled back",
    State.FAILED: "ended without a model",
}
ALL = "all"
NO_RUNS = "Nothing was learned from this library yet."
SMALL_PRINT = (
    "The women of the locked test are set aside for good: no model of this library ever learns from them. What is "
    "learned stays in quarantine and answers nothing until it is compared on them and promoted with a signature."
)
MEANING = "Compared on the locked test; it is to answer"  # seen whole in the narrowest window


def cases_text(counted: Counted) -> str:
    """How much there is."""
    found = counted.found
    if not found.cases and found.left_out:
        return "No case can be learned from: all that have a label are left out, for the reasons below."
    if not found.cases:
        return "No case has a label yet. Grade pairs in Annotate, or enter histology in Review."
    said = f"{many(len(found.cases), 'case')} of {many(found.women, 'woman', 'women')}"
    return f"{said} can be used: to learn from, to calibrate and to test."


def grade_rows(counted: Counted) -> tuple[tuple[str, str, str, str], ...]:
    """In the order of `CASE_COLUMNS`. Women count once, with their worst grade."""
    cases = counts_by(counted.found.cases, "grade")
    worst = list(worst_grades(counted.found.cases).values())
    rows = []
    for grade in GRADES:
        short = counted.missing.get(grade, 0)
        need = f"no, {many(short, 'woman', 'women')} missing" if short else "yes"
        if not short and worst.count(grade.rank) < RULES_OUT:
            need = "to learn from"
        rows.append((TITLES[grade], f"{cases[grade.value].cases:,}", f"{worst.count(grade.rank):,}", need))
    return tuple(rows)


def detail_lines(counted: Counted) -> tuple[str, ...]:
    """What no model can rule out yet, by device and origin, who stands where already, what is left out and why."""
    lines = []
    worst = list(worst_grades(counted.found.cases).values())
    few = {grade: RULES_OUT - worst.count(grade.rank) for grade in GRADES if grade not in counted.missing}
    parts = [f"{TITLES[grade].lower()} {short:,} more" for grade, short in few.items() if short > 0]
    if parts and counted.found.cases:
        lines.append(f"To rule a grade out a model needs {RULES_OUT} women of it: {', '.join(parts)}.")
    for key, title in (("device", "Devices"), ("said", "Labels from")):
        found = counts_by(counted.found.cases, key).items()
        women = {name: f" ({many(one.women, 'woman', 'women')})" if key == "device" else "" for name, one in found}
        parts = [f"{name or 'not known'} {one.cases:,}{women[name]}" for name, one in found]
        if parts:
            lines.append(f"{title}: {', '.join(parts)}.")
    standing = counted.parts
    if any(standing.values()):
        lines.append(
            f"From earlier runs {standing[Part.TRAIN]:,} women learn, {standing[Part.CALIBRATION]:,} calibrate and "
            f"{standing[Part.TEST]:,} are the locked test; new ones join them in these shares."
        )
    else:
        lines.append(
            "About 65 of 100 women will learn, 20 calibrate (at least 12 of a grade, or a third) and 15 be the locked "
            "test, for good."
        )
    out = left_out_by(counted.found.left_out)
    if out:
        said = "; ".join(f"{count:,}: {why.value}" for why, count in out.items())
        lines.append(f"Left out {many(sum(out.values()), 'case')}. {said}.")
    return tuple(lines)


def time_text(seconds: float | None) -> str:
    """How long it may take."""
    if seconds is None:
        return ""
    minutes = max(1, round(seconds / 60))
    said = many(minutes, "minute") if minutes < 90 else many(round(minutes / 60), "hour")
    return f"It will take about {said}. One can go on working meanwhile, and stop it at any time."


def why_no_start(counted: Counted | None) -> str:
    """Why nothing can be learned; "" where it can."""
    if counted is None:
        return ""
    if not counted.missing:
        return ""
    short = ", ".join(f"{TITLES[grade]} {many(count, 'woman', 'women')}" for grade, count in counted.missing.items())
    return (
        f"Too few to learn from: each grade needs {counted.enough} women{counted.with_what}. Still missing: {short}. "
        "Grade more pairs in Annotate, or enter histology in Review."
    )


def run_cells(run: Run, *, going: bool, in_use: str = "") -> tuple[str, ...]:
    """In the order of `RUN_COLUMNS`. `in_use`: the model that answers on this computer."""
    state = "learning now" if going else STATES[run.state]
    if run.state is State.ACTIVE and in_use not in ("", run.model_name):
        state = f"promoted, but {in_use} answers here"
    begun = f"{moment(run.made_at)}, {run.made_by}"
    return run.model_name, run.parent_name, begun, state


def run_text(run: Run, *, going: bool, paused: bool = False, in_use: str = "") -> str:
    """What became of a run, in sentences."""
    counts = run.counts
    if going:
        return "Paused. It waits until you let it go on." if paused else "It is being learned now, at low priority."
    if run.state is State.RUNNING:
        return "It was cut short, by an ending of the program or an error. What was learned until then is kept."
    if run.state is State.FAILED:
        return f"It ended without a model: {counts.get('ended', 'no reason is on record')}."
    cases = counts.get("cases", {})
    best = counts.get("best_epoch", 0)
    taken = f"epoch {best:,} was taken" if best else "none was taken"
    said = [
        f"Learned from {many(cases.get('train', 0), 'case')} in {many(counts.get('epochs', 0), 'epoch')}; {taken}, "
        f"checked on {many(cases.get('validation', 0), 'case')}, calibrated on {cases.get('calibration', 0):,}"
        + (f", {counts['rehearsed']:,} phantoms rehearsed" if counts.get("rehearsed") else "")
        + "."
    ]
    if counts.get("stopped"):
        said.append("It was stopped; this is the best until then.")
    if run.state is State.NOT_BETTER:
        said.append("No epoch was better than the model before: only its calibration is new.")
    out = Counter(counts.get("left_out_before", {})) + Counter(counts.get("left_out", {}))
    if out:
        said.append("Left out: " + "; ".join(f"{count:,}: {why}" for why, count in out.items()) + ".")
    said += [f"{capital(note)}." for note in counts.get("notes", ())]
    said.append(_state_text(run, in_use))
    return "\n".join(filter(None, said))


def _state_text(run: Run, in_use: str) -> str:
    promotion = run.counts.get("promotion", {})
    signed = f"Promoted by {promotion['signed_by']}: {promotion['meaning']}." if promotion else ""
    if promotion.get("reason"):
        signed += f" Against the verdict, because: {promotion['reason']}."
    if run.state in (State.LEARNED, State.NOT_BETTER):
        return "It is in quarantine and answers nothing."
    if run.state is State.ACTIVE and in_use in ("", run.model_name):
        return signed
    if run.state is State.ACTIVE:
        return f"{signed} On this computer {in_use} answers."
    return f"{signed} It is {run.state.value} and answers nothing now."


def curve_words(losses: Sequence[float], planned: int) -> str:
    """The curve in words, below it: the line is what is said, the dashes are not."""
    best = min(range(len(losses)), key=losses.__getitem__)
    done = len(losses) - 1
    said = f"Line: loss on cases that are not learned from, {losses[0]:.3f} at the start"
    if done:
        said += f", {losses[best]:.3f} after epoch {best} (the best, ringed)" if best else ", never better since"
    return f"{said}. Dashes: while learning. {done} of {max(planned, done)} epochs done."


def looks_text(runs: Runs) -> str:
    """Each look makes the test a little less honest, so it is counted where one looks."""
    if not runs.looks:
        return "The locked test has not been looked at yet. Each look is counted and on record."
    return (
        f"The locked test was looked at {many(runs.looks, 'time')}. Each look is counted and on record: "
        "whoever chooses among models by it wears it out."
    )


def places(figures: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Of what figures can be shown: key and title; all cases first, then sources and devices."""
    found = [(ALL, f"All cases ({figures['cases']:,} of {figures['women']:,} women)")]
    for kind, title in (("by_source", "Asked with"), ("by_device", "Device")):
        for name, table in figures.get(kind, {}).items():
            if table.get("cases"):
                shown = name.replace("_", " and ") if kind == "by_source" else name or "not known"
                found.append((f"{kind}/{name}", f"{title} {shown} ({table['cases']:,})"))
    return tuple(found)


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
        return "cannot be told"
    form = "+.2f" if signed else ".2f"
    low, high = one["interval"]
    span = "" if low is None or high is None else f" ({low:{form}} to {high:{form}})"
    if signed and low == high == 0:
        span = " (alike in all cases)"  # an interval without a width would say more than is known
    return f"{one['value']:{form}}{span}"


def _named(one: Mapping[str, Any]) -> str:
    label = f" ({one['label']})" if one.get("label") else ""
    return f"{one['name']} {one['version']}{label}"


def compared_text(figures: Mapping[str, Any]) -> str:
    """Which two models the figures are of, where they say it, and what one measure is."""
    both = figures.get("models", {})
    named = [_named(both[side]) for side in ("old", "new") if side in both]
    which = f"Before: {named[0]}, which answered then. New: {named[1]}. " if len(named) > 1 else ""
    return (
        f"Investigational - not for diagnosis. {which}As graded: high or cancer was given. At 85 % specificity: how "
        "well HSIL+ can be told apart, with a threshold for each model that nobody uses when grading. The interval of "
        "the calibration error lies high where cases are few."
    )


def verdict_text(figures: Mapping[str, Any]) -> tuple[str, str]:
    """Whether it may be promoted, and what else a person should know."""
    against = figures.get("against", [])
    if against:
        said = "\n".join(("Not to be promoted without a reason:", *(f"- {capital(one)}" for one in against)))
    else:
        said = f"Nothing speaks against it: none of {', '.join(no_worse(figures))} is worse beyond chance."
    return said, "\n".join(f"- {capital(one)}." for one in figures.get("mind", ()))


def changed_text(one: Changed) -> str:
    """Under the picture of a case."""
    label, old, new = (_grade(rank) for rank in (one.truth, one.old, one.new))
    better = abs(one.new - one.truth) < abs(one.old - one.truth) if min(one.old, one.new) >= 0 else None
    word = "" if better is None else "\nnearer to it" if better else "\nfarther from it"
    if better is False and abs(one.new - one.truth) == abs(one.old - one.truth):
        word = "\nas far from it"
    return f"Label {label}\n{old}, now {new}{word}"


def _grade(rank: int) -> str:
    return GRADES[rank].value if 0 <= rank < len(GRADES) else "no answer"


def changed_title(changed: Sequence[Changed]) -> str:
    """Above the pictures."""
    if not changed:
        return "Both models grade all cases of the locked test alike."
    return f"{many(len(changed), 'case')} of the locked test that they grade differently:"
