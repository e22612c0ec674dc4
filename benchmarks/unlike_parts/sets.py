"""Sets of pictures, prepared as for an answer and kept on disk, with what the quality check says of each.

Development and test share no picture: other seeds, other women of AnnoCerv, other photographs.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.unlike_parts.pictures import DRAWN, SIDE, Pixels, crops, degraded, other_device, photographs
from benchmarks.unlike_parts.women import LOOKS, in_its_own_shape, one_photograph_a_woman
from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.domain.quality import Verdict
from pfm_desktop.domain.source import Source
from pfm_desktop.imaging.io import read_picture
from pfm_desktop.imaging.quality import assess
from pfm_desktop.jobs import Context
from pfm_desktop.pfm.training.data import PreparedSet, PreparedWriter
from pfm_desktop.support.files import write_text

VERDICTS = "verdicts.json"
LIGHTS = ("white", "fluorescence")
LIKE = ("phantoms, each source alone", "phantoms, somewhat worse")  # what must pass; all other kinds must not
CERVIX = {f"real cervix, {name}": look for name, look in LOOKS.items()}


@dataclass(frozen=True)
class Given:
    """One picture given as `light`; `grade` where it is a phantom."""

    pixels: Pixels
    light: str
    grade: Grade = GRADES[0]


@dataclass(frozen=True)
class Wanted:
    """What a run is made of. `part` 0 is for development, 1 for the test."""

    part: int
    phantoms: Path  # folder with a manifest
    seed: int
    each: int  # drawn pictures of a kind and source
    annocerv: Path | None
    pictures: Path | None


def kinds(wanted: Wanted) -> dict[str, Iterator[Given]]:
    """All sets by name; nothing is drawn before it is asked for."""
    found: dict[str, Iterator[Given]] = {
        LIKE[0]: (Given(pixels, light, grade) for pixels, light, grade in _phantoms(wanted)),
        LIKE[1]: _degraded(wanted),
        "phantoms of another device": _other_devices(wanted),
        "phantoms as the other source": (
            Given(pixels, _other(light), grade) for pixels, light, grade in _phantoms(wanted)
        ),
    }
    if wanted.annocerv is not None:
        for name, look in CERVIX.items():
            found[name] = _cervix(wanted, look)
    if wanted.pictures is not None:
        found["photographs of other things"] = _photographs(wanted)
    for number, name in enumerate(DRAWN):
        found[name] = _drawn(wanted, name, number)
    return found


def prepared(ctx: Context, folder: Path, pictures: Iterable[Given], size: int) -> tuple[PreparedSet, list[str]]:
    """The set in `folder`, made where it is not there yet, and the problems that make each poor ("" where none)."""
    if not (folder / VERDICTS).is_file():
        problems = []
        with PreparedWriter(folder, size) as writer:
            for number, given in enumerate(pictures):
                ctx.progress(number, number + 1, folder.name)
                quality = assess(given.pixels, Source(given.light))
                poor = quality.verdict is Verdict.UNUSABLE
                problems.append(", ".join(quality.problems) if poor else "")
                if f"{number}" not in writer.done:  # goes on behind what a stopped run has left
                    writer.append(
                        given.pixels if given.light == "white" else None,
                        given.pixels if given.light == "fluorescence" else None,
                        None,
                        grade=given.grade, patient=f"{number}", case=f"{number}",
                    )  # fmt: skip
        write_text(folder / VERDICTS, json.dumps(problems))
    return PreparedSet(folder), json.loads((folder / VERDICTS).read_text(encoding="utf-8"))


def _random(wanted: Wanted, *more: int) -> np.random.Generator:
    return np.random.default_rng([wanted.seed, wanted.part, *more])


def _other(light: str) -> str:
    return LIGHTS[light == LIGHTS[0]]


def _phantoms(wanted: Wanted) -> Iterator[tuple[Pixels, str, Grade]]:
    with (wanted.phantoms / "manifest.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            for light in LIGHTS:
                yield read_picture(wanted.phantoms / row[light]).pixels, light, Grade(row["grade"])


def _degraded(wanted: Wanted) -> Iterator[Given]:
    random = _random(wanted, 1)
    for pixels, light, grade in _phantoms(wanted):
        yield Given(degraded(pixels, random), light, grade)


def _other_devices(wanted: Wanted) -> Iterator[Given]:
    random = _random(wanted, 2)
    for pixels, light, grade in _phantoms(wanted):
        yield Given(other_device(pixels, light, random), light, grade)


def _drawn(wanted: Wanted, name: str, number: int) -> Iterator[Given]:
    random = _random(wanted, 3, number)
    for _ in range(wanted.each):
        for light in LIGHTS:
            yield Given(DRAWN[name](random, light), light)


def _photographs(wanted: Wanted) -> Iterator[Given]:
    random = _random(wanted, 4)
    assert wanted.pictures is not None
    for number, (_, pixels) in enumerate(photographs(wanted.pictures)):
        if number % 2 == wanted.part and min(pixels.shape[:2]) >= 160:
            for part in crops(pixels, 4, random):
                for light in LIGHTS:
                    yield Given(part, light)


def _cervix(wanted: Wanted, look: Callable[[Pixels], Pixels]) -> Iterator[Given]:
    """One photograph a woman, given as each source."""
    assert wanted.annocerv is not None
    for row in one_photograph_a_woman(wanted.annocerv, wanted.part):
        pixels = read_picture(wanted.annocerv / "images" / row["file"]).pixels
        shown = look(in_its_own_shape(pixels, row, SIDE))
        for light in LIGHTS:
            yield Given(shown, light)


def lights_of(data: PreparedSet) -> Sequence[str]:
    """As which source each picture of a set was given."""
    return [LIGHTS[0] if there else LIGHTS[1] for there in data.present[LIGHTS[0]].tolist()]
