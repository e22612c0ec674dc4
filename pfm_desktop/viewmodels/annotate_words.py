"""What the Annotate page says: of tasks, of how far a reader is, and of single reads. No Qt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan

from pfm_desktop.domain.agreement import Agreement
from pfm_desktop.domain.grade import GRADE_WORDS, GRADES
from pfm_desktop.domain.labelling import AiShown, Order, Quality, Read, Reason
from pfm_desktop.services.ai_shown import shown_in
from pfm_desktop.services.labelling import TaskRow
from pfm_desktop.services.reading_report import Drift, ReadingReport
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import COMMA, titled
from pfm_desktop.support.moments import day
from pfm_desktop.viewmodels.annotate import Reading
from pfm_desktop.viewmodels.annotate_ai import IN_TASK
from pfm_desktop.viewmodels.grades import TITLES, capital, percent

COLUMNS = (tr("Task"), tr("Pairs"), tr("Read by you"), tr("Readers differ"), tr("Made"))
FEWEST = 5  # women; below, resampling them says nothing of how sure a kappa is
CODES = tr("Names are hidden while pairs are read")
ORDERS: dict[Order, str] = {
    Order.RANDOM: tr("Random"),
    Order.UNCERTAINTY: tr("Where the model is least sure first"),
    Order.DIVERSITY: tr("Pairs that differ most from each other first"),
    Order.DISAGREEMENT: tr("Where readers differ most first"),
}
REASON_WORDS: dict[Reason, str] = {
    Reason.NO_CERVIX: tr("no cervix is seen"),
    Reason.BLURRED: tr("blurred"),
    Reason.LIGHT: tr("too dark or too bright"),
    Reason.COVERED: tr("covered by blood, mucus or an instrument"),
    Reason.NOT_A_PAIR: tr("the two pictures do not belong together"),
    Reason.OTHER: tr("another reason"),
    Reason.NOT_SHOWN: tr("the pictures could not be shown"),
}
REASONS: dict[Reason, str] = {
    **{reason: capital(words) for reason, words in REASON_WORDS.items()},
    Reason.COVERED: tr("Covered: blood, mucus, instrument"),  # in the width of a button
    Reason.NOT_A_PAIR: tr("The two do not belong together"),
}
QUALITIES: dict[Quality, str] = {
    Quality.GOOD: tr("Good"),
    Quality.LIMITED: tr("Limited"),
    Quality.UNUSABLE: tr("Unusable"),
}


_QUALITY_WORDS: dict[Quality, str] = {
    Quality.GOOD: tr("good", "quality"),
    Quality.LIMITED: tr("limited", "quality"),
    Quality.UNUSABLE: tr("unusable", "quality"),
}


@dataclass(frozen=True)
class TaskLine:
    """A task in the list: `cells` in the order of `COLUMNS`. `differing`: pairs to decide; `decided`: by who reads."""

    task_id: str
    cells: tuple[str, ...]
    closed: bool
    finished: bool
    differing: int
    decided: int = 0
    name: str = ""
    few_words: str = ""  # at closing

    @property
    def why_not_decide(self) -> str:
        """Why nothing can be decided in it; "" where something can."""
        if self.closed:
            return tr("This task is closed: open it again to decide in it")
        return "" if self.differing or self.decided else tr("No readers differ in this task")


def task_lines(
    rows: Sequence[TaskRow], choice: AiShown = AiShown.HIDDEN, decided: Mapping[str, int] | None = None
) -> tuple[TaskLine, ...]:
    """Tasks in the order given. `choice`: when the site shows the AI answer to who reads; `decided`: by task, how many
    pairs who reads decided."""
    return tuple(_line(row, choice, (decided or {}).get(row.task.id, 0)) for row in rows)


def _line(row: TaskRow, choice: AiShown, decided: int) -> TaskLine:
    task, finished = row.task, row.done >= row.turns
    told = row.disagreements is not None  # who only reads is not told that pairs come again
    count = f"{row.pairs if told else row.turns:,}"
    if told and row.again:
        count = tr("{pairs} (+ {again:,} again)", pairs=count, again=row.again)
    done = tr("all", "pairs read") if finished else tr("{done:,} of {turns:,}", done=row.done, turns=row.turns)
    if row.set_aside:  # no turns of hers, and still pairs
        done += " " + tr("({pairs:,} seen in Decide)", pairs=row.set_aside)
    differ = ""
    if row.disagreements is not None:
        differ = f"{row.disagreements:,}" if row.disagreements else tr("none", "readers differ")
    beside = [part for part in (tr("closed", "task") if task.closed else "", IN_TASK[shown_in(task, choice)]) if part]
    name = f"{task.name} ({COMMA.join(beside)})" if beside else task.name
    cells = (name, count, done, differ, f"{day(task.made_at.astimezone())}, {task.made_by}")
    few = few_words(row.few or 0, task.readers)
    return TaskLine(task.id, cells, task.closed, finished, row.disagreements or 0, decided, task.name, few)


def few_words(count: int, readers: int) -> str:
    """What follows for pairs that fewer people read than were to; "" where there are none."""
    if not count:
        return ""
    return tr(
        "%n pair(s) (was|were) read by fewer than the {readers} people that it asked for: "
        "(its|their) label(s) will say so",
        "",
        count,
        readers=readers,
    )


def closed_words(line: TaskLine, *, closed: bool) -> str:
    """What is said when a task was closed, or opened again; "" where nothing follows from it."""
    if not line.few_words:
        return ""
    if not closed:
        return tr("Task opened again: {name}.", name=line.name)
    return tr("Task closed: {name}. {few}; opened again, it waits for them.", name=line.name, few=line.few_words)


def empty_text(*, may_make: bool, read_only: bool, choice: AiShown = AiShown.HIDDEN) -> str:
    """What stands in an empty list of tasks, and what to do."""
    if read_only:
        return tr("No tasks yet.\n\nThis library is open for reading only.")
    if may_make:
        if choice is AiShown.HIDDEN:
            return tr(
                "No tasks yet.\n\nA task is a set of pairs that people grade without names, findings or AI.\n"
                "Choose New task to make the first one from a search."
            )
        return tr(
            "No tasks yet.\n\nA task is a set of pairs that people grade without names and findings.\n"
            "Choose New task to make the first one from a search."
        )
    return tr("No tasks yet.\n\nA clinician of this library makes them; they are listed here then. F5 looks again.")


def title(reading: Reading) -> str:
    """By its place only: any other code would tell which pairs come again, or belong to one woman."""
    if reading.turn is None:
        return tr("All pairs are decided") if reading.adjudicates else tr("All pairs are read")
    number, turns = reading.place + 1, len(reading.turns)
    if reading.adjudicates:
        return tr("Decide: pair {number:,} of {pairs:,}", number=number, pairs=turns)
    return tr("Pair {number:,} of {pairs:,}", number=number, pairs=turns)


def progress(reading: Reading) -> str:
    """`123 of 400 read: 17 low, 3 cannot be graded`."""
    reads = [reading.reads[turn] for turn in reading.turns if turn in reading.reads]
    graded = Counter(read.grade for read in reads)
    parts = [f"{graded[grade]:,} {GRADE_WORDS[grade]}" for grade in GRADES if graded[grade]]
    lost = sum(not read.has_voice for read in reads)
    if graded[None] > lost:
        parts.append(tr("%n cannot be graded", "", graded[None] - lost))
    if lost:
        parts.append(tr("%n not shown", "", lost))
    done, turns = len(reads), len(reading.turns)
    if reading.adjudicates:
        said = tr("{done:,} of {turns:,} decided", done=done, turns=turns)
    else:
        said = tr("{done:,} of {turns:,} read", done=done, turns=turns)
    return titled(said, COMMA.join(parts)) if parts else said


def waiting(reading: Reading) -> str:
    """That something is said of pairs that have no grade yet; "" where nothing is."""
    count = reading.waiting
    if not count:
        return ""
    if reading.unkept:
        return tr("Note, quality or region of %n pair(s) waits for the grade, and is not all on disk", "", count)
    return tr("Note, quality or region of %n pair(s) is kept, and waits for the grade", "", count)


def read_words(read: Read | None) -> str:
    """`High`, or why there is none; "" where nothing was read."""
    if read is None:
        return ""
    if read.grade is not None:
        return TITLES[read.grade]
    if read.reason is None:
        return tr("Cannot be graded")
    if not read.has_voice:
        return tr("Not graded: {reason}", reason=REASON_WORDS[read.reason])
    return tr("Cannot be graded: {reason}", reason=REASON_WORDS[read.reason])


def own_words(reading: Reading) -> str:
    """What the reader said of the pair in front before."""
    read = reading.read
    if read is None:
        return tr("Not decided yet") if reading.adjudicates else tr("Not read yet")
    said = read_words(read)
    if reading.adjudicates and read.ai_seen:
        return tr("You decided: {grade}, after AI. Another grade changes it.", grade=said)
    if reading.adjudicates:
        return tr("You decided: {grade}. Another grade changes it.", grade=said)
    if read.ai_seen:
        return tr("You read: {grade}, after AI. Another grade changes it.", grade=said)
    return tr("You read: {grade}. Another grade changes it.", grade=said)


OWN_READ = tr("You read it yourself: the label will say that one of those who differed decided")


def voices(reads: Sequence[Read], *, decided: bool) -> tuple[str, ...]:
    """What each of these reads is called for who decides: by whom it is only once the decision is given."""
    if decided:
        return tuple(
            tr("Decision of {reader}", reader=read.reader) if read.adjudicates else read.reader for read in reads
        )
    return tuple(tr("Reader {number}", number=number) for number, _ in enumerate(reads, 1))


def other_words(read: Read) -> str:
    """What one of the readers said, for who decides; a line each."""
    seconds = f"{read.seconds:.0f} s" if read.seconds >= 1 else tr("under 1 s") if read.seconds else ""
    beside = [
        tr("quality {quality}", quality=_QUALITY_WORDS[read.quality]) if read.quality is not None else "",
        seconds,
        tr("AI seen before") if read.ai_seen else "",
    ]
    lines = [read_words(read), COMMA.join(part for part in beside if part), f'"{read.note}"' if read.note else ""]
    return "\n".join(line for line in lines if line)


def _regions(count: int) -> str:
    return tr("%n region(s)", "", count) if count else ""


def regions_words(count: int) -> str:
    """How many regions are drawn."""
    return _regions(count) or tr("No region drawn")


def drawing_words(count: int, *, drawing: bool, corners: int) -> str:
    """How many regions there are; while the reader draws, what to do next."""
    if corners:
        return tr("%n corner(s): Enter or the first corner closes them", "", corners)
    if not drawing:
        return regions_words(count)
    if not count:
        return tr("Drag around a lesion, or click its corners")
    return tr("%n region(s); draw the next one", "", count)


# agreement


def agreement_lines(report: ReadingReport) -> tuple[tuple[str, str], ...]:
    """Who with whom, and how far they agree; nothing where no pair has two reads."""
    lines = [] if report.all_readers is None else [(tr("All readers (Fleiss)"), agreement_words(report.all_readers))]
    lines += [
        (tr("{one} and {other}", one=one, other=other), agreement_words(found))
        for (one, other), found in report.between.items()
    ]
    lines += [(tr("{name}, read again", name=name), agreement_words(found)) for name, found in report.within.items()]
    lines += [(tr("{name}, drift", name=name), drift_words(drift)) for name, drift in report.drift.items()]
    lines += [
        (tr("{name}, not graded", name=name), tr("%n read(s)", "pairs that somebody read", count))
        for name, count in report.not_graded.items()
    ]
    lines += [
        (tr("{one} and {other}, AI seen", one=one, other=other), agreement_words(found))
        for (one, other), found in report.with_ai.items()
    ]
    lines += [(tr("{name}, AI seen before", name=name), _after_ai(count)) for name, count in report.after_ai.items()]
    return tuple(lines)


def _after_ai(count: int) -> str:
    """Of reads that are no blind ones."""
    return tr("%n read(s) (counts|count) in no figure but those marked AI seen", "", count)


def agreement_words(found: Agreement) -> str:
    """`kappa 0.71 (0.60 to 0.80), 120 pairs of 98 women; 70 % the same, 3 % two grades or more apart`."""
    women = tr("%n (woman|women)", "", found.women)
    pairs = tr("%n pair(s) of {women}", "", found.pairs, women=women)
    same, far = percent(found.same), percent(found.far)
    shares = tr("{same} the same, {far} two grades or more apart", same=same, far=far)
    if isnan(found.kappa):
        return tr("kappa not defined (all one grade), {pairs}; {shares}", pairs=pairs, shares=shares)
    low, high = found.interval
    if found.women < FEWEST:
        return tr(
            "kappa {kappa:.2f}, {pairs}: too few women for an interval; {shares}",
            kappa=found.kappa,
            pairs=pairs,
            shares=shares,
        )
    if found.same == 1:  # an interval without a width would say more than is known
        return tr("kappa {kappa:.2f}, {pairs}: all alike, which gives no interval", kappa=found.kappa, pairs=pairs)
    interval = tr("{low:.2f} to {high:.2f}", low=low, high=high)
    if isnan(low) or isnan(high):
        interval = tr("no interval")
    return tr("kappa {kappa:.2f} ({interval})", kappa=found.kappa, interval=interval) + f", {pairs}; {shares}"


def drift_words(drift: Sequence[Drift]) -> str:
    """By block of own reads, in grades, the latest first: `reads 51-100 (30 compared): +0.10 (error 0.05); ...`."""
    parts = []
    for block in reversed(drift):  # what does not fit the line is what is longest ago
        # none for one pair, nor where all are alike
        error = " " + tr("(error {error:.2f})", error=block.error) if block.error > 0 else ""
        reads = f"{block.begin}-{block.end}" if block.end > block.begin else str(block.begin)
        all_compared = block.reads == block.end - block.begin + 1
        compared = "" if all_compared else " " + tr("({reads} compared)", reads=block.reads)
        parts.append(tr("reads {reads}", reads=reads) + f"{compared}: {block.mean:+.2f}{error}")
    return "; ".join(parts)
