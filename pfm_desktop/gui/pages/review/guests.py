"""What may be on the stage instead of the pair that is read: two visits beside each other, or a sequence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from pfm_desktop.gui.pages.review.comparing import Comparing
from pfm_desktop.gui.pages.review.loan import StageLoan
from pfm_desktop.gui.pages.review.playing import Playing
from pfm_desktop.gui.qt_jobs import QtJobs
from pfm_desktop.viewmodels import comparing, playing

if TYPE_CHECKING:
    from pfm_desktop.gui.pages.review.pictures import PicturesArea
    from pfm_desktop.gui.widgets.stage import StageWidget
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.viewmodels.review import Desk
    from pfm_desktop.viewmodels.session import Session


@dataclass(frozen=True)
class Host:
    """What the page tells: its desk; why the stage is not free otherwise; `once_loaded(command)`, which keeps a command
    while pictures load; `refuse(why)`, which says why not."""

    desk: Callable[[], Desk]
    why_busy: Callable[[], str]
    once_loaded: Callable[[Callable[[], None]], bool]
    refuse: Callable[[Callable[[], str]], bool]


class StageGuests(QObject):
    """One of them at a time; the pair comes back as it was. Nothing that they do changes the library."""

    def __init__(
        self,
        session: Session,
        jobs: QtJobs,
        stage: StageWidget,
        load: Callable[[str], Any],
        host: Host,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session, self._stage, self._host = session, stage, host
        self.loan = StageLoan(stage, self)
        self.comparing = Comparing(session, jobs, stage, self.loan, load, self)
        self.playing = Playing(session, jobs, stage, self.loan, self)

    @property
    def active(self) -> bool:
        """Whether one of them is on the stage."""
        return self.loan.active

    @property
    def why(self) -> str:
        """Why nothing can be marked or read just now, on the stage or beside it; "" while the pair is there."""
        return self.loan.why

    @property
    def idle(self) -> bool:
        """Whether nothing is still to come."""
        return self.comparing.idle and self.playing.idle

    def take_place(self, pictures: PicturesArea) -> None:
        """Where earlier pictures are chosen, and the buttons that begin it all."""
        pictures.take_in(self.comparing.picker)
        self.comparing.opened.connect(pictures.show_picker)
        self.comparing.began.connect(pictures.make_room)
        pictures.covered.connect(self.comparing.leave)
        pictures.compare_asked.connect(self.compare_visits)
        pictures.play_asked.connect(self.play_sequence)
        pictures.filmstrip.clip_asked.connect(self.play_clip)
        self.playing.at.connect(lambda picture_id: pictures.filmstrip.set_on_stage([picture_id]))

    # ---- commands

    def compare_visits(self) -> None:
        """Choose an earlier visit's picture, or leave the comparison."""
        if self._host.once_loaded(self.compare_visits) or self._host.refuse(self.why_no_comparing):
            return
        self._end_player()
        self.comparing.open(self._host.desk().pair)

    def play_sequence(self) -> None:
        """Play the pictures after acetic acid, or leave the player."""
        if self.playing.begun:
            self.playing.leave()
        elif not (self._host.once_loaded(self.play_sequence) or self._host.refuse(self.why_no_playing)):
            self._play(playing.acetic_plan)

    def play_clip(self, clip_id: str) -> None:
        """Play a clip of the visit."""
        again = partial(self.play_clip, clip_id)
        if not (self._host.once_loaded(again) or self._host.refuse(self._why_no_clip)):
            self._end_player()
            self._play(lambda case: playing.Plan(case.visit.id, clip_id=clip_id))

    def flick(self) -> None:
        """The other picture; in the player, play or pause."""
        if self.playing.active:
            self.playing.toggle()
        else:
            self._stage.commands.flick()

    def give_back(self) -> None:
        """The pair comes back onto the stage."""
        self._end_player()
        if self.comparing.active:
            self.comparing.leave()

    # ---- the visit

    def drop(self) -> None:
        """All of it goes without bringing the pair back: another one comes."""
        self.comparing.drop()
        self.playing.drop()
        self.loan.drop()

    def follow(self, case: VisitCase | None) -> None:
        """The visit changed."""
        self.comparing.follow(case)
        self.playing.follow(case)

    def allow(self, pictures: PicturesArea) -> None:
        """Switch the buttons on, or off with the reason why."""
        pictures.allow_comparing(self.why_no_comparing())
        pictures.allow_playing(self.why_no_playing())

    def why_no_comparing(self) -> str:
        """Why no other visit can be put beside this one; "" when one can."""
        return self._host.why_busy() or comparing.why_not(self._session.case, self._host.desk().pair)

    def why_no_playing(self) -> str:
        """Why there is no sequence to play; "" when there is one."""
        return self._host.why_busy() or playing.why_not(self._session.case, self._host.desk().pair)

    def _why_no_clip(self) -> str:
        return self._host.why_busy() or ("" if self._host.desk().pair is not None else playing.NO_PAIR)

    def _play(self, plan_of: Callable[[VisitCase], playing.Plan]) -> None:
        case = self._session.case
        if case is not None:
            self.comparing.leave()
            self.playing.begin(plan_of(case))

    def _end_player(self) -> None:
        if self.playing.begun:
            self.playing.leave()
