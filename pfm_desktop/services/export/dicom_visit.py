"""A visit as a folder of DICOM files, with the patient's name, for an archive (PACS) or another clinic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pfm_desktop.domain.case import Pair, Picture
from pfm_desktop.domain.prediction import FUSED, OTHER_PAIR
from pfm_desktop.domain.source import PLACES, Source
from pfm_desktop.interop.dicom.content import Modality, PictureInfo, ReadingContent, StudyInfo
from pfm_desktop.interop.dicom.document import pdf_object
from pfm_desktop.interop.dicom.header import to_bytes
from pfm_desktop.interop.dicom.overlay import overlay_object
from pfm_desktop.interop.dicom.picture import picture_object
from pfm_desktop.interop.dicom.registration import registration_object
from pfm_desktop.interop.dicom.structured import report_object
from pfm_desktop.jobs import Context, SilentContext
from pfm_desktop.services import burned_in
from pfm_desktop.services.capture.records import acquisitions
from pfm_desktop.services.export import facts
from pfm_desktop.services.export.facts import LeftOut
from pfm_desktop.services.export.folder import Begun, ExportFolder, export_folder
from pfm_desktop.services.export.visits import NOTHING, check_may_leave, each_visit, named_visits
from pfm_desktop.services.pairing import default_pair
from pfm_desktop.storage import answers
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.services.engine import PairAnswer, PairPictures
    from pfm_desktop.storage.library import Library

NOT_REVEALED = tr("it was not revealed in this visit")
UNASSIGNED = tr("nobody has said it yet: the files call her Unassigned, and after she is known they are other ones")
NOT_KEPT = tr("the answer that was revealed is not kept")


@dataclass(frozen=True)
class DicomExport:
    """What was written: a folder with one folder a visit. `files` counts them, without the folders."""

    folder: Path
    visits: int
    files: int
    left_out: tuple[LeftOut, ...]


def export_dicom(
    ctx: Context, lib: Library, visits: Sequence[str], out: Path, *, modality: Modality = Modality.PHOTOGRAPHY
) -> DicomExport:
    """Job: write visits (ids, or their beginnings) as DICOM into the new or empty folder `out`, all or none.

    Pictures; what is said of the visit; of the pair that opens, or was signed: registration, and the answer if it was
    revealed and is kept; of a signed visit its report. What is not there is in `left_out`. Raises `NotAllowedError`,
    `StorageError` (read-only library, full disk, lost picture), `BadInputError` (no such visit, folder not empty, a
    name that DICOM cannot hold) and `Cancelled`; nothing is left then.
    """
    check_may_leave(lib)
    rows = named_visits(lib, visits)
    if not rows:
        raise BadInputError(tr("no visit was named"), safe=NOTHING, remedy=tr("name at least one"))
    left: list[LeftOut] = []
    ids = [row.visit.id for row in rows]  # who went out with her name must be known later
    key = ids[0] if len(ids) == 1 else "dicom"
    named = {"format": "dicom", "visits": len(ids), "visit_ids": ids}
    with export_folder(lib, out, Begun(key, "as DICOM, with names", named)) as folder:
        for case in each_visit(ctx, lib, rows):
            left += _Writing(ctx, lib, case, folder, modality).write()
        if not folder.files:
            raise BadInputError(
                tr("there is nothing in these visits that can be exported"),
                safe=NOTHING,
                remedy=tr("add pictures first"),
            )
        folder.finish(key, "Exported as DICOM, with names", {**named, "files": folder.files})
    return DicomExport(folder.out, len(rows), folder.files, tuple(left))


def visit_folder(visit_id: str) -> str:
    """What the folder of a visit is called: nothing that tells who she is."""
    return f"visit-{visit_id[:12]}"


class _Writing:
    """One visit on its way into a folder; notes what is left out."""

    def __init__(self, ctx: Context, lib: Library, case: VisitCase, folder: ExportFolder, modality: Modality) -> None:
        self.ctx, self.lib, self.case, self.folder, self.modality = ctx, lib, case, folder, modality
        self.study: StudyInfo = facts.study_of(case)
        self.pair: Pair | None = default_pair(case)
        self.infos: dict[str, PictureInfo] = {}
        self.left: list[LeftOut] = []

    def write(self) -> list[LeftOut]:
        """All of the visit; what was left out."""
        if self.case.patient.unassigned:
            self._leave(tr("who the woman is"), UNASSIGNED)
        self._pictures()
        self._reading()
        return [*self.left, *facts.of_report_alone(self.lib, self.case)]

    def _pictures(self) -> None:
        numbers = facts.numbers_of(self.case.pictures)
        how = acquisitions(self.lib, self.case.visit.id)
        drawn = burned_in.said_of(self.lib, [picture.id for picture in self.case.pictures])
        for place, picture in enumerate(self.case.pictures, start=1):
            self.ctx.check()
            pixels, lossy = facts.read_pixels(self.lib, picture)
            said = True if picture.id in drawn else None  # of the others nobody said anything
            info = facts.picture_info(
                picture, pixels, lossy, numbers[picture.id], burned_in=said, acquisition=how.get(picture.id)
            )
            self.infos[picture.id] = info
            partner = self._partner(picture)
            made = picture_object(self.study, info, pixels, partner=partner, modality=self.modality)
            self._put(f"picture-{place:02d}-{picture.stage.value}", to_bytes(made))
        if not self.case.pictures:
            self._leave(tr("pictures"), tr("there are none"))

    def _partner(self, picture: Picture) -> PictureInfo | None:
        """The other picture of the pair that opens, as far as DICOM needs it to refer to it."""
        pair = self.pair
        if pair is None or picture.id not in (pair.white_id, pair.fluorescence_id):
            return None
        other = self.case.picture(pair.fluorescence_id if picture.id == pair.white_id else pair.white_id)
        if other is None:
            return None
        return PictureInfo(other.id, other.stage, other.taken_at, other.width, other.height)

    def _reading(self) -> None:
        """What is said of the pair that opens."""
        from pfm_desktop.services.engine import load_pair

        pictures = load_pair(SilentContext(), self.lib, self.pair.id) if self.pair is not None else None
        answer = self._answer(pictures)
        if pictures is not None:
            self._structured(pictures, answer)
            self._registration(pictures)
            if answer is not None:
                self._overlay(pictures, answer)
        else:
            self._leave(tr("structured report and registration"), facts.NO_PAIR)
        self._document(pictures, answer)

    def _answer(self, pictures: PairPictures | None) -> PairAnswer | None:
        if pictures is None:
            return None
        found, why = self._revealed_answer(pictures)
        if found is None:
            self._leave(tr("AI answer"), why)
        return found

    def _revealed_answer(self, pictures: PairPictures) -> tuple[PairAnswer | None, str]:
        """The kept answer that was revealed, or why not: one that nobody was shown would spoil the first read."""
        from pfm_desktop.services.engine import kept_answer

        revealed = self.case.revealed_model
        if not self.case.findings.revealed:
            return None, NOT_REVEALED
        if revealed is not None and revealed.pair_id not in ("", pictures.pair.id):
            return None, OTHER_PAIR
        known = answers.models_that_answered(self.lib, pictures.pair.id)
        asked = known[:1] if revealed is None else (revealed.sha256,)
        return next((kept_answer(self.lib, pictures, sha256) for sha256 in asked), None), NOT_KEPT

    def _shown(self, pictures: PairPictures) -> dict[Source, PictureInfo]:
        pair = pictures.pair
        named = ((source, pair.picture_id(source)) for source in PLACES)
        return {source: self.infos[picture_id] for source, picture_id in named if picture_id in self.infos}

    def _structured(self, pictures: PairPictures, answer: PairAnswer | None) -> None:
        findings, shown = self.case.findings, self._shown(pictures)
        pins = facts.pin_marks(self.case, pictures.pair, pictures.registration)
        content = ReadingContent(
            made_at=facts.said_at(self.lib, self.case),
            pictures=tuple(shown.values()),
            places=tuple(shown),
            findings=findings if facts.said_anything(findings) else None,
            analysis=answer.analysis if answer is not None else None,
            pins=pins,
            further=facts.with_pins(pins, self.infos, shown.values()),
        )
        if content.findings or content.analysis or content.pins:
            made = report_object(self.study, content, modality=self.modality)
            self._put("structured-report", to_bytes(made))
        else:
            self._leave(tr("structured report"), tr("nothing is said of this visit yet"))

    def _registration(self, pictures: PairPictures) -> None:
        registration, shown = pictures.registration, self._shown(pictures)
        if len(shown) < len(PLACES):
            return self._leave(tr("registration"), tr("the pair lacks one source"))
        why = facts.why_not_sent(registration)
        if why or registration is None:
            return self._leave(tr("registration"), why)
        kept = answers.registration(self.lib, pictures.pair.id)
        made = registration_object(
            self.study,
            shown[Source.WHITE],
            shown[Source.FLUORESCENCE],
            registration.summary(),
            made_at=kept.made_at if kept is not None else self.study.started_at,
            bend_px=facts.bend_px(registration),
            modality=self.modality,
        )
        return self._put("registration", to_bytes(made))

    def _overlay(self, pictures: PairPictures, answer: PairAnswer) -> None:
        from pfm_desktop.services.report_pictures import overlay

        analysis, shown = answer.analysis, self._shown(pictures)
        below = pictures.white if analysis.frame is Source.WHITE else pictures.fluorescence
        if analysis.prediction is None or FUSED not in analysis.heatmaps or below is None:
            why = (
                tr("no answer was given: {reason}", reason=analysis.refused.reason)
                if analysis.refused
                else tr("it has none")
            )
            return self._leave(tr("heatmap"), why)
        used = [shown[source] for source in (analysis.frame, *PLACES) if source in shown]
        made = overlay_object(
            self.study,
            tuple(dict.fromkeys(used)),
            overlay(below, analysis),
            made_at=self.case.findings.revealed_at or self.study.started_at,
            shows=analysis.prediction.shows_english,
            modality=self.modality,
        )
        return self._put("heatmap", to_bytes(made))

    def _document(self, pictures: PairPictures | None, answer: PairAnswer | None) -> None:
        from pfm_desktop.interop.pdf import pdf_bytes
        from pfm_desktop.services.report import report_of_visit

        if not self.case.signed:
            return self._leave(tr("report as PDF"), tr("the visit is not signed"))
        now = datetime.now(UTC)
        content = report_of_visit(self.lib, self.case, answer, pictures, software=facts.SOFTWARE, made_at=now)
        shown = tuple(self._shown(pictures).values()) if pictures is not None else ()
        made = pdf_object(self.study, pdf_bytes(content), made_at=now, pictures=shown, modality=self.modality)
        return self._put("report", to_bytes(made))

    def _put(self, name: str, data: bytes) -> None:
        self.ctx.check()
        self.folder.write(f"{visit_folder(self.case.visit.id)}/{name}.dcm", data)

    def _leave(self, what: str, why: str) -> None:
        self.left.append(LeftOut(self.case.visit.id, what, why))
