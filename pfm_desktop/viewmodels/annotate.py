"""Reading the pairs of a task, one after the other: where the reader is, what is said of the pair in front. No Qt.

A read is on disk when the method that gives it returns. What cannot be kept is said, and the pair stays in front with
all that was said of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from pfm_desktop.domain.change import Change
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.labelling import Quality, Read, Reason, Region, Turn
from pfm_desktop.domain.people import Act
from pfm_desktop.services import labelling, review, said_beside
from pfm_desktop.services.deciding import to_decide
from pfm_desktop.services.labelling import Queue
from pfm_desktop.services.said_beside import Draft
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import StorageError, UserError
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import COMMA

Say = Callable[[UserError], None]
UNDO, REDO = "Undo: ", "Redo: "  # as the journal says it


class Sight(Enum):
    """What of the pair in front is on the screen."""

    NOTHING = "nothing yet"
    PICTURES = "the pictures"
    BROKEN = "why they cannot be shown"


@dataclass(frozen=True)
class _Said:
    """What was said beside the grade of a pair that has none, before and after; `text` names what was changed."""

    before: Draft
    after: Draft
    text: str

    @property
    def back(self) -> _Said:
        """The same the other way round."""
        return _Said(self.after, self.before, self.text)


@dataclass(frozen=True)
class _Step:
    """One thing that was done at a place, and can be taken back."""

    place: int
    change: Change | _Said


class Reading:
    """One reader in one task. `place` is that of the pair in front; the number of turns where all are read.

    `adjudicates`: the turns are pairs on which readers differ, and a grade decides between them.
    """

    def __init__(
        self,
        lib: Library,
        queue: Queue,
        *,
        say: Say,
        adjudicates: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lib, self._say, self._clock = lib, say, clock
        self._done: list[_Step] = []
        self._undone: list[_Step] = []
        self._told: set[str] = set()  # pairs of which what others read is on record as shown
        self._began = clock()
        self.task, self.turns, self.reads = queue.task, queue.turns, dict(queue.reads)
        self.adjudicates = adjudicates
        self.reader = lib.who  # who reads, or decides: what is said here is said by nobody else
        self._on_disk = dict(said_beside.kept(lib, self.task.id, adjudicates=adjudicates))
        self._drafts = {  # of turns without a read
            turn: draft
            for turn, draft in self._on_disk.items()
            if turn in self.turns and turn not in self.reads and draft != Draft()
        }
        self.place = queue.next_open
        self.sight = Sight.NOTHING

    # where the reader is

    @property
    def turn(self) -> Turn | None:
        """The turn in front; None where all are read."""
        return self.turns[self.place] if self.place < len(self.turns) else None

    @property
    def read(self) -> Read | None:
        """The own read of the turn in front, where there is one."""
        return None if self.turn is None else self.reads.get(self.turn)

    @property
    def draft(self) -> Draft:
        """What is said of the pair in front beside the grade."""
        read = self.read
        if read is not None:
            return Draft(read.note, read.quality, read.regions)
        return Draft() if self.turn is None else self._drafts.get(self.turn, Draft())

    @property
    def waiting(self) -> int:
        """Pairs of which something is said, and that have no grade yet."""
        return sum(turn not in self.reads and draft != Draft() for turn, draft in self._drafts.items())

    @property
    def unkept(self) -> int:
        """Pairs of which something is said that the disk did not take."""
        return sum(self._differs(turn) for turn in self._drafts)

    @property
    def why_no_ai(self) -> str:
        """Why no answer of a model can go on record as seen, and so is not shown; "" where it can."""
        if self._lib.read_only:
            return tr("this library is open for reading only: {why}", why=self._lib.read_only_reason)
        return "" if self._may_read else tr("your account may not read pairs in this library")

    @property
    def _may_read(self) -> bool:
        return self._lib.may(Act.ADJUDICATE if self.adjudicates else Act.LABEL)

    @property
    def why_not(self) -> str:
        """Why no read can be kept; "" where it can."""
        if self._lib.read_only:
            return tr(
                "no read can be kept, this library is open for reading only: {why}",
                why=self._lib.read_only_reason,
            )
        if self._lib.who != self.reader:
            return tr(
                "no read can be kept: {reader} opened this task, and {who} is the reader now",
                reader=self.reader,
                who=self._lib.who,
            )
        if not self._may_read:
            return tr("no read can be kept: your account may not do this in this library")
        return tr("no read can be kept: this task is closed") if self.task.closed else ""

    def wanted(self, ahead: int) -> tuple[str, ...]:
        """Ids of the pairs that are to be at hand, the one in front first, then those that may come next."""
        after = [place for place in self._round(self.place) if self.turns[place] not in self.reads][:ahead]
        beside = [self.place + 1, self.place - 1]
        last = [self._done[-1].place] if self._done else []
        places = [self.place, *after[:1], *beside, *last, *after[1:]]
        return tuple(dict.fromkeys(self.turns[place].pair_id for place in places if 0 <= place < len(self.turns)))

    def shown(self, sight: Sight = Sight.PICTURES) -> None:
        """The pair in front is on the screen now: from here on the seconds count, and a grade is heard."""
        self.sight, self._began = sight, self._clock()

    def others_may_show(self) -> bool:
        """Put on record that what others read of the pair in front is shown to who decides; False, and the reason said,
        where it cannot be."""
        turn = self.turn
        if turn is None:
            return False
        if turn.pair_id not in self._told:
            try:
                labelling.record_reads_shown(self._lib, turn.pair_id, task_id=self.task.id)
            except UserError as error:
                self._say(error)
                return False
            self._told.add(turn.pair_id)
        return True

    def go(self, step: int) -> bool:
        """One turn on or back, without reading; False at either end."""
        place = self.place + step
        if not 0 <= place <= len(self.turns) - (0 if self._all_read() else 1) or place == self.place:
            return False
        self._stand(place)
        return True

    # what is said

    def grade(self, grade: Grade) -> bool:
        """Give the pair in front this grade, and go on; False (and the reason said) where it was not kept."""
        if self.sight is not Sight.PICTURES:
            return False
        return self._answer(grade, None)

    def cannot(self, reason: Reason) -> bool:
        """Say why the pair in front cannot be graded, and go on.

        Where its pictures cannot be shown that is the reason, which is nobody's opinion of the pair; what was read of
        it before stays.
        """
        if self.sight is Sight.NOTHING or (self.sight is Sight.PICTURES and reason is Reason.NOT_SHOWN):
            return False
        if self.sight is Sight.BROKEN:
            reason = Reason.NOT_SHOWN
            if self.read is not None and self.read.has_voice:
                self._advance()
                return True
        return self._answer(None, reason)

    def set_note(self, note: str) -> bool:
        """The note on the pair in front; kept at once where it is read already."""
        return self._amend(note=note.strip())

    def set_quality(self, quality: Quality | None) -> bool:
        """How good the pictures are."""
        return self._amend(quality=quality)

    def cycle_quality(self) -> bool:
        """Not said, good, limited, unusable, and again."""
        order = (None, *Quality)
        return self.set_quality(order[(order.index(self.draft.quality) + 1) % len(order)])

    def add_region(self, region: Region) -> bool:
        """One more lesion was drawn."""
        return self._amend(regions=(*self.draft.regions, region))

    def drop_region(self) -> bool:
        """Take the last region away; False where there is none."""
        regions = self.draft.regions
        return bool(regions) and self._amend(regions=regions[:-1])

    def keep_drafts(self) -> bool:
        """Try once more what the disk refused of what was said beside grades; False where it still does."""
        return all(self._keep(turn) for turn in tuple(self._drafts))

    def drop_drafts(self) -> None:
        """What the disk refused is not wanted any more."""
        self._drafts = {turn: draft for turn, draft in self._drafts.items() if not self._differs(turn)}

    # taking back

    @property
    def undo_text(self) -> str:
        """What undo would take back; "" when there is nothing."""
        if self._done:
            return _plain(self._done[-1].change.text)
        last = self._last_read()
        return "" if last is None else labelling.said_of(last)

    @property
    def redo_text(self) -> str:
        """What would be done again."""
        return _plain(self._undone[-1].change.text) if self._undone else ""

    def undo(self) -> bool:
        """Take the last step back, of whichever pair it was: that pair is in front again.

        What was read before the task was opened is taken back as well, the latest first.
        """
        if self._done:
            return self._step(self._done, self._undone)
        last = self._last_read()
        if last is None:
            return False
        change = self._kept(lambda: labelling.take_back(self._lib, last))
        if change is None:
            return False
        place = self.turns.index(Turn(last.pair_id, last.turn))
        self._undone.append(_Step(place, change))
        self._follow(place, None, last)
        return True

    def redo(self) -> bool:
        """Do again what was taken back last."""
        return bool(self._undone) and self._step(self._undone, self._done)

    # how it is done

    def _answer(self, grade: Grade | None, reason: Reason | None) -> bool:
        turn, read = self.turn, self.read
        if turn is None or not self._allowed():
            return False
        if read is not None and (read.grade, read.reason) == (grade, reason):
            self._advance()  # the same once more: there is nothing to change
            return True
        given = self._kept(lambda: self._given(turn, read, grade, reason))
        if given is None:
            self._look_again()
            return False
        self._note_step(*given)
        self._drafts.pop(turn, None)
        self._advance()
        return True

    def _given(self, turn: Turn, read: Read | None, grade: Grade | None, reason: Reason | None) -> tuple[Read, Change]:
        if read is not None:
            return labelling.change_read(self._lib, read, grade=grade, reason=reason)
        draft = self.draft
        return labelling.give(
            self._lib,
            self.task.id,
            turn,
            grade=grade,
            reason=reason,
            note=draft.note,
            quality=draft.quality,
            regions=draft.regions,
            seconds=round(max(0.0, self._clock() - self._began), 2),
            adjudicates=self.adjudicates,
        )

    def _amend(self, **changes: Any) -> bool:
        """Note, quality or regions of the pair in front are others; False where they are not, or it was refused."""
        turn, read, draft = self.turn, self.read, self.draft
        new = replace(draft, **changes)
        if turn is None or new == draft or not self._allowed():
            return False
        if read is None:
            self._say_beside(turn, new)
            self._done.append(_Step(self.place, _Said(draft, new, said_in(changes))))
            self._undone.clear()
            return True
        given = self._kept(lambda: labelling.change_read(self._lib, read, **changes))
        if given is None:
            self._look_again()
            return False
        self._note_step(*given)
        return True

    def _note_step(self, read: Read, change: Change) -> None:
        self.reads[self.turns[self.place]] = read
        self._done.append(_Step(self.place, change))
        self._undone.clear()

    def _say_beside(self, turn: Turn, draft: Draft) -> None:
        """What is said of a turn without a read is this now, on disk as well; where that refuses it, it is said."""
        self._drafts[turn] = draft
        self._keep(turn)
        if draft == Draft() and not self._differs(turn):
            del self._drafts[turn]

    def _differs(self, turn: Turn) -> bool:
        return self._drafts[turn] != self._on_disk.get(turn, Draft())

    def _keep(self, turn: Turn) -> bool:
        draft = self._drafts[turn]
        if self._differs(turn) and self._lib.who == self.reader:  # else it would go on record as another one's
            try:
                said_beside.keep(self._lib, self.task.id, turn, draft, adjudicates=self.adjudicates)
            except UserError as error:
                self._say(error)
                return False
            self._on_disk[turn] = draft
        return True

    def _step(self, source: list[_Step], target: list[_Step]) -> bool:
        step = source[-1]
        turn = self.turns[step.place]
        if isinstance(step.change, _Said):
            return self._step_beside(step.place, step.change, source, target)
        before, change = self.reads.get(turn), step.change
        taken = self._kept(lambda: self._taken_back(turn, change))
        if taken is None:
            self._look_again()
            return False
        back, read = taken
        source.pop()
        target.append(_Step(step.place, back))
        self._follow(step.place, read, before)
        return True

    def _step_beside(self, place: int, said: _Said, source: list[_Step], target: list[_Step]) -> bool:
        source.pop()
        if self.turns[place] in self.reads:  # read in another window meanwhile: there is no draft any more
            return bool(source) and self._step(source, target)
        target.append(_Step(place, said.back))
        self._say_beside(self.turns[place], said.before)
        if place != self.place:
            self._stand(place)
        return True

    def _taken_back(self, turn: Turn, change: Change) -> tuple[Change, Read | None]:
        if not self.adjudicates:
            labelling.require_unseen(self._lib, turn.pair_id)
        (back,) = review.undo_all(self._lib, (change,))
        return back, labelling.read_of(self._lib, change.key)

    def _follow(self, place: int, read: Read | None, before: Read | None) -> None:
        """What is on disk of a turn after undo. What was said beside the grade is not lost with it."""
        turn = self.turns[place]
        if read is not None:
            self.reads[turn] = read
            self._drafts.pop(turn, None)
        else:
            self.reads.pop(turn, None)
            if before is not None:
                self._say_beside(turn, Draft(before.note, before.quality, before.regions))
        self._stand(place)

    def _allowed(self) -> bool:
        why_not = self.why_not
        if why_not:
            self._say(
                UserError(why_not, safe=tr("nothing was changed"), remedy=tr("choose another task, or ask who made it"))
            )
        return not why_not

    def _kept(self, act: Callable[[], Any]) -> Any:
        """What an act on the library gives; None, and the reason said, where it was refused."""
        try:
            return act()
        except UserError as error:
            self._say(error)
            return None

    def _look_again(self) -> None:
        """Something was refused: perhaps the task was closed, or read in another window. What is on disk holds."""
        try:
            task, reads = labelling.look_again(self._lib, self.task.id, adjudicates=self.adjudicates)
        except UserError as error:
            if not isinstance(error, StorageError):
                self._say(error)
            return  # a disk that gives nothing back was said already
        mine = frozenset(self.turns)
        self.task, self.reads = task, {turn: read for turn, read in reads.items() if turn in mine}
        self._done = [
            step for step in self._done if isinstance(step.change, _Said) or self.turns[step.place] in self.reads
        ]

    def _last_read(self) -> Read | None:
        """The last one on record; its time says nothing where the clock was set back."""
        return next(reversed(self.reads.values()), None)

    def _all_read(self) -> bool:
        return all(turn in self.reads for turn in self.turns)

    def _round(self, place: int) -> list[int]:
        """The other places, from the one behind `place` to the end and on from the start."""
        return [*range(place + 1, len(self.turns)), *range(min(place, len(self.turns)))]

    def _advance(self) -> None:
        """To the next turn that is not read: behind this one, else the first; behind the last where all are read."""
        after = (place for place in self._round(self.place) if self.turns[place] not in self.reads)
        self._stand(next(after, len(self.turns)))

    def _stand(self, place: int) -> None:
        self.place, self.sight = place, Sight.NOTHING


def opened(lib: Library, task_id: str, *, say: Say) -> Reading:
    """A task, on the first turn of it that is not read. Raises `UserError` where it is gone."""
    return Reading(lib, labelling.queue(lib, task_id), say=say)


def opened_to_decide(lib: Library, task_id: str, *, say: Say) -> tuple[Reading, dict[str, tuple[Read, ...]]]:
    """The pairs on which readers of a task differ, behind them those that were decided, and by pair what each said.

    Raises `UserError`, as `to_decide`.
    """
    found = to_decide(lib, task_id)
    return Reading(lib, found.queue, say=say, adjudicates=True), dict(found.reads)


class Unkept:
    """What readers said and the disk refused, as `Session` asks for it before it is lost."""

    def __init__(self, reading: Callable[[], Reading | None]) -> None:
        self._reading = reading

    @property
    def names(self) -> tuple[str, ...]:
        """A name for all of it; nothing where all is on disk."""
        reading = self._reading()
        if reading is None or not reading.unkept:
            return ()
        return (tr("note, quality or region of pairs without a grade"),)

    def save(self) -> bool:
        """Try once more; False where it was refused again."""
        reading = self._reading()
        return reading is None or reading.keep_drafts()

    def drop(self) -> None:
        """It is not wanted any more."""
        if (reading := self._reading()) is not None:
            reading.drop_drafts()


def said_in(changes: Mapping[str, Any]) -> str:
    """What a change beside the grade is called where it can be taken back."""
    names = {"note": tr("Note"), "quality": tr("Quality"), "regions": tr("Region")}
    return COMMA.join(names[name] for name in changes)


def _plain(text: str) -> str:
    return text.removeprefix(UNDO).removeprefix(REDO)
