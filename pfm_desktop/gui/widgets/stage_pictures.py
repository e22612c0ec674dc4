"""Makes the stage's pictures ready: pyramids, brightness, and the fluorescence picture in the white-light frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from pfm_desktop.domain.source import PLACES, Source
from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.pyramid import Pyramid, build_pyramid, coarse_step, pyramid_at_once
from pfm_desktop.gui.widgets.scene import Scene
from pfm_desktop.gui.widgets.stage_prepared import PreparedPair, usable, warp_job
from pfm_desktop.jobs import Context
from pfm_desktop.viewmodels.pair_view import DisplayWindow, PairRegistration

RGB = NDArray[np.uint8]


class StagePictures(QObject):
    """Owns the scene's pictures. Pictures stand in the scene as soon as they are given; warping follows on a thread."""

    changed = Signal()
    aligned = Signal(bool)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.scene = Scene()
        self._given: dict[Source, RGB | None] = dict.fromkeys(PLACES)
        self._windows = {source: DisplayWindow() for source in PLACES}
        self._work = {source: Background(self) for source in PLACES}

    @property
    def busy(self) -> bool:
        """Whether a thread still works on a picture."""
        return any(work.busy for work in self._work.values())

    def replace(self, white: RGB | None, fluorescence: RGB | None, registration: PairRegistration | None) -> bool:
        """Other pictures, or the same with another registration; True when the pictures are others."""
        scene = self.scene
        given: dict[Source, RGB | None] = {Source.WHITE: white, Source.FLUORESCENCE: fluorescence}
        no_pair, scene.captions = scene.captions is not None, None
        others = [source for source in PLACES if no_pair or given[source] is not self._given[source]]
        fits = registration if usable(registration, white, fluorescence) else None
        if not others and fits is scene.registration:
            return False
        self._given = given
        self._windows.update(dict.fromkeys(others, DisplayWindow()))  # it was that of another picture
        scene.sizes = {source: (rgb.shape[1], rgb.shape[0]) for source, rgb in given.items() if rgb is not None}
        scene.registration = fits
        # also when only the white-light picture or the map is another: a warp under way would land in the wrong frame
        self._work[Source.FLUORESCENCE].drop()
        if Source.WHITE in others:
            self._work[Source.WHITE].drop()
            scene.white = self._at_once(Source.WHITE)
        if others or fits is None:
            scene.warped = None  # lay in the frame of another picture, or by a map that no longer holds
        self._renew_fluorescence(Source.FLUORESCENCE in others)
        return bool(others)

    def take(self, pair: PreparedPair) -> bool:
        """Pictures made ready by a thread; True when they are others, and not the same with a registration."""
        given: dict[Source, RGB | None] = {Source.WHITE: pair.white, Source.FLUORESCENCE: pair.fluorescence}
        others = any(given[source] is not self._given[source] for source in PLACES)
        for work in self._work.values():
            work.drop()
        self._given = given
        scene, warped = self.scene, pair.warped
        scene.second, scene.captions = pair.shows_second, pair.captions
        scene.sizes = pair.sizes
        scene.registration = pair.registration if warped is not None else None
        scene.white, scene.fluorescence, scene.warped, scene.pending = (
            pair.white_levels,
            pair.own_levels,
            warped,
            pair.pending,
        )
        if others and not pair.goes_on:
            self._windows = dict.fromkeys(PLACES, DisplayWindow())
        for source, window in self._windows.items():
            if not window.neutral:  # it was made ready as it is
                self._windows[source] = DisplayWindow()
                self.set_window(source, window)
        return others

    def _at_once(self, source: Source) -> Pyramid | None:
        """The picture for the next frame; of a large one a coarse view, the whole of which a thread then makes.

        A fluorescence picture that is to be warped stays coarse until it is.
        """
        rgb, window = self._given[source], _look(self._windows[source])
        if rgb is None:
            return None
        coarse = pyramid_at_once(rgb, window)
        if coarse_step(rgb) > 1 and not (source is Source.FLUORESCENCE and self.scene.registration is not None):
            self._make(source, rgb)
        return coarse

    def _make(self, source: Source, rgb: RGB) -> None:
        self._work[source].start(
            pyramid_job,
            rgb,
            _look(self._windows[source]),
            done=lambda made: self._take(source, made),
            failed=self._ignore,
        )

    def set_window(self, source: Source, window: DisplayWindow) -> None:
        """Another brightness; the picture follows when a thread has made it."""
        if window == self._windows[source]:
            return
        self._windows[source] = window
        rgb = self._given[source]
        if rgb is None:
            return
        if source is Source.FLUORESCENCE and self.scene.registration is not None:
            self._start_warp(rgb)
        else:
            self._make(source, rgb)

    def _renew_fluorescence(self, other: bool) -> None:
        scene, rgb = self.scene, self._given[Source.FLUORESCENCE]
        if rgb is None:
            scene.fluorescence = None
        elif scene.warped is None and (other or scene.fluorescence is None or scene.registration is None):
            scene.fluorescence = self._at_once(Source.FLUORESCENCE)
        scene.pending = rgb is not None and scene.registration is not None
        if rgb is not None and scene.registration is not None:
            self._start_warp(rgb)

    def _start_warp(self, rgb: RGB) -> None:
        window, size = _look(self._windows[Source.FLUORESCENCE]), self.scene.sizes[Source.WHITE]
        self._work[Source.FLUORESCENCE].start(
            warp_job, self.scene.registration, rgb, window, size, done=self._take_warped, failed=self._warp_failed
        )

    def _take(self, source: Source, made: Pyramid) -> None:
        if source is Source.WHITE:
            self.scene.white = made
        else:
            self.scene.fluorescence = made
        self.changed.emit()

    def _take_warped(self, warped: Pyramid) -> None:
        self.scene.warped, self.scene.pending = warped, False
        self.scene.fluorescence = None  # shown no more while registered: 44 MB of a 4K picture
        self.changed.emit()
        self.aligned.emit(True)

    def _warp_failed(self, _message: str) -> None:
        self.scene.registration, self.scene.warped, self.scene.pending = None, None, False
        self._renew_fluorescence(other=True)
        self.changed.emit()
        self.aligned.emit(False)

    def _ignore(self, _message: str) -> None:
        """The picture stays as it was; the log has the reason."""


def pyramid_job(ctx: Context, rgb: RGB, window: DisplayWindow | None) -> Pyramid:
    """A picture as a window shows it."""
    ctx.check()
    return build_pyramid(rgb, window)


def _look(window: DisplayWindow) -> DisplayWindow | None:
    return None if window.neutral else window
