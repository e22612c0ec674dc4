"""What is open: library, reader, settings, the visit on the desk. Every edit of the window goes through here.

No Qt: pages listen with plain functions, on the thread that edits (the GUI thread).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace
from types import TracebackType
from typing import Protocol

from pfm_desktop.domain.case import VisitRow
from pfm_desktop.domain.change import Change
from pfm_desktop.domain.labelling import AiShown
from pfm_desktop.domain.people import Account, Act
from pfm_desktop.services import accounts, at_work, cases, clock, last_seen, lock_record, on_record
from pfm_desktop.services.at_work import LeftBehind
from pfm_desktop.services.capture import clips
from pfm_desktop.services.cases import VisitCase
from pfm_desktop.services.lock_record import CHOICES, MINUTES, MODEL, SiteChoice
from pfm_desktop.storage.access import NotAllowedError
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import ModelError, UserError
from pfm_desktop.support.language import tr
from pfm_desktop.support.settings import Settings, save_settings
from pfm_desktop.viewmodels.capture_words import cut_short_words
from pfm_desktop.viewmodels.words import capital
from pfm_desktop.viewmodels.worklist import LIMIT

Edit = Callable[[Library], Change | tuple[Change, ...]]
CaseListener = Callable[[VisitCase | None], None]
DoneListener = Callable[[tuple[Change, ...]], None]
ProblemListener = Callable[[UserError], None]
SettingsListener = Callable[[Settings], None]
NO_SWITCH = tr("Cannot be switched here: the library is open for reading only, and the switch must go on record.")
NOT_YOURS = tr("Switched by clinicians only.")
MODEL_NOT_YOURS = tr("clinicians and administrators choose it")
_KEPT = {
    "model": tr("the model was not changed: {why}"),
    "lock_minutes": tr("the time to the lock was not changed: {why}"),
    "modality": tr("the kind of DICOM was not changed: {why}"),
}


class Typed(Protocol):
    """Fields whose text is kept when typing pauses (`Drafts`)."""

    @property
    def names(self) -> tuple[str, ...]:
        """What is not on disk yet."""

    def save(self) -> bool:
        """Bring it there; False where that was refused."""

    def drop(self) -> None:
        """It is not wanted any more."""


class Session:
    """One open library and one reader.

    `case` is the visit on the desk as it is on disk; after each edit it is read again and `on_case` listeners are
    called. Listeners of `on_done` get the changes that can be undone; the window's undo stack is one. Listeners of
    `on_changed` get all changes, also those that took others back; of `on_imported` all that an import made.
    """

    def __init__(self, library: Library, settings: Settings) -> None:
        self.library, self.settings = library, settings
        self.case: VisitCase | None = None
        self.on_case: list[CaseListener] = []
        self.on_done: list[DoneListener] = []
        self.on_changed: list[DoneListener] = []
        self.on_imported: list[DoneListener] = []
        self.on_problem: list[ProblemListener] = []
        self.last_problem: UserError | None = None
        self.by_itself = False  # while views hear of what nobody asked for, as a picture at a mark of the clock
        self.written_by = ""  # the long job that writes to the library just now: the window would stand until its end
        self.on_taken_back: list[ProblemListener] = []  # said before, and no longer so
        self.on_settings: list[SettingsListener] = []
        self.drafts: list[Typed] = []  # of the fields that there are
        self._quiet = False  # problems are not said: they were
        self._fallback = library.who
        library.who = self.reader
        self._ai_here = self._ai_switched_here()
        self._model_settled = False

    @property
    def account(self) -> Account | None:
        """Who is signed in; None in a library without accounts."""
        return self.library.account

    @property
    def named(self) -> str:
        """Who reads: who is signed in, or else the reader that was named in Settings, or ""."""
        return self.account.name if self.account is not None else self.settings.reader

    @property
    def reader(self) -> str:
        """The name written beside reads and signatures."""
        return self.named or self._fallback

    @property
    def unnamed(self) -> str:
        """What is said where something is put on record while no reader is named; "" once one is."""
        if self.named:
            return ""
        return tr("{name}, the name of this computer's account; set the reader's name in Settings", name=self.reader)

    def begin(self) -> LeftBehind | None:
        """Work begins; what an ending without closing left behind, None where nothing was."""
        for look in (last_seen.look, clock.look):
            with self._said():
                if text := look(self.library):
                    self.library.keep_notice(capital(text))
        with self._said():
            if text := cut_short_words(len(clips.recover(self.library))):
                self.library.keep_notice(text)
        with self._said():
            left = at_work.begin(self.library)
            last_seen.remember(self.library)
            return left
        return None

    def note_place(self) -> None:
        """Note which visit is on the desk, for after a crash; takes a write, so not on the GUI thread."""
        at_work.note_visit(self.library, self.case.visit.id if self.case is not None else "")

    def end(self, unfinished: Sequence[str] = ()) -> None:
        """Work ends as it should; `unfinished` jobs still run and will not be able to put on record how they ended."""
        with suppress(UserError):
            for title in unfinished:
                on_record.note(
                    self.library, "library", self.library.id, f"Library closed before this was done: {title}"
                )
        with suppress(UserError):  # a disk that is gone must not keep the window from closing
            at_work.end(self.library)
            last_seen.remember(self.library)

    def today(self, search: str = "") -> tuple[VisitRow, ...]:
        """Visits, newest first; every word of `search` must match."""
        return cases.today(self.library, search=search, limit=LIMIT)

    def open_visit(self, visit_id: str) -> bool:
        """Put a visit on the desk; False (and the problem said) when it cannot be read: the old one then stays."""
        with self._said():
            self._show(cases.visit_case(self.library, visit_id))
            return True
        return False

    def close_visit(self) -> None:
        """An empty desk."""
        self._show(None)

    def refresh(self) -> None:
        """Read the visit on the desk again."""
        if self.case is not None:
            self.open_visit(self.case.visit.id)

    def look_again(self) -> bool:
        """Read the visit where another program may have changed it; listeners hear only of a difference.

        False (and the problem said) when it cannot be read: what was read before then stays.
        """
        with self._said():
            if not accounts.still_there(self.library):
                raise accounts.NotActiveError(self.reader)
            found = None if self.case is None else cases.visit_case(self.library, self.case.visit.id)
            if found != self.case:
                self._show(found)
            return True
        return False

    def perform(
        self, edit: Edit, *, undoable: bool = True, quiet: bool = False, waits_s: float | None = None
    ) -> tuple[Change, ...] | None:
        """Carry out an edit: `edit(library)` returns what it changed, on disk by then.

        Views are refreshed, and the undo stack hears of it where it can be undone. None when it was refused: the
        reason goes to `on_problem` (unless `quiet`: it was said before), nothing was changed. It is refused as well
        where the library is busy for longer than `waits_s`.
        """
        before, self._quiet = self._quiet, self._quiet or quiet
        try:
            with self._said(), nullcontext() if waits_s is None else self.library.in_a_hurry(waits_s):
                return self._performed(edit, undoable=undoable)
        finally:
            self._quiet = before
        return None

    def _performed(self, edit: Edit, *, undoable: bool) -> tuple[Change, ...]:
        if self.written_by:
            raise UserError(
                tr("not now: {work}", work=self.written_by),
                safe=tr("nothing was changed"),
                remedy=tr("wait until that has ended, or stop it below; then do it again"),
            )
        made = edit(self.library)
        changes = made if isinstance(made, tuple) else (made,)
        self.tell_changed(changes, undoable=undoable)
        return changes

    @property
    def unkept(self) -> tuple[str, ...]:
        """What was typed and is not on disk, by name."""
        return tuple(name for drafts in self.drafts for name in drafts.names)

    def keep_typed(self, *, quiet: bool = False) -> tuple[str, ...]:
        """Bring all that was typed to disk; what was refused, by name (the reason is said, unless `quiet`)."""
        self._quiet, self.last_problem = quiet, None  # an older one is no reason of what is refused now
        try:
            for drafts in self.drafts:
                drafts.save()
        finally:
            self._quiet = False
        return self.unkept

    def drop_typed(self) -> None:
        """What was refused is not wanted any more."""
        for drafts in self.drafts:
            drafts.drop()

    def tell_changed(self, changes: tuple[Change, ...], *, undoable: bool = False, by_itself: bool = False) -> None:
        """Something was changed, here or by a job: views are refreshed, and undo hears where it is `undoable`.
        `by_itself`: nobody asked for it. A visit that is gone leaves the desk."""
        case = self.case
        gone = {change.key for change in changes if change.what == "visit" and change.new is None}
        self.by_itself = by_itself
        try:
            if case is not None and case.visit.id in gone:
                self.close_visit()
            else:
                self.refresh()
        finally:
            self.by_itself = False
        for listener in (*self.on_changed, *(self.on_done if undoable else ())):
            listener(changes)

    def tell_imported(self, changes: tuple[Change, ...]) -> None:
        """An import ended, and this is what it made: one step for undo."""
        for listener in tuple(self.on_imported):
            listener(changes)

    def say(self, problem: UserError) -> None:
        """Tell the user about a problem."""
        self.last_problem = problem
        if isinstance(problem, NotAllowedError):
            self.library.record_refusal(problem)
        for listener in () if self._quiet else tuple(self.on_problem):
            listener(problem)

    def take_back(self, problem: UserError) -> None:
        """What was said is no longer so."""
        for listener in tuple(self.on_taken_back):
            listener(problem)

    def change_settings(self, **changes: object) -> bool:
        """Change and keep settings; False (and the problem said) when they cannot be kept: they then stay.

        The choices of the site (`lock_record.CHOICES`) are changed only where that goes on record, and the model, the
        minutes to the lock and what DICOM calls colposcopy by clinicians and administrators.
        """
        kept = [said for key, said in _KEPT.items() if changes.get(key, was := getattr(self.settings, key)) != was]
        if kept and (why := why_not_chosen(self.library)):
            self.say(UserError(kept[0].format(why=why), safe=tr("nothing was changed")))
            return False
        return self._change_settings(**changes)

    def _change_settings(self, **changes: object) -> bool:
        with self._said():
            if self._ai_here is not None and "ai_shown" in changes:
                self._switch_ai_here(AiShown(str(changes.pop("ai_shown"))))
            new = replace(self.settings, **changes)  # type: ignore[arg-type]  # names checked by replace
            switched = [one for one in CHOICES if getattr(new, one.key) != getattr(self.settings, one.key)]
            if switched and self.why_no_switch:
                raise self._not_switched(switched[0])
            if new.model != self.settings.model:
                self._check_model(new.model)
            if not self.library.read_only:
                switched += [
                    one for one in (MODEL, MINUTES) if getattr(new, one.key) != getattr(self.settings, one.key)
                ]
            save_settings(new)
            self._record_switches(new, switched)
            self.settings = new
            self.library.who = self.reader
            for listener in tuple(self.on_settings):
                listener(new)
            return True
        return False

    @property
    def why_no_switch(self) -> str:
        """Why the choices of the site cannot be switched here; "" when they can."""
        if self.library.read_only:
            return NO_SWITCH
        return NOT_YOURS if self.library.no_editing else ""

    def _not_switched(self, choice: SiteChoice) -> UserError:
        said = tr("{choice} not switched: {why}", choice=choice.name, why=self.why_no_switch)
        return UserError(said, safe=tr("nothing was changed"))

    @property
    def ai_shown(self) -> AiShown:
        """When the site lets who reads for labels see the AI answer: in a library with accounts what was switched there
        last, whatever was chosen on this computer while another one was open."""
        return AiShown(self.settings.ai_shown) if self._ai_here is None else self._ai_here

    def _ai_switched_here(self) -> AiShown | None:
        if self.account is None:
            return None
        with suppress(UserError, ValueError):
            return AiShown(str(lock_record.on_record(self.library, lock_record.AI, switched_here=True)))
        return AiShown.HIDDEN  # until it can be read, when it is opened anew

    def _switch_ai_here(self, chosen: AiShown) -> None:
        """On record in the library; the setting of this computer stays for libraries without accounts."""
        if chosen is self._ai_here:
            return
        if self.why_no_switch:
            raise self._not_switched(lock_record.AI)
        lock_record.record_switch(self.library, lock_record.AI, chosen.value)
        self._ai_here = chosen

    def record_choices(self) -> None:
        """A library is opened for writing: what the site chose goes on record, where it was switched elsewhere."""
        if not self.library.read_only:
            with self._said():
                for choice in (*CHOICES, MODEL, MINUTES):
                    if choice is lock_record.AI and self._ai_here is not None:
                        continue  # what the library has on record holds in it
                    lock_record.record_difference(self.library, choice, getattr(self.settings, choice.key))

    def settle_model(self) -> str:
        """The model that is asked. A library is opened: one of it that is not promoted answers nothing, whatever was
        chosen elsewhere. That is looked at once, before anything is asked; what is chosen later is looked at then."""
        if not self._model_settled:
            self._model_settled = True
            self._settle_model()
        return self.settings.model

    def _settle_model(self) -> None:
        try:
            self._check_model(self.settings.model)
        except UserError as error:
            default = Settings().model
            if self._change_settings(model=default):
                self.say(
                    UserError(
                        error.what,
                        safe=tr("{model} answers now", model=default),
                        remedy=tr("choose another one in Models"),
                    )
                )

    def _check_model(self, name: str) -> None:
        """A model of this library answers only once it was promoted. One that is gone is said when it is asked."""
        from pfm_desktop.services import models
        from pfm_desktop.services.learning import records

        with suppress(ModelError):
            why = records.why_not_chosen(self.library, models.info_of(name))
            if why:
                raise UserError(why, safe=tr("{model} answers as before", model=self.settings.model))

    def _record_switches(self, new: Settings, switched: Sequence[SiteChoice]) -> None:
        """Put what was switched on record; where that fails it is taken back, and the reason goes on."""
        try:
            for choice in switched:
                lock_record.record_switch(self.library, choice, getattr(new, choice.key))
        except UserError:
            save_settings(self.settings)
            raise

    def _show(self, case: VisitCase | None) -> None:
        self.case = case
        for listener in tuple(self.on_case):
            listener(case)

    def _said(self) -> _Said:
        return _Said(self)


class _Said:
    """A `UserError` inside `with` is said and goes no further; what follows the block then runs."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, UserError):
            return False
        self._session.say(error)
        return True


def why_not_chosen(library: Library) -> str:
    """Why who is signed in does not choose model, lock and DICOM here; "" for who does."""
    may_choose = library.may(Act.EDIT_VISITS) or library.may(Act.MAINTAIN)
    return "" if may_choose else MODEL_NOT_YOURS
