"""A camera at an address in the network, through FFmpeg."""

from __future__ import annotations

import cv2

from pfm_desktop.capture import network
from pfm_desktop.capture.decoding import torn
from pfm_desktop.capture.opencv_camera import JPEGS, MOST_FAILED, MakeDriver, OpenCvCamera, make_driver
from pfm_desktop.capture.source import READ_S, CameraError, Format, NoCameraError, StalledError
from pfm_desktop.support.language import tr

OPEN_S = 5.0


class NetworkCamera(OpenCvCamera):
    """A camera at an address: rtsp, rtsps, http or https. It is never waited for longer than `OPEN_S` and `READ_S`."""

    def __init__(self, url: str, *, name: str = "", make: MakeDriver = make_driver) -> None:
        super().__init__(name or network.shown(url), url, make)
        self._url = url

    def open(self, wanted: Format | None = None) -> Format:
        """See `Camera`; what it sends is set at the camera. Raises `NoCameraError`, `DeniedError`, `BusyError`."""
        self.close()
        limits = (
            cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, round(1000 * OPEN_S), cv2.CAP_PROP_READ_TIMEOUT_MSEC, round(1000 * READ_S),
        )  # fmt: skip
        try:
            driver = self._make(self._url, cv2.CAP_FFMPEG, limits)
        except cv2.error as error:
            raise network.why_silent(self._url) from error
        if not driver.isOpened():
            driver.release()
            raise network.why_silent(self._url)
        given = self.begin(driver, cv2.CAP_FFMPEG)
        if given.coding in JPEGS:
            driver.set(cv2.CAP_PROP_FORMAT, -1.0)  # the JPEGs themselves
            given = self._format = Format(given.width, given.height, 0.0, given.coding)  # such streams say no rate
        return given

    def why_none(self, now: float) -> CameraError:
        """See `OpenCvCamera`."""
        if now - self._came > 0.9 * READ_S:
            return StalledError(tr("{name} gives no pictures", name=self.name), remedy=tr("check the network"))
        if self._format.coding in JPEGS or self._failed >= MOST_FAILED:
            return NoCameraError(
                tr("{name} ended the connection", name=self.name), remedy=tr("check that the camera is on")
            )
        return torn(tr("nothing came"))
