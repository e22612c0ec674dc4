"""The AI answer beside a pair that is read for labels: whether it may be asked for now, and how it is said. No Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfm_desktop.domain.labelling import AiShown
from pfm_desktop.services.ai_shown import shown_in
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.annotate import Sight
from pfm_desktop.viewmodels.grades import TITLES

if TYPE_CHECKING:
    from pfm_desktop.domain.labelling import Task
    from pfm_desktop.viewmodels.annotate import Reading
    from pfm_desktop.viewmodels.answer import Answer

ASKING = tr("The model is asked ...")
GRADE_FIRST = tr("Give your grade first. Then come back to this pair and ask again.")
PICTURES_FIRST = tr("The pictures come first: wait until they are shown.")
ON_RECORD = tr("It is on record that you saw this. A grade that you give or change from now on counts as one after AI.")
NO_ANSWER = tr("There is no AI answer: {why}")
HINTS: dict[AiShown, str] = {
    AiShown.HIDDEN: "",
    AiShown.AFTER: tr("Once you gave your grade. It goes on record."),
    AiShown.BEFORE: tr("Also before your grade, which is then one after AI. It goes on record."),
}
IN_TASK: dict[AiShown, str] = {
    AiShown.HIDDEN: "",
    AiShown.AFTER: tr("AI may be seen after the grade"),
    AiShown.BEFORE: tr("AI may be seen before the grade"),
}
STAYS_HIDDEN: dict[AiShown, str] = {
    AiShown.HIDDEN: tr("Names, findings, histology and AI answers stay hidden from who reads."),
    AiShown.AFTER: tr(
        "Names, findings and histology stay hidden from who reads, and the AI answer until the own grade is given: "
        "the site shows it after that to who asks for it (Settings)."
    ),
    AiShown.BEFORE: tr(
        "Names, findings and histology stay hidden from who reads. The AI answer is shown to who asks for it, also "
        "before the grade: such reads are marked, and count in no blind figure."
    ),
}


def offered(task: Task, choice: AiShown) -> bool:
    """Whether who reads in a task can ask for the answer at all."""
    return shown_in(task, choice) is not AiShown.HIDDEN


def may_stand(reading: Reading, choice: AiShown) -> bool:
    """Whether an answer may be seen beside the turn in front, as it is read now."""
    shown = shown_in(reading.task, choice)
    if reading.turn is None or shown is AiShown.HIDDEN:
        return False
    return shown is AiShown.BEFORE or reading.read is not None


def why_not_now(reading: Reading, choice: AiShown) -> str:
    """Why the answer is not given now to who asks for it; "" where it is."""
    if reading.turn is None:
        return NO_ANSWER.format(why=tr("no pair is in front."))
    if not may_stand(reading, choice):
        return GRADE_FIRST
    if reading.why_no_ai:
        return NO_ANSWER.format(
            why=tr("it would have to go on record that you see it, and {why}.", why=reading.why_no_ai)
        )
    return PICTURES_FIRST if reading.sight is Sight.NOTHING else ""


def failed_words(message: str) -> str:
    """Why none could be shown; `message` is that of the job, in sentences."""
    return tr("There is no AI answer. {message}", message=message)


def probability_lines(answer: Answer) -> str:
    """`Low 0.70 \u00b1 0.04`, a line each; those in the prediction set with the sign that `Answer.passes` explains."""
    in_set = {True: " \u25cf", False: ""}
    return "\n".join(f"{TITLES[bar.grade]} {bar.numbers}{in_set[bar.possible]}" for bar in answer.bars)


def spoken(answer: Answer) -> str:
    """All of it in a sentence after the other, for a screen reader."""
    numbers = "; ".join(f"{TITLES[bar.grade]} {bar.numbers}" for bar in answer.bars)
    parts = (
        answer.banner, f"{answer.model}.", answer.caution, answer.unlike, f"{answer.headline}.", answer.possible,
        answer.advice, answer.one_source, f"{numbers}." if numbers else "", answer.passes, ON_RECORD,
    )  # fmt: skip
    return " ".join(part for part in parts if part)
