"""A camera of the device with what it is set to, as far as it says; and a lamp of which is known when it was away."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from pfm_desktop.capture.lamp import Lamp, LampError, Switched
from pfm_desktop.capture.lamp_lines import FALLS_BACK_S
from pfm_desktop.capture.source import CONTROL_WORDS, CameraError, Control, Setting
from pfm_desktop.capture.status import StreamState
from pfm_desktop.capture.stream import Stream
from pfm_desktop.domain.capture import Acquisition, Light
from pfm_desktop.services.capture.config import DeviceConfig, LightSetting
from pfm_desktop.services.capture.presets import Presets, presets_for
from pfm_desktop.support.language import tr
from pfm_desktop.support.quiet import Own

log = logging.getLogger(__name__)
MOST_AWAY = 64  # switches that are remembered
COMES_S = 30.0  # a camera that was opened is awaited so long before it is set up
NEAR_S = 1.0  # what a camera chose itself so long before or after a picture is that of the picture


class Sensor:
    """`known` is what the camera said last, at `read_at`; it is asked by `refresh` and `set_up_later` only, which wait
    for it. `says` answers in its place, at once: a simulated camera knows what it is set to in each light."""

    def __init__(self, stream: Stream, says: Callable[[], Mapping[Control, Setting]] | None = None) -> None:
        self.stream, self._says = stream, says
        self.known: Mapping[Control, Setting] = {}
        self.read_at = -math.inf  # seconds of `time.monotonic`
        self.held: Mapping[Control, float] = {}  # of what was asked of it, what it took
        self.refresh()

    def refresh(self) -> None:
        """Ask the camera; where it does not answer what is known stays."""
        if self._says is not None:
            self.known, self.read_at = self._says(), time.monotonic()
        elif self.stream.status.state is StreamState.LIVE:  # else it would be waited for in vain
            with suppress(CameraError):
                self.known, self.read_at = self.stream.controls(), time.monotonic()

    def set_up_later(self, setting: LightSetting, light: Light, also: LightSetting | None = None) -> None:
        """Set it once it gives frames; the stream does so again whenever the camera is opened anew. What it does not
        take is in the note of its stream, and what it does not offer of what is `also` to be set, for another light.

        In fluorescence a white balance that the camera chooses itself is fixed where it is.
        """
        args = setting, light, also or LightSetting()
        threading.Thread(target=self._set_up, args=args, name="camera settings", daemon=True).start()

    def _set_up(self, setting: LightSetting, light: Light, also: LightSetting) -> None:
        if self.stream.wait_for(0.0, COMES_S) is None:
            return
        self.refresh()
        wanted = asked(setting)
        balance = self.known.get(Control.WHITE_BALANCE)
        if light is not Light.WHITE and balance is not None and balance.automatic and balance.value is not None:
            wanted.setdefault(Control.WHITE_BALANCE, balance.value)
        self.held, problems = set_each(self.stream.set, wanted)
        self.refresh()
        problems += [_not_offered(control) for control in asked(also) if control not in self.known]
        self.stream.note_unset(noted(problems))

    def presets(self, setting: LightSetting) -> Presets:
        """For fluorescence with a lamp that is switched, of a camera that is set for white light now."""
        return presets_for(self.known, self.stream.set, asked(setting))

    def acquisition(
        self,
        config: DeviceConfig,
        setting: LightSetting,
        light: Light,
        *,
        at: float,
        fixed: Mapping[Control, float] | None = None,
    ) -> Acquisition:
        """What is put on record of a picture taken `at` (seconds of `time.monotonic`): what it was set to (`fixed` for
        this light), else what it says, else what was asked of it and taken. What it chooses itself changes all the
        time: it is put on record where it was said near the picture."""
        known, own, near = self.known, fixed or {}, abs(at - self.read_at) <= NEAR_S
        said = {
            control: found.value if near or not found.automatic else None
            for control, found in known.items()
            if found.automatic or found.value is not None
        }
        automatic = tuple(control.value for control, found in known.items() if found.automatic and control not in own)
        had: Mapping[Control, float | None] = {**self.held, **said, **own}
        exposure, gain, balance = (
            had.get(control) for control in (Control.EXPOSURE, Control.GAIN, Control.WHITE_BALANCE)
        )
        return Acquisition(
            camera=config.name,
            light=light,
            exposure_ms=exposure,
            gain=gain,
            white_balance_k=None if Control.WHITE_BALANCE in automatic else balance,
            automatic=automatic,
            excitation_nm=setting.excitation_nm if light is Light.FLUORESCENCE else None,
            filter=setting.filter,
            polariser=setting.polariser,
        )


def asked(setting: LightSetting) -> dict[Control, float]:
    """What the clinic chose for a light."""
    chosen = {
        Control.EXPOSURE: setting.exposure_ms,
        Control.GAIN: setting.gain,
        Control.WHITE_BALANCE: setting.white_balance_k,
    }
    return {control: value for control, value in chosen.items() if value is not None}


def set_each(
    put: Callable[[Control, float], None], wanted: Mapping[Control, float]
) -> tuple[dict[Control, float], list[str]]:
    """Set all that a camera takes: what it took, and for a person why not the rest."""
    held, problems = {}, []
    for control, value in wanted.items():
        try:
            put(control, value)
            held[control] = value
        except CameraError as error:
            log.info("the camera does not take its %s: %s", Own(control), error)
            problems.append(error.sentences)
    return held, problems


def noted(problems: Iterable[str]) -> str:
    """Each once, as the note of a stream."""
    return " ".join(dict.fromkeys(problems))


def _not_offered(control: Control) -> str:
    """Of a control that is to be set for a pair: then it would be left as it is without a word."""
    return CameraError(
        tr("this camera does not let its {control} be set", control=CONTROL_WORDS[control]),
        remedy=tr("leave it as it is"),
    ).sentences


@dataclass
class WatchedLamp:
    """A lamp with which the camera is set: to what belongs to fluorescence before that is lit, and back once white
    light is. It is remembered when it was not in white light; else it is `inner`."""

    inner: Lamp
    presets: Callable[[], Presets | None]
    away: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=MOST_AWAY))
    """From when until when; until `inf` while it is."""
    _set: Presets | None = None  # to what the camera is set while it is away

    def lit_white(self, at: float, clear_s: float) -> bool:
        """Whether a frame that came at `at` (seconds of `time.monotonic`) was exposed in white light alone; `clear_s`
        after the switch back none of another light comes any more."""
        return all(not begin <= at <= end + clear_s for begin, end in tuple(self.away))

    @property
    def name(self) -> str:
        """Of the lamp."""
        return self.inner.name

    @property
    def switched(self) -> Switched | None:
        """Of the lamp."""
        return self.inner.switched

    def open(self) -> None:
        """Of the lamp."""
        self.inner.open()

    def close(self) -> None:
        """Of the lamp."""
        self.inner.close()

    def switch(self, light: Light) -> Switched:
        """See the class. Raises `LampError`, also where the camera cannot be set for fluorescence."""
        if light is not Light.WHITE:
            self._leave()
        try:
            switched = self.inner.switch(light)
        except LampError:
            if light is Light.WHITE and self._is_away:  # it goes back by itself, as the protocol has it
                self.away[-1] = (self.away[-1][0], time.monotonic() + FALLS_BACK_S)
            raise
        finally:
            if light is Light.WHITE:
                self._set_back()
        if light is Light.WHITE and self._is_away:
            self.away[-1] = (self.away[-1][0], time.monotonic())
        return switched

    @property
    def _is_away(self) -> bool:
        return bool(self.away) and self.away[-1][1] > time.monotonic()

    def _leave(self) -> None:
        begin = self.away.pop()[0] if self._is_away else time.monotonic()
        self.away.append((begin, math.inf))
        presets = self.presets() if self._set is None else None
        if presets is None:
            return
        self._set = presets
        try:
            presets.apply(presets.fluorescence)
        except CameraError as error:
            self._set_back()
            raise LampError(
                tr("the camera could not be set for fluorescence: {problem}", problem=error.what), remedy=error.remedy
            ) from error

    def _set_back(self) -> None:
        presets, self._set = self._set, None
        if presets is not None:
            try:
                presets.apply(presets.white)
            except CameraError as error:
                log.warning("the camera could not be set back for white light: %s", error)
