"""What a page shows of an import before it is done, and how it is changed there. No Qt.

The page (or the command line) makes a plan as a job, shows it through `ImportPreview`, asks the library as a job
(`ask_library`), and brings it in as a job (`services.importing.run.import_plan`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.jobs import Context
from pfm_desktop.services.importing import changes
from pfm_desktop.services.importing.dates import When, in_name, time_said
from pfm_desktop.services.importing.found import Skipped
from pfm_desktop.services.importing.guess import Guess, Sure
from pfm_desktop.services.importing.names import agreed_name
from pfm_desktop.services.importing.plan import (
    ImportPlan,
    PlannedPicture,
    PlannedVisit,
    PlannedWoman,
    same_in,
    twice,
    waits_for,
)
from pfm_desktop.services.importing.report import ImportReport, Outcome
from pfm_desktop.support import moments
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import filled, tr
from pfm_desktop.support.listing import COMMA
from pfm_desktop.viewmodels.import_words import (
    MARKED,
    MARKS,
    NOT_KNOWN,
    details_text,
    guesses_of,
    how_sure,
    short_when,
    stage_words,
    when_text,
    word_of,
)
from pfm_desktop.viewmodels.words import capital

if TYPE_CHECKING:
    from pfm_desktop.storage.library import Library


NO_PAIR = tr("No pair is guessed: choose one picture of each source and make them a pair (P).")

# what services.importing says, by which it is known again in any language
ADDED = "Pictures of {identifier} were added to her visit of {day}."
LEFT_OUT = "Pictures for {identifier} were left out: {reason}. Look who she is, and confirm her."
OF_ANOTHER = (
    "the same picture stands under another woman too",
    "nearly the same picture, of the same second, stands under another woman too",
    "it is on record for another woman ({identifier})",
    "the same picture, saved anew, is on record for another woman ({identifier})",
    "nearly the same picture, of the same second, is on record for another woman ({identifier})",
    "a picture of the same second, whose file is missing or altered, is on record for another woman ({identifier})",
    "%n other picture(s) of this visit (is|are) on record for another woman ({identifier}): it may be hers",
    "%n other picture(s) of hers here (is|are) on record for another woman ({identifier}): it may be hers",
)


@dataclass(frozen=True)
class PictureLine:
    """One picture. `problem`: why it will not be brought in ("": it will); `why`: where each guess comes from.

    `sure` says in words how sure its guesses are, `details` all of them, one line each. `unsure`: somebody may confirm.
    """

    key: str
    name: str
    folder: str
    stage: str
    seconds: str
    when: str
    pair: str  # the name of the other one
    problem: str
    why: str
    left_out: bool
    there: bool = False  # in the library already
    when_short: str = ""
    sure: str = ""
    details: str = ""
    unsure: bool = False
    unknown: bool = False  # one of them is not known
    open: bool = False  # one of them is not known or unsure
    elsewhere: bool = False  # in the plan or the library for another woman: it is taken only if somebody says so


@dataclass(frozen=True)
class VisitLines:
    """One visit with its pictures; `why` says where its time comes from."""

    key: str
    when: str
    why: str
    pictures: tuple[PictureLine, ...]
    hint: str = ""  # that pictures of both sources are no pair, and what to do


@dataclass(frozen=True)
class WomanLines:
    """One woman with her visits. `problem`: what must be looked at before anything of her is brought in."""

    key: str
    title: str
    why: str
    problem: str
    visits: tuple[VisitLines, ...]
    on_record: str = ""  # what the library says of her identifier
    pictures_there: int = 0  # of hers that the library has
    known: bool = True  # whose these pictures are


@dataclass(frozen=True)
class Counts:
    """How many pictures will be brought in, are there already, wait for somebody to say something, are skipped."""

    ready: int = 0
    there: int = 0
    waiting: int = 0
    skipped: int = 0


@dataclass(frozen=True)
class LibrarySays:
    """What the library says of a plan: by picture's key what becomes of it and why, and notes for a person."""

    outcomes: Mapping[str, tuple[Outcome, str]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    women: Mapping[str, tuple[str, int]] = field(default_factory=dict)  # by identifier, who has it, how many pictures


def ask_library(ctx: Context, lib: Library, plan: ImportPlan, *, also_unsure: bool = False) -> LibrarySays:
    """What would become of each picture; as a job. Nothing is written."""
    from pfm_desktop.services.importing.run import foreseen

    return says_of(lib, plan, foreseen(ctx, lib, plan, also_unsure=also_unsure))


def says_of(lib: Library, plan: ImportPlan, found: ImportReport) -> LibrarySays:
    """What a library says of a plan, once it was foreseen what would become of it."""
    keys = {picture.key for picture in plan.pictures}
    outcomes = {line.file: (line.outcome, line.reason) for line in found.lines if line.file in keys}
    names = [woman.identifier for woman in plan.women if woman.identifier]
    notes = tuple(_will_be(one) for one in found.notes)
    return LibrarySays(outcomes, notes, {name: _who_has(lib, name) for name in names})


def _will_be(note: str) -> str:
    """A note of what was done, where nothing was done yet."""
    done = filled(note, ADDED)
    return note if done is None else tr("Pictures of {identifier} will be added to her visit of {day}.", **done)


def _twice_with_names(plan: ImportPlan) -> Mapping[str, str]:
    """See `plan.twice`; who the other women are stands behind it."""
    found, others = twice(plan), same_in(plan)
    by_key = {picture.key: picture for picture in plan.pictures} if found else {}
    return {
        key: f"{text} ({', '.join(sorted({by_key[other].patient.value or NOT_KNOWN for other in others[key]}))})"
        for key, text in found.items()
    }


def _who_has(lib: Library, identifier: str) -> tuple[str, int]:
    from pfm_desktop.services.importing.places import patient_of, pictures_of

    patient = patient_of(lib, identifier)
    if patient is None:
        return tr("new in this library"), 0
    name, count = patient.display_name, pictures_of(lib, patient)
    said = [tr("in the library as {name}", name=name) if name else tr("in the library, without a name")]
    said += [tr("born {day}", day=moments.day(patient.birth_date))] if patient.birth_date else []
    said += [tr("with %n picture(s)", "", count)] if count else []
    return COMMA.join(said), count


class ImportPreview:
    """A plan as it is shown and changed; every change can be taken back. `on_changed` is called after each.

    What the library said holds until the next change: then it has to be asked again (`asked` False).
    """

    def __init__(self, plan: ImportPlan) -> None:
        self.on_changed: list[Callable[[], None]] = []
        self._plan = plan
        self._before, self._after = list[tuple[ImportPlan, str]](), list[tuple[ImportPlan, str]]()
        self._kept: dict[str, tuple[object, PictureLine]] = {}  # by picture's key: what its line was made of
        self._lines: tuple[WomanLines, ...] | None = None  # of the plan as it stands
        self._also_unsure = False
        self._says: LibrarySays | None = None

    # what it shows

    @property
    def plan(self) -> ImportPlan:
        """The plan as it stands."""
        return self._plan

    @property
    def asked(self) -> bool:
        """Whether the library was asked since the last change."""
        return self._says is not None

    @property
    def notes(self) -> tuple[str, ...]:
        """What the library says beside single pictures: whole sentences."""
        return self._says.notes if self._says is not None else ()

    def women(self) -> tuple[WomanLines, ...]:
        """All lines, women in the order in which they were found."""
        if self._lines is None:
            doubled = _twice_with_names(self._plan)
            against = self._left_out()
            self._lines = tuple(self._woman(woman, doubled, against) for woman in self._plan.women)
        return self._lines

    def skipped(self) -> tuple[Skipped, ...]:
        """Files that are not brought in, without those that nobody would miss."""
        return tuple(one for one in self._plan.skipped if not one.expected)

    def counts(self) -> Counts:
        """See `Counts`."""
        lines = [line for woman in self.women() for visit in woman.visits for line in visit.pictures]
        there = sum(self._there(line.key) for line in lines)
        ready = sum(not line.problem for line in lines)
        out = sum(line.left_out for line in lines)
        return Counts(ready, there, len(lines) - ready - there - out, out + len(self.skipped()))

    def summary(self) -> str:
        """One line: `12 pictures of 3 women are ready, 2 wait, 4 files are skipped.`"""
        counts = self.counts()
        if not self._plan.pictures:
            return tr("No picture was found here.")
        women = sum(any(not one.problem for visit in w.visits for one in visit.pictures) for w in self.women())
        parts = [tr("%n picture(s) of {women} ready", "", counts.ready, women=tr("%n (woman|women)", "", women))]
        parts += [tr("{pictures} already in the library", pictures=counts.there)] if counts.there else []
        parts += [tr("{pictures} to be looked at", pictures=counts.waiting)] if counts.waiting else []
        parts += [tr("{files} skipped", files=counts.skipped)] if counts.skipped else []
        return f"{COMMA.join(parts)}."

    def problems(self) -> tuple[str, ...]:
        """What keeps pictures out, each once with how many it keeps: for a list beside the plan."""
        found: dict[str, int] = {}
        for woman in self.women():
            for line in (one for visit in woman.visits for one in visit.pictures):
                if line.problem and not line.left_out and not self._there(line.key):
                    found[line.problem] = found.get(line.problem, 0) + 1
        return tuple(f"{capital(problem)} (" + tr("%n picture(s)", "", count) + ")" for problem, count in found.items())

    # how it is changed

    def set_stage(self, keys: Collection[str], stage: Stage, *, seconds_since_acid: float | None = None) -> None:
        """See `changes.set_stage`."""
        changed = changes.set_stage(self._plan, keys, stage, seconds_since_acid=seconds_since_acid)
        self._change(changed, tr("stage of %n picture(s)", "", len(keys)))

    def set_patient(self, keys: Collection[str], identifier: str) -> None:
        """See `changes.set_patient`."""
        self._change(changes.set_patient(self._plan, keys, identifier), tr("whose %n picture(s)", "", len(keys)))

    def move(self, keys: Collection[str], visit_key: str | None) -> None:
        """See `changes.move`."""
        self._change(changes.move(self._plan, keys, visit_key), tr("move of %n picture(s)", "", len(keys)))

    def set_visit_time(self, visit_key: str, text: str) -> None:
        """Say when a visit was, as typed (2026-03-14 10:15, or a day). `BadInputError` for what is no time."""
        self._change(changes.set_visit_time(self._plan, visit_key, parsed_when(text)), tr("time of a visit"))

    def leave_out(self, keys: Collection[str], *, out: bool = True) -> None:
        """See `changes.leave_out`."""
        count = len(keys)
        done = tr("leaving out %n picture(s)", "", count) if out else tr("taking in %n picture(s)", "", count)
        self._change(changes.leave_out(self._plan, keys, out=out), done)

    def take_although_elsewhere(self, keys: Collection[str]) -> None:
        """See `changes.take_although_elsewhere`."""
        self._change(changes.take_although_elsewhere(self._plan, keys), tr("taking %n picture(s)", "", len(keys)))

    def confirm(self, keys: Collection[str]) -> None:
        """See `changes.confirm`."""
        self._change(changes.confirm(self._plan, keys), tr("confirming %n picture(s)", "", len(keys)))

    def pair(self, keys: Collection[str]) -> None:
        """Make two pictures a pair, or part the pairs that these are in. `BadInputError` for what can be no pair."""
        if changes.paired(self._plan, keys):
            self._change(changes.part_pairs(self._plan, keys), tr("parting of a pair"))
        else:
            self._change(changes.make_pair(self._plan, keys), tr("making of a pair"))

    def confirm_woman(self, woman_key: str) -> None:
        """See `changes.confirm_woman`."""
        self._change(changes.confirm_woman(self._plan, woman_key), tr("confirming who she is"))

    def take_guesses(self, also_unsure: bool) -> None:
        """Whether guesses that are not sure are taken too."""
        self._also_unsure, self._says = also_unsure, None
        self._tell()

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to be taken back."""
        return bool(self._before)

    @property
    def undo_text(self) -> str:
        """What undo would take back; "" for nothing."""
        return self._before[-1][1] if self._before else ""

    @property
    def redo_text(self) -> str:
        """What redo would do again; "" for nothing."""
        return self._after[-1][1] if self._after else ""

    def undo(self) -> None:
        """Take the last change back."""
        self._step(self._before, self._after)

    def redo(self) -> None:
        """Do the change that was taken back last again."""
        self._step(self._after, self._before)

    def _step(self, source: list[tuple[ImportPlan, str]], other: list[tuple[ImportPlan, str]]) -> None:
        if source:
            plan, what = source.pop()
            other.append((self._plan, what))
            self._plan, self._says = plan, None
            self._tell()

    def library_says(self, plan: ImportPlan, says: LibrarySays) -> None:
        """Take in what the library said of `plan`; of another plan than the present one it is too late."""
        if plan is self._plan:
            self._says = says
            self._tell()

    def ask_again(self) -> None:
        """The library is another one than when it was asked: something was brought in."""
        self._says = None
        self._tell()

    def _change(self, plan: ImportPlan, what: str) -> None:
        self._before.append((self._plan, what))
        self._after.clear()
        self._plan, self._says = plan, None
        self._tell()

    def _tell(self) -> None:
        self._lines = None
        for listener in list(self.on_changed):
            listener()

    def _there(self, key: str) -> bool:
        says = self._says.outcomes.get(key) if self._says is not None else None
        return says is not None and says[0] is Outcome.THERE

    def _problem(self, picture: PlannedPicture, visit: PlannedVisit, doubled: Mapping[str, str]) -> str:
        own = waits_for(picture, visit, also_unsure=self._also_unsure) or doubled.get(picture.key, "")
        if own or self._says is None:
            return own
        outcome, reason = self._says.outcomes.get(picture.key, (Outcome.ADDED, ""))
        return "" if outcome is Outcome.ADDED else reason

    def _left_out(self) -> Mapping[str, str]:
        """By identifier why the library takes nothing of a woman before somebody looked who she is."""
        found: dict[str, str] = {}
        for note in self.notes:
            named = filled(note, LEFT_OUT)
            if named is not None:
                found.setdefault(named["identifier"], note)
        return found

    def _woman(self, woman: PlannedWoman, doubled: Mapping[str, str], against: Mapping[str, str]) -> WomanLines:
        visits = tuple(self._visit(visit, doubled) for visit in woman.visits)
        whose = woman.visits[0].pictures[0].patient
        people = [(one.family_name, one.given_name) for one in woman.people]
        people = people if any(any(one) for one in people) else [agreed_name(woman)]
        names = [", ".join(part for part in one if part) for one in people]
        title = " - ".join([word_of(whose, str), *(name for name in names if name)])
        identifier = woman.identifier or ""
        on_record, count = self._says.women.get(identifier, ("", 0)) if self._says is not None else ("", 0)
        problem, known = against.get(identifier, ""), whose.value is not None
        return WomanLines(woman.key, title, capital(whose.why), problem, visits, on_record, count, known)

    def _visit(self, visit: PlannedVisit, doubled: Mapping[str, str]) -> VisitLines:
        names = {picture.key: picture.name for picture in visit.pictures}
        other = {pair.white: (pair.fluorescence, pair.guess) for pair in visit.pairs}
        other |= {pair.fluorescence: (pair.white, pair.guess) for pair in visit.pairs}
        lines = tuple(
            self._line(picture, visit, self._problem(picture, visit, doubled), other.get(picture.key), names)
            for picture in visit.pictures
        )
        return VisitLines(visit.key, word_of(visit.when, when_text), capital(visit.when.why), lines, _unpaired(visit))

    def _line(
        self,
        picture: PlannedPicture,
        visit: PlannedVisit,
        problem: str,
        other: tuple[str, Guess[bool]] | None,
        names: Mapping[str, str],
    ) -> PictureLine:
        """Made anew only where something of it changed: a change of a plan of thousands is seen at once."""
        pair = (names[other[0]], other[1]) if other is not None else None
        there = self._there(picture.key)
        made_of = (picture, visit.when, problem, pair, there)
        known = self._kept.get(picture.key)
        if known is None or known[0] != made_of:
            known = self._kept[picture.key] = made_of, _made_line(picture, visit, problem, pair, there=there)
        return known[1]


def _unpaired(visit: PlannedVisit) -> str:
    """What to say where a visit has pictures of both sources and no pair."""
    sources = {picture.source.value for picture in visit.pictures if not picture.left_out}
    return NO_PAIR if not visit.pairs and {Source.WHITE, Source.FLUORESCENCE} <= sources else ""


def _made_line(
    picture: PlannedPicture, visit: PlannedVisit, problem: str, pair: tuple[str, Guess[bool]] | None, *, there: bool
) -> PictureLine:
    guesses = guesses_of(picture, visit, pair)
    return PictureLine(
        picture.key,
        picture.name,
        "/".join(picture.item.folders),
        stage_words(picture),
        f"{picture.seconds:g} s" if picture.seconds is not None else "",
        word_of(picture.when, when_text),
        f"{pair[0]}{MARKS[pair[1].sure]}" if pair is not None else "",
        problem,
        picture.stage.why if picture.stage.value is not None else picture.source.why,
        picture.left_out,
        there,
        word_of(picture.when, short_when),
        how_sure(guesses),
        details_text(picture, guesses, problem),
        any(one.guess.value is not None and one.guess.sure is Sure.UNSURE for one in guesses),
        any(one.guess.sure is Sure.UNKNOWN for one in guesses),
        any(one.guess.sure in MARKED for one in guesses),
        bool(problem) and any(filled(problem, one) is not None for one in OF_ANOTHER),
    )


def parsed_when(text: str) -> When:
    """A time or day as typed; `BadInputError` for what is none."""
    found = in_name(text.strip()) or time_said(text.strip())
    if found is None:
        raise BadInputError(
            tr("{typed} is not a time", typed=text.strip()) if text.strip() else tr("nothing is not a time"),
            remedy=tr("write it as 2026-03-14 10:15, or the day alone"),
        )
    return found


def report_lines(report: ImportReport) -> Iterator[str]:
    """What was done, for a person: one line each."""
    added, there = report.count(Outcome.ADDED), report.count(Outcome.THERE)
    yield tr(
        "%n picture(s) added, {there} already there, {skipped} skipped",
        "",
        added,
        there=there,
        skipped=report.count(Outcome.SKIPPED),
    )
    made = [
        tr("%n patient(s)", "", report.women),
        tr("%n visit(s)", "", report.visits),
        tr("%n pair(s)", "", report.pairs),
    ]
    if report.women or report.visits or report.pairs:
        yield tr("New: {records}", records=COMMA.join(made))
    yield from report.notes


def plan_lines(preview: ImportPreview) -> Iterator[str]:
    """A plan as text: women, visits, pictures, each with where its guess comes from."""
    for woman in preview.women():
        known = f": {woman.on_record}" if woman.on_record else ""
        yield f"{woman.title} ({woman.why}){known}"
        if woman.problem:
            yield f"  {woman.problem}"
        for visit in woman.visits:
            yield f"  {visit.when} ({visit.why})"
            for line in visit.pictures:
                pair = f", with {line.pair}" if line.pair else ""
                name = f"{line.folder}/{line.name}" if line.folder else line.name
                yield f"    {name}: {line.stage}{line.seconds and ' ' + line.seconds}{pair} ({line.why})"
                if line.problem:
                    yield f"      not brought in: {line.problem}"
