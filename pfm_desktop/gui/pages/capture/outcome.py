"""What becomes of what was taken: its way to the library, and the verdict on a pair."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, Signal

from pfm_desktop.services.capture.keeping import Judging, Keeper, Lot, LotNews, LotState
from pfm_desktop.viewmodels import capture_words as say

if TYPE_CHECKING:
    from pfm_desktop.domain.change import Change
    from pfm_desktop.services.capture.live import Missed
    from pfm_desktop.services.capture.lots import KnowsHomography
    from pfm_desktop.viewmodels.session import Session


class Outcome(QObject):
    """`changed` when something became of what was taken `last`; `said(text)` for a person.

    Of the lots that are in the library only the last one is held: its pictures are large, and there are many of them.
    """

    changed = Signal()
    came = Signal()  # something was taken into the visit on the desk
    said = Signal(str)
    over = Signal(str)  # what was said is settled
    _told = Signal(object)
    _none = Signal(object)
    _kept = Signal(object)
    _judged = Signal(object, object, str)

    def __init__(self, session: Session, device: KnowsHomography, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._device = session, device
        self.last: Lot | None = None
        self.missed: Missed | None = None  # since then nothing came of what was asked for
        self._news: LotNews | None = None
        self._verdict: tuple[Any, str] = None, ""
        self._unkept: list[str] = []  # what was said of those that wait
        self._on_their_way: set[int] = set()  # numbers of those of which the window has not heard the end
        self._keeper = Keeper(self._keep, self._kept.emit)
        self._judging: Judging | None = None
        for signal, slot in (
            (self._told, self._lot_taken),
            (self._none, self._nothing_taken),
            (self._kept, self._lot_kept),
            (self._judged, self._lot_judged),
        ):
            signal.connect(slot, Qt.ConnectionType.QueuedConnection)

    def took(self, lot: Lot) -> None:
        """Something was taken; on any thread. It is on its way to the library at once, whatever the window does."""
        self._on_their_way.add(lot.number)
        self._told.emit(lot)
        self._keeper.put(lot)

    def took_nothing(self, missed: Missed) -> None:
        """What was asked for could not be taken; on any thread."""
        self._none.emit(missed)

    @property
    def idle(self) -> bool:
        """Whether all that was taken is in the library, or was given up."""
        return not self._on_their_way

    def forget(self) -> None:
        """Another visit is on the desk: what was taken before is not shown there, and goes its way."""
        self.last, self._news, self._verdict, self.missed = None, None, (None, ""), None

    @property
    def waiting(self) -> tuple[Lot, ...]:
        """What is not in the library yet."""
        return self._keeper.waiting

    @property
    def news(self) -> LotNews | None:
        """How the last one stands. Where one before it is refused by the library it waits for the same reason."""
        problem, news = self._keeper.problem, self._news
        if news is not None and news.state is LotState.KEEPING and problem and self._keeper.waiting:
            return LotNews(news.lot, LotState.WAITING, problem=problem)
        return news

    @property
    def verdict(self) -> tuple[Any, str]:
        """That on the last pair (None while there is none), and why there will be none."""
        return self._verdict

    @property
    def on_record(self) -> bool:
        """Whether the pictures taken last stand in the visit; not those that were taken off the record."""
        case, news = self._session.case, self._news
        if case is None or news is None or news.kept is None:
            return False
        return {one.id for one in news.kept.pictures} <= {one.id for one in case.pictures}

    def settle(self, seconds: float) -> bool:
        """Try what waits at once, and wait for the answer of the library; whether all is there."""
        return not self._keeper.waiting or self._keeper.settle(seconds)

    def drop(self) -> None:
        """What waits is not wanted any more."""
        self._keeper.drop()

    def stop(self) -> tuple[Lot, ...]:
        """The library is about to be closed; what could not be kept comes back."""
        if self._judging is not None:
            self._judging.stop()
        return self._keeper.stop()

    def _keep(self, lot: Lot) -> Any:
        """On the keeper's thread."""
        from pfm_desktop.services.capture import lots

        return lots.keep(self._session.library, lot)

    def _nothing_taken(self, missed: Missed) -> None:
        if self._is_here(missed):
            self.missed = missed
            self.changed.emit()

    def _lot_taken(self, lot: Lot) -> None:
        if not self._is_here(lot):
            return
        self.last, self._news, self._verdict = lot, LotNews(lot, LotState.KEEPING), (None, "")
        self.missed = None
        self.came.emit()
        if lot.pair:
            if self._judging is None:
                from pfm_desktop.services.capture import lots

                self._judging = Judging(lots.judge_with(self._device), self._judged.emit)
            self._judging.put(lot)
        self.changed.emit()

    def _lot_kept(self, news: LotNews) -> None:
        if news.lot is self.last:
            self._news = news
        if news.state in (LotState.KEPT, LotState.DROPPED):
            self._on_their_way.discard(news.lot.number)
        if news.state is LotState.KEPT and news.kept is not None:
            self._tell(news.lot, news.kept.changes)
        elif news.state is LotState.WAITING and news.lot is not self.last:
            self._say_unkept(news.problem)
        if not self._keeper.waiting:
            self._take_back()
        self.changed.emit()

    def say_again(self) -> None:
        """Another visit is on the desk, and some wait all the same."""
        if self._keeper.waiting:
            self._say_unkept(self._keeper.problem)

    def _say_unkept(self, problem: str) -> None:
        self._take_back()
        count = sum(len(lot.pictures) for lot in self._keeper.waiting)
        self._unkept.append(say.unkept_words(count, problem))
        self.said.emit(self._unkept[-1])

    def _take_back(self) -> None:
        said, self._unkept = self._unkept, []
        for text in said:
            self.over.emit(text)

    def _tell(self, lot: Lot, changes: tuple[Change, ...]) -> None:
        """Undo is of what a person did: what took itself meanwhile is not in its way."""
        self._session.tell_changed(changes, undoable=not lot.by_itself, by_itself=lot.by_itself)
        if lot.replaces:
            from pfm_desktop.services import removal

            self._session.perform(lambda lib: removal.remove_pictures(lib, lot.replaces))

    def _lot_judged(self, lot: Lot, verdict: Any, problem: str) -> None:
        if (found := getattr(verdict, "found_map", None)) is not None:
            self._device.learn_map(found)
        if lot is self.last:
            self._verdict = verdict, problem
            self.changed.emit()

    def _is_here(self, lot: Lot | Missed) -> bool:
        """Whether it is of the visit on the desk."""
        case = self._session.case
        return case is not None and case.visit.id == lot.visit_id
