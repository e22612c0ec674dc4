"""Whether what was acknowledged is there, and whole."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from benchmarks.capture_fault_parts.work import Part, Picture
from pfm_desktop.imaging.pixels import pixels_sha256
from pfm_desktop.services import cases
from pfm_desktop.services.capture import clips
from pfm_desktop.services.capture.clip_reader import ClipReader
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import UserError


def lost_pictures(lib: Library, pictures: Iterable[Picture]) -> Iterator[str]:
    """What is wrong, a line for each that is not there or not whole."""
    on_record: dict[str, set[str]] = {}
    for one in pictures:
        try:
            if one.visit not in on_record:
                on_record[one.visit] = {picture.id for picture in cases.visit_case(lib, one.visit).pictures}
            if one.id not in on_record[one.visit]:
                yield f"picture {one.id} is not on record"
            elif hashlib.sha256(lib.pictures.get(one.sha256)).hexdigest() != one.sha256:
                yield f"picture {one.id} has other bytes"
            elif pixels_sha256(cases.load_picture(lib, one.id)) != one.pixels_sha256:
                yield f"picture {one.id} has other pixels"
        except UserError as error:
            yield f"picture {one.id}: {error}"


def lost_parts(lib: Library, parts: Iterable[Part]) -> Iterator[str]:
    """The same for segments."""
    by_clip: dict[str, list[Part]] = {}
    for part in parts:
        by_clip.setdefault(part.clip, []).append(part)
    for clip, own in by_clip.items():
        try:
            reader = ClipReader(lib, clip)
        except UserError as error:
            yield from (f"segment {part.number} of clip {clip}: {error}" for part in own)
            continue
        for part in own:
            try:
                yield from _of_part(reader, part)
            except UserError as error:
                yield f"segment {part.number} of clip {clip}: {error}"


def _of_part(reader: ClipReader, part: Part) -> Iterator[str]:
    place = next((place for place, one in enumerate(reader.segments) if one.number == part.number), None)
    if place is None:
        yield f"segment {part.number} of clip {part.clip} is not on record"
        return
    kept = reader.segments[place]
    if (kept.sha256, kept.frames) != (part.sha256, part.frames):
        yield f"segment {part.number} of clip {part.clip} is another one"
    for number in {reader.numbers_in(place)[0], reader.numbers_in(place)[-1]}:
        reader.pixels(number)


def clips_not_clean(lib: Library, parts: Iterable[Part]) -> Iterator[str]:
    """What is wrong with the clips of these segments as a whole, also in what was never acknowledged."""
    for clip in {part.clip: None for part in parts}:
        try:
            if not ClipReader(lib, clip).clip.closed:
                yield f"clip {clip} was left open"
            yield from clips.verify(lib, clip)
        except UserError as error:
            yield f"clip {clip}: {error}"
