"""Under the timeline: what was taken last, or the clips of the visit, or its whitening."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QVBoxLayout, QWidget

from pfm_desktop.gui.pages.capture.clips_panel import ClipsPanel
from pfm_desktop.gui.pages.capture.scale_panel import ScalePanel
from pfm_desktop.gui.pages.capture.whitening_panel import WhiteningPanel
from pfm_desktop.gui.pages.capture.whitening_source import WhiteningSource
from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.panel_parts import bring_into_sight
from pfm_desktop.gui.widgets.pyramid import rgb_image
from pfm_desktop.gui.widgets.verdict_card import THUMB, VerdictCard
from pfm_desktop.imaging.screen import reduced
from pfm_desktop.services.capture.keeping import LotState
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import scale_words
from pfm_desktop.viewmodels.capture_words import unkept_words
from pfm_desktop.viewmodels.taken import card_of, missed_card

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pfm_desktop.gui.pages.capture.open_device import OpenDevice
    from pfm_desktop.gui.pages.capture.page import CapturePage
    from pfm_desktop.gui.qt_jobs import QtJobs
    from pfm_desktop.jobs import Context
    from pfm_desktop.services.capture.calibration import Calibration
    from pfm_desktop.services.capture.following import Followed, Polygon
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.viewmodels.session import Session


class SideCards(QWidget):
    """One of them is in sight. `changed` when another one is; `said(text)` for a person."""

    changed = Signal()
    said = Signal(str)

    def __init__(self, session: Session, jobs: QtJobs, page: CapturePage) -> None:
        super().__init__(page)
        self._page, self._examining = page, page.examining
        self._thumbs: tuple[int, list[QPixmap]] = 0, []  # by the number of what was taken last
        self._reducing = Background(self)  # pictures to thumbnails: the live picture goes on meanwhile
        self._visit_id, self._told = "", 0  # of which lot it was said that it is to be taken again
        self.taken, self.clips = VerdictCard(self), ClipsPanel(session, jobs, self)
        self.whitening, self.scale = WhiteningPanel(session, self), ScalePanel(self)
        self._session = session
        self._scaled: OpenDevice | None = None  # the device whose scale is measured
        self.source = WhiteningSource(session, jobs, page.recording, self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for card in self._all:
            column.addWidget(card)
            card.setVisible(card is self.taken)
        self._connect()

    @property
    def _all(self) -> tuple[QWidget, ...]:
        return self.taken, self.clips, self.whitening, self.scale

    @property
    def idle(self) -> bool:
        """Whether nothing is being read, drawn or measured."""
        return not self._reducing.busy and self.clips.idle and self.whitening.idle and self.scale.idle

    @property
    def switches(self) -> dict[str, bool]:
        """Which of the switches for them are on."""
        return {"clips": not self.clips.isHidden(), "curve": not self.whitening.isHidden()}

    @property
    def open(self) -> bool:
        """Whether something else than what was taken last is shown."""
        return self.taken.isHidden()

    def show_taken(self) -> None:
        """What was taken last."""
        self._show(self.taken)

    def toggle_clips(self) -> None:
        """The clips of the visit, or back to the live picture."""
        if not self.clips.isHidden():
            self._show(self.taken)
            return
        self._show(self.clips)
        self.clips.begin()

    def toggle_whitening(self) -> None:
        """How the cervix whitened after acetic acid, or back to the live picture."""
        if not self.whitening.isHidden():
            self._show(self.taken)
            return
        self._show(self.whitening)
        self.whitening.search()
        self.source.find(self._whitening_found)

    def calibrate(self) -> None:
        """Measure the scale on the picture of this moment, or on the one that is frozen."""
        page, case = self._page, self._session.case
        frame = page.looking.frozen or page.feed.last
        why = scale_words.why_not(
            signed=case is not None and case.signed,
            no_editing=self._session.library.no_editing,
            camera=frame is not None and self._examining.device is not None,
        )
        if why or frame is None or self._examining.device is None:
            self.said.emit(why)
            return
        self._scaled = self._examining.device
        self._show(self.scale)
        self.scale.begin(frame.pixels, self._scaled.config.mm_at(*frame.pixels.shape[1::-1]))

    def _use_scale(self, made: Calibration) -> None:
        """Keep it with the device, and use it at once."""
        from pfm_desktop.services.capture import calibration

        device = self._examining.device
        if device is None or device is not self._scaled:
            self.said.emit(scale_words.OTHER_DEVICE)
            return
        try:
            calibration.keep(made)
        except UserError as error:
            self._session.say(error)
            return
        device.config = calibration.with_scale(device.config, made)
        self.said.emit(scale_words.kept(made))
        self.show_taken()

    def _device_changed(self) -> None:
        if not self.scale.isHidden() and self._examining.device is not self._scaled:
            self.show_taken()

    def follow(self, case: VisitCase | None) -> None:
        """The visit on the desk changed, or is another one."""
        visit_id = case.visit.id if case is not None else ""
        if visit_id != self._visit_id:
            self._visit_id, self._thumbs = visit_id, (0, [])
            self._reducing.drop()
            self._show(self.taken)
            self.source.forget()
            self.whitening.forget()
        elif not self.clips.isHidden():
            self.clips.follow()
        elif not self.whitening.isHidden():
            self.whitening.kept.follow()
        self._show_last()

    def _show(self, card: QWidget) -> None:
        before = next((one for one in self._all if not one.isHidden()), self.taken)
        if before is card:
            return
        for one in self._all:
            one.setVisible(one is card)
        self._page.timeline.show_short(card is not self.taken)
        if before is self.clips:
            self.clips.end()
        elif before is self.whitening:
            self.whitening.end()
        elif before is self.scale:
            self.scale.end()
        if card is self.taken:
            self._page.take_keys()
        else:
            bring_into_sight(card)
        self.changed.emit()

    def _whitening_found(self, followed: Followed | None) -> None:
        if not self.whitening.isHidden():
            self.whitening.begin(followed, self._visit_id, self._examining.mm_per_px)

    def _show_last(self) -> None:
        """What was taken last, as it stands."""
        outcome = self._examining.outcome
        lot, news = outcome.last, outcome.news
        self._say_verdict()
        if outcome.missed is not None:
            waits = news is not None and news.state is LotState.WAITING
            unkept = unkept_words(len(outcome.waiting), news.problem) if waits and news is not None else ""
            again = bool(outcome.missed.replaces) and outcome.on_record
            self.taken.show_card(missed_card(outcome.missed.problem, unkept, again=again))
            return
        if lot is None:
            case = self._session.case
            self.taken.show_card(None, there=len(case.pictures) if case is not None else 0)
            return
        pictures: list[QPixmap] = []
        if news is not None and news.state is LotState.KEPT:  # in the library before its thumbnail shows
            if self._thumbs[0] != lot.number:
                self._thumbs = lot.number, []
                ratio, drawn = self.devicePixelRatioF(), partial(self._thumbs_came, lot.number)
                pixels = tuple(one.pixels for one in lot.pictures)
                self._reducing.start(_thumbnails, pixels, ratio, done=drawn, failed=self.said.emit)
            pictures = self._thumbs[1]
        verdict, problem = outcome.verdict
        self.taken.show_card(card_of(lot, news, verdict, problem, on_record=outcome.on_record), pictures)

    def _say_verdict(self) -> None:
        """Where the card does not show it, that the last pair is to be taken again."""
        outcome = self._examining.outcome
        lot, (verdict, _problem) = outcome.last, outcome.verdict
        hidden = self.taken.isHidden() or outcome.missed is not None
        if lot is not None and verdict is not None and not verdict.keep and hidden and self._told != lot.number:
            self._told = lot.number
            self.said.emit(tr("{verdict} (the last pair)", verdict=verdict.words))

    def _thumbs_came(self, number: int, images: tuple[QImage, ...]) -> None:
        self._thumbs = number, [QPixmap.fromImage(one) for one in images]
        self._show_last()

    def _draw(self, region: Polygon, normal: Polygon | None, over: QImage | None) -> None:
        view = self._page.view
        view.region, view.normal = region, normal or ()
        view.show_map(over, self.whitening.legend if over is not None else None)

    def _draw_scale(self, points: Polygon, line: Polygon) -> None:
        view = self._page.view
        view.points, view.region = points, line
        view.update()

    def _placed(self, points: Polygon) -> None:
        if not self.whitening.isHidden():
            self.whitening.place(points)
        elif not self.scale.isHidden():
            self.scale.place(*points[0])

    def _connect(self) -> None:
        page = self._page
        self._examining.outcome.changed.connect(self._show_last)
        self.clips.still.connect(page.looking.show_clip)
        self.whitening.still.connect(page.looking.show_whitening)
        self.whitening.drawn.connect(self._draw)
        self._examining.device_changed.connect(self._device_changed)
        self.scale.still.connect(page.looking.show_scale)
        self.scale.drawn.connect(self._draw_scale)
        self.scale.accepted.connect(self._use_scale)
        self.scale.closed.connect(self.show_taken)
        page.view.clicked.connect(lambda x, y: self._placed(((x, y),)))
        page.view.dragged.connect(lambda points: self._placed(tuple(points)))
        page.recording.changed.connect(self._clips_changed)
        for panel in (self.clips, self.whitening):
            panel.said.connect(self.said)
            panel.closed.connect(self.show_taken)
        self.source.said.connect(self.said)

    def _clips_changed(self) -> None:
        if not self.clips.isHidden():
            self.clips.follow()


def _thumbnails(_ctx: Context, pictures: tuple[NDArray[np.uint8], ...], ratio: float) -> tuple[QImage, ...]:
    """Of H x W x 3 uint8 RGB; not on the GUI thread, which it would hold up by 10 to 30 ms each."""
    width, height = round(THUMB.width() * ratio), round(THUMB.height() * ratio)
    images = tuple(rgb_image(reduced(one, width, height)) for one in pictures)
    for image in images:
        image.setDevicePixelRatio(ratio)
    return images
