"""What a camera is set to in white light and in fluorescence.

Fluorescence needs an exposure of its own, and is never balanced to white by the camera: its colours would then depend
on what is before it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pfm_desktop.capture.source import Control, Setting

KEPT_FIXED = (Control.EXPOSURE, Control.GAIN, Control.WHITE_BALANCE)


@dataclass(frozen=True)
class Presets:
    """Values of the controls for either light, None for what the camera is to choose; `set_control` sets one, as
    `Stream.set` does, and raises `CameraError`."""

    set_control: Callable[[Control, float | None], None]
    white: Mapping[Control, float | None] = field(default_factory=dict)
    fluorescence: Mapping[Control, float] = field(default_factory=dict)

    def apply(self, values: Mapping[Control, float | None] | Mapping[Control, float]) -> None:
        """Set them, one after the other. Raises `CameraError` at the first that is refused."""
        for control, value in values.items():
            self.set_control(control, value)


def presets_for(
    controls: Mapping[Control, Setting],
    set_control: Callable[[Control, float | None], None],
    fluorescence: Mapping[Control, float] | None = None,
) -> Presets:
    """Presets of a camera whose controls are set for white light now: `fluorescence` where that is given, and of the
    rest of `KEPT_FIXED` what the camera chooses itself stays as it is while fluorescence is taken.

    A control that it does not offer, or could not be set back as it does not say its value, is left alone.
    """
    before = {
        control: None if now.automatic else now.value
        for control, now in controls.items()
        if now.automatic or now.value is not None
    }
    wanted = {control: value for control, value in (fluorescence or {}).items() if control in before}
    for control in KEPT_FIXED:
        value = controls[control].value if control in controls and controls[control].automatic else None
        if value is not None:
            wanted.setdefault(control, value)
    return Presets(set_control, {control: before[control] for control in wanted}, wanted)
