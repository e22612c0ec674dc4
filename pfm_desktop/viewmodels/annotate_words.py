"""What the Annotate page says: of tasks, of how far a reader is, and of single reads. No Qt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan

from pfm_desktop.domain.agreement import Agreement
from pfm_desktop.domain.grade import GRADES
from pfm_desktop.domain.labelling import AiShown, Order, Quality, Read, Reason
from pfm_desktop.services.ai_shown import shown_in
from pfm_desktop.services.labelling import TaskRow
from pfm_desktop.services.reading_report import Drift, ReadingReport
from pfm_desktop.support.moments import day
from pfm_desktop.viewmodels.annotate import Reading
from pfm_desktop.viewmodels.annotate_ai import IN_TASK
from pfm_desktop.viewmodels.grades import TITLES
from pfm_desktop.viewmodels.words import many

COLUMNS = ("Task", "Pairs", "Read by you", "Readers differ", "Made")
FEWEST = 5  # women; below, resampling them says nothing of how sure a kappa is
CODES = "Names are hidden while pairs are read"
ORDERS: dict[Order, str] = {
    Order.RANDOM: "Random",
    Order.UNCERTAINTY: "Where the model is least sure first",
    Order.DIVERSITY: "Pairs that differ most from each other first",
    Order.DISAGREEMENT: "Where readers differ most first",
}
REASONS: dict[Reason, str] = {
    **{reason: reason.value[:1].upper() + reason.value[1:] for reason in Reason},
    Reason.COVERED: "Covered: blood, mucus, instrument",  # in the width of a button
    Reason.NOT_A_PAIR: "The two do not belong together",
}
QUALITIES: dict[Quality, str] = {Quality.GOOD: "Good", Quality.LIMITED: "Limited", Quality.UNUSABLE: "Unusable"}


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
            return "This task is closed: open it again to decide in it"
        return "" if self.differing or self.decided else "No readers differ in this task"


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
    count += f" (+ {row.again:,} again)" if told and row.again else ""
    done = "all" if finished else f"{row.done:,} of {row.turns:,}"
    done += f" ({row.set_aside:,} seen in Decide)" if row.set_aside else ""  # no turns of hers, and still pairs
    differ = "" if row.disagreements is None else "none" if not row.disagreements else f"{row.disagreements:,}"
    beside = [part for part in ("closed" if task.closed else "", IN_TASK[shown_in(task, choice)]) if part]
    name = f"{task.name} ({', '.join(beside)})" if beside else task.name
    cells = (name, count, done, differ, f"{day(task.made_at.astimezone())}, {task.made_by}")
    few = few_words(row.few or 0, task.readers)
    return TaskLine(task.id, cells, task.closed, finished, row.disagreements or 0, decided, task.name, few)


def few_words(count: int, readers: int) -> str:
    """What follows for pairs that fewer people read than were to; "" where there are none."""
    if not count:
        return ""
    was, their = ("1 pair was", "its label") if count == 1 else (f"{count:,} pairs were", "their labels")
    return f"{was} read by fewer than the {readers} people that it asked for: {their} will say so"


def closed_words(line: TaskLine, *, closed: bool) -> str:
    """What is said when a task was closed, or opened again; "" where nothing follows from it."""
    if not line.few_words:
        return ""
    if not closed:
        return f"Task opened again: {line.name}."
    return f"Task closed: {line.name}. {line.few_words}; opened again, it waits for them."


def empty_text(*, may_make: bool, read_only: bool, choice: AiShown = AiShown.HIDDEN) -> str:
    """What stands in an empty list of tasks, and what to do."""
    if read_only:
        return "No tasks yet.\n\nThis library is open for reading only."
    if may_make:
        without = "names, findings or AI" if choice is AiShown.HIDDEN else "names and findings"
        return (
            f"No tasks yet.\n\nA task is a set of pairs that people grade without {without}.\n"
            "Choose New task to make the first one from a search."
        )
    return "No tasks yet.\n\nA clinician of this library makes them; they are listed here then. F5 looks again."


def title(reading: Reading) -> str:
    """By its place only: any other code would tell which pairs come again, or belong to one woman."""
    if reading.turn is None:
        return "All pairs are decided" if reading.adjudicates else "All pairs are read"
    said = "Decide: pair" if reading.adjudicates else "Pair"
    return f"{said} {reading.place + 1:,} of {len(reading.turns):,}"


def progress(reading: Reading) -> str:
    """`123 of 400 read: 17 low, 3 cannot be graded`."""
    reads = [reading.reads[turn] for turn in reading.turns if turn in reading.reads]
    graded = Counter(read.grade for read in reads)
    parts = [f"{graded[grade]:,} {grade.value}" for grade in GRADES if graded[grade]]
    lost = sum(not read.has_voice for read in reads)
    if graded[None] > lost:
        parts.append(f"{graded[None] - lost:,} cannot be graded")
    if lost:
        parts.append(f"{lost:,} not shown")
    done = f"{len(reads):,} of {len(reading.turns):,} {'decided' if reading.adjudicates else 'read'}"
    return f"{done}: {', '.join(parts)}" if parts else done


def waiting(reading: Reading) -> str:
    """That something is said of pairs that have no grade yet; "" where nothing is."""
    count = reading.waiting
    if not count:
        return ""
    said = f"Note, quality or region of {many(count, 'pair')}"
    if reading.unkept:
        return f"{said} waits for the grade, and is not all on disk"
    return f"{said} is kept, and waits for the grade"


def read_words(read: Read | None) -> str:
    """`High`, or why there is none; "" where nothing was read."""
    if read is None:
        return ""
    if read.grade is not None:
        return TITLES[read.grade]
    if not read.has_voice:
        return f"Not graded: {read.reason}"
    return f"Cannot be graded: {read.reason.value}" if read.reason is not None else "Cannot be graded"


def own_words(reading: Reading) -> str:
    """What the reader said of the pair in front before."""
    read = reading.read
    if read is None:
        return "Not decided yet" if reading.adjudicates else "Not read yet"
    said = "You decided" if reading.adjudicates else "You read"
    after = ", after AI" if read.ai_seen else ""
    return f"{said}: {read_words(read)}{after}. Another grade changes it."


OWN_READ = "You read it yourself: the label will say that one of those who differed decided"


def voices(reads: Sequence[Read], *, decided: bool) -> tuple[str, ...]:
    """What each of these reads is called for who decides: by whom it is only once the decision is given."""
    if decided:
        return tuple(f"Decision of {read.reader}" if read.adjudicates else read.reader for read in reads)
    return tuple(f"Reader {number}" for number, _ in enumerate(reads, 1))


def other_words(read: Read) -> str:
    """What one of the readers said, for who decides; a line each."""
    seconds = f"{read.seconds:.0f} s" if read.seconds >= 1 else "under 1 s" if read.seconds else ""
    beside = [
        f"quality {read.quality.value}" if read.quality is not None else "",
        seconds,
        "AI seen before" if read.ai_seen else "",
    ]
    lines = [read_words(read), ", ".join(part for part in beside if part), f'"{read.note}"' if read.note else ""]
    return "\n".join(line for line in lines if line)


def _regions(count: int) -> str:
    return "" if not count else "1 region" if count == 1 else f"{count} regions"


def regions_words(count: int) -> str:
    """How many regions are drawn."""
    return _regions(count) or "No region drawn"


def drawing_words(count: int, *, drawing: bool, corners: int) -> str:
    """How many regions there are; while the reader draws, what to do next."""
    if corners:
        return f"{many(corners, 'corner')}: Enter or the first corner closes them"
    if not drawing:
        return regions_words(count)
    return "Drag around a lesion, or click its corners" if not count else f"{_regions(count)}; draw the next one"


# agreement


def agreement_lines(report: ReadingReport) -> tuple[tuple[str, str], ...]:
    """Who with whom, and how far they agree; nothing where no pair has two reads."""
    lines = [] if report.all_readers is None else [("All readers (Fleiss)", agreement_words(report.all_readers))]
    lines += [(f"{one} and {other}", agreement_words(found)) for (one, other), found in report.between.items()]
    lines += [(f"{name}, read again", agreement_words(found)) for name, found in report.within.items()]
    lines += [(f"{name}, drift", drift_words(drift)) for name, drift in report.drift.items()]
    lines += [
        (f"{name}, not graded", f"{count:,} {'read' if count == 1 else 'reads'}")
        for name, count in report.not_graded.items()
    ]
    lines += [(f"{one} and {other}, AI seen", agreement_words(found)) for (one, other), found in report.with_ai.items()]
    lines += [(f"{name}, AI seen before", _after_ai(count)) for name, count in report.after_ai.items()]
    return tuple(lines)


def _after_ai(count: int) -> str:
    """Of reads that are no blind ones."""
    return f"{count:,} {'read counts' if count == 1 else 'reads count'} in no figure but those marked AI seen"


def agreement_words(found: Agreement) -> str:
    """`kappa 0.71 (0.60 to 0.80), 120 pairs of 98 women; 70 % the same, 3 % two grades or more apart`."""
    pairs = f"{many(found.pairs, 'pair')} of {many(found.women, 'woman', 'women')}"
    shares = f"{found.same:.0%} the same, {found.far:.0%} two grades or more apart".replace("%", " %")
    if isnan(found.kappa):
        return f"kappa not defined (all one grade), {pairs}; {shares}"
    low, high = found.interval
    if found.women < FEWEST:
        return f"kappa {found.kappa:.2f}, {pairs}: too few women for an interval; {shares}"
    if found.same == 1:  # an interval without a width would say more than is known
        return f"kappa {found.kappa:.2f}, {pairs}: all alike, which gives no interval"
    span = "no interval" if isnan(low) or isnan(high) else f"{low:.2f} to {high:.2f}"
    return f"kappa {found.kappa:.2f} ({span}), {pairs}; {shares}"


def drift_words(drift: Sequence[Drift]) -> str:
    """By block of own reads, in grades, the latest first: `reads 51-100 (30 compared): +0.10 (error 0.05); ...`."""
    parts = []
    for block in reversed(drift):  # what does not fit the line is what is longest ago
        error = f" (error {block.error:.2f})" if block.error > 0 else ""  # none for one pair, nor where all are alike
        reads = f"{block.begin}-{block.end}" if block.end > block.begin else str(block.begin)
        all_compared = block.reads == block.end - block.begin + 1
        compared = "" if all_compared else f" ({block.reads} compared)"
        parts.append(f"reads {reads}{compared}: {block.mean:+.2f}{error}")
    return "; ".join(parts)
