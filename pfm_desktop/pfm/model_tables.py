"""What the tables of `model.toml` must hold before a model may answer, and the digest over them. No torch here.

A calibration that is missing or out of range still gives numbers that look like an answer, so nothing is filled in.
The digest finds what was altered by accident or by hand; it is no signature, as whoever knows how can make it again.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import math
import re
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pfm_desktop.domain.grade import GRADES
from pfm_desktop.support.errors import ModelError
from pfm_desktop.support.language import tr

INTEGRITY, DIGEST = "integrity", "table_sha256"
NAME = re.compile(r"\w[\w.-]{0,63}")
VERSION = re.compile(r"\w[\w.+-]{0,63}")
HASH = re.compile(r"[0-9a-f]{64}")
LONGEST = 300  # letters of a sentence that stands beside every answer
BOTH, ALONE = "both", "alone_"  # keys of `calibration`, beside the names of the sources
LAYER_CAM, CLASS_MAP = "layer_cam", "class_map"  # `method` of `heatmap`; see `pfm.heatmaps`
STRONG = "strong"  # of `heatmap`: where the scale of class maps ends
STRENGTHS = (1e-3, 1e4)
TEMPERATURES = (0.01, 100.0)  # least and most; fitting stays within 0.05 and 20
MOST_OFFSET = 20.0  # nats; fitting stays within 6
MOST_MEAN = 100.0  # of an intensity, which lies between 0 and 3
DEVIATIONS = (1e-4, 100.0)
MOST_FEATURES = 256  # of one source; the widest network has 2 x 96
DISTANCES = (1e-3, 1e6)
DEVICES = "devices"  # of `normalisation` of a source: colours of the devices that a model knows (`pfm.colours`)
MOST_DEVICES = 8
_COLOURS = {"covariance": 9, "about": 6, "spread": 36}  # numbers of one device


def digest_of(table: Mapping[str, Any]) -> str:
    """SHA-256 over all tables but `integrity`: their content, not how the file is written."""
    content = {key: value for key, value in table.items() if key != INTEGRITY}
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=True, default=str).encode()).hexdigest()


def combinations_of(sources: Sequence[str]) -> tuple[str, ...]:
    """Keys of `calibration` that a model of these sources is asked for."""
    if len(sources) < 2:
        return tuple(str(source) for source in sources)
    return (BOTH, *(str(source) for source in sources), *(f"{ALONE}{source}" for source in sources))


def checked(value: Any, allowed: re.Pattern[str], what: str) -> str:
    """A name, version or hash; raises `ValueError` for one that has other letters than it may."""
    if not isinstance(value, str) or not allowed.fullmatch(value):
        raise ValueError(f"{what} {str(value)[:64]!r} has letters that it may not have, or too many")
    return value


def sentence(value: Any, what: str) -> str:
    """Words of one line that stand beside an answer; raises `ValueError`."""
    if not isinstance(value, str) or len(value) > LONGEST or not value.isprintable():
        raise ValueError(f"{what} is not one line of at most {LONGEST} letters")
    return value


def yes_or_no(value: Any, what: str) -> bool:
    """Raises `ValueError` for anything but true and false."""
    if not isinstance(value, bool):
        raise ValueError(f"{what} is neither true nor false")
    return value


def heatmap_method(table: Mapping[str, Any]) -> str:
    """How the model's heatmaps are drawn: `LAYER_CAM` or `CLASS_MAP`; raises `ModelError` for another way."""
    method = table.get("method", LAYER_CAM)
    if method not in (LAYER_CAM, CLASS_MAP):
        raise ModelError(
            tr("the model's heatmaps are drawn by {method}", method=repr(method)[:40]),
            remedy=tr("update the program to read this model"),
        )
    return str(method)


def check_heatmap(table: Mapping[str, Any], sources: Sequence[str]) -> None:
    """The method, and where there is `strong`, of class maps only, a number for low, high and cancer of every source.

    Raises `ModelError` for an unknown method, else `ValueError`.
    """
    method = heatmap_method(table)
    if STRONG not in table:
        return
    if method != CLASS_MAP:
        raise ValueError(f"heatmaps that are drawn by {method} have no scale of the model")
    strong = _part(table, STRONG, "the heatmap")
    if unknown := [str(source)[:64] for source in strong if source not in [str(known) for known in sources]]:
        raise ValueError(f"the strength of the heatmaps of {unknown[0]!r} is of no source of this model")
    for source in map(str, sources):
        what = f"the strength of the heatmaps of {source}"
        for value in _numbers(strong, source, len(GRADES) - 1, "the heatmap"):
            _within(value, STRENGTHS, what)


def heatmap_strengths(table: Mapping[str, Any]) -> dict[str, tuple[float, ...]]:
    """By source for low, high and cancer, of a table that `check_heatmap` found whole; empty where it keeps none."""
    return {source: tuple(map(float, values)) for source, values in table.get(STRONG, {}).items()}


def check_normalisation(table: Mapping[str, Any], sources: Sequence[str]) -> None:
    """`mean` and `std` of three channels for each source, and `devices` where there are any; raises `ValueError`."""
    for source in dict.fromkeys((*map(str, sources), *table)):
        part = _part(table, source, "the normalisation")
        for value in _numbers(part, "mean", 3, f"the normalisation of {source}"):
            _within(value, (-MOST_MEAN, MOST_MEAN), f"a mean of {source}")
        for value in _numbers(part, "std", 3, f"the normalisation of {source}"):
            _within(value, DEVIATIONS, f"a standard deviation of {source}")
        _check_devices(part.get(DEVICES, []), str(source))


