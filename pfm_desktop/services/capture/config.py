"""The capture device of this workstation: which camera and lamp, and what they are set to. Kept per computer."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from pfm_desktop.support.files import write_text
from pfm_desktop.support.paths import user_data_dir

log = logging.getLogger(__name__)
LONGEST_TEXT = 1000  # a folder on a share may be far down
EXCITATION_NM = (300.0, 800.0)  # from near ultraviolet to near infrared; nothing else excites what is looked for
SHAPE = 0.02  # by so much the sides of two frames of one shape may differ
_MOST = 1e6  # of any number that is kept
_LEAST = 1e-9  # determinant of a map between two sensors


class Kind(StrEnum):
    """How a device gives its two sources."""

    SIMULATED = "simulated"  # plays a phantom
    ONE = "one"  # one camera, white light only
    SWITCHED = "switched"  # one camera, a lamp that is switched
    TWO = "two"  # two sensors side by side
    FOLDER = "folder"  # it saves pictures into a folder, in either light


@dataclass(frozen=True)
class LightSetting:
    """What the camera is set to in one light; None leaves it to the camera, or as it is.

    `exposure_ms` in milliseconds, `gain` in the camera's unit, `white_balance_k` in kelvin (never automatic in
    fluorescence), `excitation_nm` in nanometres; `filter` and `polariser` in the clinic's words.
    """

    exposure_ms: float | None = None
    gain: float | None = None
    white_balance_k: float | None = None
    excitation_nm: float | None = None
    filter: str = ""
    polariser: str = ""


@dataclass(frozen=True)
class DeviceConfig:
    """`camera` and `second` (the fluorescence sensor of `TWO`) are keys of `capture.found`, `lamp` a serial port; of
    `FOLDER`, `camera` is the path of its folder.

    `mm_per_px` at `calibrated_width` pixels of the frame's width; None while not calibrated. `homography` maps
    white-light pixels to those of the second sensor, 3 x 3 row by row; () where it is not known.
    """

    name: str = "Simulated device (phantom)"
    kind: Kind = Kind.SIMULATED
    camera: str = ""
    second: str = ""
    lamp: str = ""
    width: int = 1920
    height: int = 1080
    rate: float = 30.0
    white: LightSetting = field(default_factory=LightSetting)
    fluorescence: LightSetting = field(default_factory=lambda: LightSetting(excitation_nm=405.0))
    mm_per_px: float | None = None
    calibrated_width: int = 0
    calibrated_height: int = 0  # 0: not known, of a version before
    homography: tuple[float, ...] = ()

    @property
    def has_fluorescence(self) -> bool:
        """Whether a pair can be taken with it."""
        return self.kind is not Kind.ONE

    def mm_at(self, width: int, height: int) -> float | None:
        """Millimetres a pixel of a frame of this size; None while not calibrated, and for a frame of another shape: it
        shows another part of the sensor, nobody knows which."""
        if self.mm_per_px is None or self.calibrated_width <= 0 or min(width, height) <= 0:
            return None
        known = self.calibrated_height
        if known > 0 and abs(width * known - height * self.calibrated_width) > SHAPE * width * known:
            return None
        return self.mm_per_px * self.calibrated_width / width


def config_file() -> Path:
    """Where it is kept."""
    return user_data_dir() / "capture-device.json"


def load(path: Path | None = None) -> DeviceConfig:
    """The device that was chosen; the simulated one where none was, or what is kept cannot be read."""
    path = path or config_file()
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return from_table(kept)
    except FileNotFoundError:
        return DeviceConfig()
    except (OSError, ValueError, TypeError, RecursionError) as error:
        log.warning("the capture device could not be read (%s); the simulated one is used", error)
        return DeviceConfig()


def save(config: DeviceConfig, path: Path | None = None) -> None:
    """Keep it; raises `StorageError` when the disk does not take it."""
    write_text(path or config_file(), json.dumps(asdict(config), indent=2, ensure_ascii=False) + "\n")


def from_table(kept: Mapping[str, Any]) -> DeviceConfig:
    """Of what is kept; what is unknown or of another kind is left at its default. ValueError for no table at all."""
    if not isinstance(kept, Mapping):
        raise ValueError("no table")
    config = DeviceConfig()
    plain = _usable(config, kept, ("white", "fluorescence", "kind", "homography"))
    if kept.get("kind") in list(Kind):
        plain["kind"] = Kind(kept["kind"])
    for name in ("white", "fluorescence"):
        if isinstance(kept.get(name), Mapping):
            lit: LightSetting = getattr(config, name)
            plain[name] = _possible(replace(lit, **_usable(lit, kept[name], ())))
    matrix = kept.get("homography")
    if isinstance(matrix, list) and len(matrix) == 9 and all(_number(one) for one in matrix):
        a, b, c, d, e, f, g, h, i = (float(one) for one in matrix)
        if abs(a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)) > _LEAST:  # else onto a line
            plain["homography"] = (a, b, c, d, e, f, g, h, i)
    if (plain.get("mm_per_px") or 0.0) <= 0:
        plain["mm_per_px"] = None
    return replace(config, **plain)


def excites(nm: float | None) -> bool:
    """Whether that can be an excitation, or it is not known."""
    return nm is None or EXCITATION_NM[0] <= nm <= EXCITATION_NM[1]


def _possible(lit: LightSetting) -> LightSetting:
    """Without an excitation that cannot be, as a version before took it."""
    return lit if excites(lit.excitation_nm) else replace(lit, excitation_nm=None)


def _usable(default: DeviceConfig | LightSetting, kept: Mapping[str, Any], leave: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in fields(default):
        value, was = kept.get(item.name), getattr(default, item.name)
        if item.name in leave or item.name not in kept:
            continue
        if isinstance(was, str) and isinstance(value, str):
            found[item.name] = value[:LONGEST_TEXT]
        elif isinstance(was, int) and isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST:
            found[item.name] = value
        elif not isinstance(was, str | int) and (value is None or _number(value)):
            found[item.name] = None if value is None else float(value)
    return found


def _number(value: object) -> bool:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return plain and math.isfinite(value) and abs(value) <= _MOST  # type: ignore[arg-type]  # a number by now
