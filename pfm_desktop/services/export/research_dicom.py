"""A visit of a set for research as DICOM (PS3.15 Basic Profile, by `interop.dicom.deidentify`).

Pictures, structured report and registration. Answers of a model stay out: what a model is called and what it was
trained on was typed by somebody, and may name the clinic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pfm_desktop.domain.case import Pair
from pfm_desktop.domain.source import PLACES, Source
from pfm_desktop.interop.dicom.content import PictureInfo, PinMark, ReadingContent
from pfm_desktop.interop.dicom.header import to_bytes
from pfm_desktop.interop.dicom.picture import picture_object
from pfm_desktop.interop.dicom.registration import registration_object
from pfm_desktop.interop.dicom.structured import report_object
from pfm_desktop.services.export import facts
from pfm_desktop.services.export.facts import Pixels
from pfm_desktop.services.export.folder import ExportFolder
from pfm_desktop.services.export.research_case import Moved, without_words
from pfm_desktop.support.language import tr


def write_objects(folder: ExportFolder, visit: Moved, pixels: Mapping[str, Pixels]) -> None:
    """All objects of a visit; `pixels` by the id of the picture, for each of `visit.infos`."""
    shown = _shown(visit, visit.pair)
    for picture in visit.visit.pictures:
        info = visit.infos.get(picture.id)
        if info is not None:
            partner = next((one for one in shown.values() if info in shown.values() and one != info), None)
            made = picture_object(visit.moved, info, pixels[picture.id], partner=partner)
            folder.write(visit.file(picture, dicom=True), to_bytes(made))
    for name, reading in (("structured-report", _report(visit, shown)), ("registration", _registration(visit, shown))):
        if reading is not None:
            folder.write(f"{visit.home}/{visit.code}-{name}.dcm", reading)


def _shown(visit: Moved, pair: Pair | None) -> dict[Source, PictureInfo]:
    if pair is None:
        return {}
    named = ((source, pair.picture_id(source)) for source in PLACES)
    return {source: visit.infos[picture_id] for source, picture_id in named if picture_id in visit.infos}


def _report(visit: Moved, shown: Mapping[Source, PictureInfo]) -> bytes | None:
    findings, pins = without_words(visit), _pins(visit)
    content = ReadingContent(
        made_at=visit.moved.started_at,
        pictures=tuple(shown.values()),
        places=tuple(shown),
        findings=findings if facts.said_anything(findings) else None,
        pins=pins,
        further=facts.with_pins(pins, visit.infos, shown.values()),
    )
    if not shown or not (content.findings or content.pins):
        visit.leave(tr("structured report"), tr("nothing is said of its pictures") if shown else facts.NO_PAIR)
        return None
    return to_bytes(report_object(visit.moved, content))


def _pins(visit: Moved) -> tuple[PinMark, ...]:
    """Those on pictures that go out."""
    marks = facts.pin_marks(visit.visit, visit.pair, visit.registration)
    return tuple(replace(mark, pin=replace(mark.pin, note="")) for mark in marks if mark.picture_id in visit.infos)


def _registration(visit: Moved, shown: Mapping[Source, PictureInfo]) -> bytes | None:
    registration = visit.registration
    why = facts.why_not_sent(registration) if len(shown) == len(PLACES) else tr("the pair lacks one source")
    if why or registration is None:
        visit.leave(tr("registration"), why)
        return None
    made = registration_object(
        visit.moved,
        shown[Source.WHITE],
        shown[Source.FLUORESCENCE],
        registration.summary(),
        made_at=visit.moved.started_at,
        bend_px=facts.bend_px(registration),
    )
    return to_bytes(made)