def _check_devices(devices: Any, source: str) -> None:
    if not isinstance(devices, list | tuple) or len(devices) > MOST_DEVICES:
        raise ValueError(f"the devices of {source} are not a list of at most {MOST_DEVICES}")
    for device in devices:
        what = f"the colours of a device of {source}"
        if not isinstance(device, Mapping):
            raise ValueError(f"{what} are missing")
        for key, count in _COLOURS.items():
            values = _numbers(device, key, count, what)
            for value in values:
                _within(value, (-MOST_MEAN, MOST_MEAN), f"{key} of {what}")
            if key != "about" and np.linalg.eigvalsh(_square(values)).min() < -1e-6:
                raise ValueError(f"{key} of {what} is none")
        cases = device.get("cases")
        if isinstance(cases, bool) or not isinstance(cases, int) or not 0 < cases < 10**12:
            raise ValueError(f"{what} do not say how many cases they are from")


def _square(values: Sequence[float]) -> np.ndarray[Any, np.dtype[np.float64]]:
    matrix = np.reshape(values, (math.isqrt(len(values)), -1))
    return np.asarray((matrix + matrix.T) / 2, np.float64)


def check_calibration(table: Mapping[str, Any], sources: Sequence[str], *, needed: bool) -> None:
    """All that is there, and with `needed` one for each combination that is asked; raises `ValueError`."""
    for name in dict.fromkeys((*(combinations_of(sources) if needed else ()), *table)):
        part, what = _part(table, name, "the calibration"), f"the calibration of {name}"
        _within(_number(part.get("temperature"), f"{what} (temperature)"), TEMPERATURES, f"the temperature of {name}")
        for value in _numbers(part, "offsets", len(GRADES), what):
            _within(value, (-MOST_OFFSET, MOST_OFFSET), f"an offset of {name}")
        for value in _numbers(part, "thresholds", len(GRADES), what):
            if not 0 < value <= 1:
                raise ValueError(f"a threshold of {name} is {value:g}, which must be above 0 and at most 1")
        cases = part.get("cases")
        if isinstance(cases, bool) or not isinstance(cases, int) or not 0 <= cases < 10**12:
            raise ValueError(f"{what} does not say how many cases it is from")


def check_familiarity(table: Mapping[str, Any], sources: Sequence[str]) -> None:
    """What `familiarity` reads of each source that is there; none needs to be. Raises `ValueError`."""
    for source in table:
        if source not in [str(known) for known in sources]:
            raise ValueError(f"the familiarity of {str(source)[:64]!r} is of no source of this model")
        part, what = _part(table, source, "the familiarity"), f"the familiarity of {source}"
        _within(_number(part.get("threshold"), f"{what} (threshold)"), DISTANCES, f"the threshold of {source}")
        width = len(_singles(part.get("mean"), f"{what} (mean)", most=MOST_FEATURES))
        whitening = _singles(part.get("whitening"), f"{what} (whitening)", most=MOST_FEATURES**2)
        if not width or len(whitening) != width**2:
            raise ValueError(f"{what} has {len(whitening)} numbers for {width} features")
        if any(not any(whitening[row * width : (row + 1) * width]) for row in range(width)):
            raise ValueError(f"{what} leaves a feature out: nothing would be called unlike")
        cases = part.get("cases")
        if isinstance(cases, bool) or not isinstance(cases, int) or not 0 < cases < 10**12:
            raise ValueError(f"{what} does not say how many cases it is from")


def _singles(text: Any, what: str, *, most: int) -> tuple[float, ...]:
    """32-bit numbers packed as base64."""
    if not isinstance(text, str) or len(text) > 6 * most:  # 4 bytes in 16/3 letters each
        raise ValueError(f"{what} is missing or too long")
    try:
        packed = base64.b64decode(text, validate=True)
        values: tuple[float, ...] = struct.unpack(f"<{len(packed) // 4}f", packed)
    except (binascii.Error, ValueError, struct.error) as error:
        raise ValueError(f"{what} is damaged") from error
    if not all(map(math.isfinite, values)):
        raise ValueError(f"{what} holds something that is no number")
    return values


def _part(table: Mapping[str, Any], name: str, what: str) -> Mapping[str, Any]:
    part = table.get(name)
    if not isinstance(part, Mapping):
        raise ValueError(f"{what} of {name} is missing")
    return part


def _numbers(table: Mapping[str, Any], key: str, count: int, what: str) -> list[float]:
    values = table.get(key)
    if not isinstance(values, list | tuple) or len(values) != count:
        raise ValueError(f"{what} needs {count} numbers for {key}")
    return [_number(value, f"{what} ({key})") for value in values]


def _number(value: Any, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e300 or not math.isfinite(value):
        raise ValueError(f"{what} holds something that is no number")
    return float(value)


def _within(value: float, range_: tuple[float, float], what: str) -> None:
    if not range_[0] <= value <= range_[1]:
        raise ValueError(f"{what} is {value:g}, which must lie between {range_[0]:g} and {range_[1]:g}")
