"""What the import page says and does in the background. No Qt."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pfm_desktop.jobs import Context
from pfm_desktop.support import moments
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import COMMA
from pfm_desktop.viewmodels.words import capital
from pfm_desktop.viewmodels.worklist import birth_text

if TYPE_CHECKING:
    import numpy as np  # the window stands before numpy loads
    from numpy.typing import NDArray

    from pfm_desktop.domain.change import Change
    from pfm_desktop.domain.source import Source
    from pfm_desktop.services.importing.plan import ImportPlan, PlannedPicture
    from pfm_desktop.services.importing.report import ImportReport
    from pfm_desktop.storage.library import Library
    from pfm_desktop.viewmodels.importing import ImportPreview, PictureLine

FEW = 6  # single files that the form of one visit takes: a picture of each stage. More are sorted by the import
NOTES = 3  # that are shown at once
SMALL = 512  # pixels of the longer side that a small picture is made from
_ONLY_IMPORT = (".zip", ".avi", ".mkv", ".dcm")  # which the form of a visit does not read


def for_import(paths: Sequence[Path]) -> bool:
    """Whether dropped files are many, or hold many: then they are sorted first, and not put into one visit."""
    return len(paths) > FEW or any(path.suffix.lower() in _ONLY_IMPORT or path.is_dir() for path in paths)


def look(ctx: Context, lib: Library, paths: Sequence[Path]) -> ImportPreview:
    """What is in folders, zips and files, as a plan that can be shown; as a job. A manifest beside them is followed."""
    from pfm_desktop.services.importing.making import make_plan
    from pfm_desktop.services.importing.manifest import manifest_beside, read_import_manifest
    from pfm_desktop.services.importing.returning import doubted
    from pfm_desktop.viewmodels.importing import ImportPreview

    named = manifest_beside(list(paths))
    plan = make_plan(ctx, paths, manifest=read_import_manifest(named) if named is not None else None)
    plan = doubted(lib, plan)
    preview = ImportPreview(plan)
    preview.women()  # kept: of thousands of pictures the window would stand still while they are put into words
    return preview


def bring_in(ctx: Context, lib: Library, plan: ImportPlan, key: str = "") -> ImportReport:
    """Bring in what is said or likely; as a job. `key`: see `made_by`."""
    from pfm_desktop.services.importing.run import import_plan

    return import_plan(ctx, lib, plan, key=key)


def new_key() -> str:
    """By which an import is found again, also one that ends early."""
    from pfm_desktop.services.cases import new_id

    return new_id()


def made_by(ctx: Context, lib: Library, key: str) -> tuple[Change, ...]:
    """What the import of this key made, for undo; as a job."""
    from pfm_desktop.services.taking_back import made_by_import

    return made_by_import(ctx, lib, key)


def save_report(_ctx: Context, lib: Library, report: ImportReport, path: Path) -> Path:
    """Write the report as CSV; as a job."""
    from pfm_desktop.services.importing.report import export_report

    export_report(lib, report, path)
    return path


def woman_text(_ctx: Context, lib: Library, identifier: str) -> str:
    """What the library knows of a woman; as a job."""
    from pfm_desktop.services.importing.places import on_record

    if not identifier.strip():
        return tr("Without an identifier it is not known whose they are, and they are left out.")
    found = on_record(lib, identifier)
    if found is None:
        return tr(
            "Nobody has the identifier {identifier} in this library: she will be added.", identifier=identifier.strip()
        )
    name = found.patient.display_name or tr("no name")
    born, visits = birth_text(found.patient.birth_date), tr("%n visit(s)", "", len(found.visits))
    if not found.visits:
        return tr("In the library: {name}, born {born}; {visits}.", name=name, born=born, visits=visits)
    return tr(
        "In the library: {name}, born {born}; {visits}, the last on {day}.",
        name=name,
        born=born,
        visits=visits,
        day=moments.day(found.visits[0].visit.day),
    )


def small_pixels(picture: PlannedPicture) -> NDArray[np.uint8]:
    """A picture of the plan, H x W x 3 uint8 RGB, read from where it lies and not much larger than `SMALL`."""
    from pfm_desktop.imaging.io import decode_picture
    from pfm_desktop.services.importing.dicom import read_dicom
    from pfm_desktop.services.importing.reading import bytes_of
    from pfm_desktop.services.importing.sources import Reader

    with Reader() as reader:
        data = bytes_of(reader, picture.item, picture.part, dicom=read_dicom)
    return decode_picture(data, picture.name, longest=SMALL).pixels


def counts_text(preview: ImportPreview) -> str:
    """`3 women, 5 visits, 41 pictures; 2 to be looked at; 7 left out`: what Import brings in, and what not."""
    counts = preview.counts()
    visits = [[line for line in visit.pictures if not line.problem] for w in preview.women() for visit in w.visits]
    women = sum(any(not line.problem for visit in w.visits for line in visit.pictures) for w in preview.women())
    visit_count = sum(bool(ready) for ready in visits)
    counted = COMMA.join(
        (
            tr("%n (woman|women)", "", women),
            tr("%n visit(s)", "", visit_count),
            tr("%n picture(s)", "", counts.ready),
        )
    )
    parts = [counted]
    parts = parts if counts.ready else [tr("Nothing to import yet") if counts.waiting else tr("Nothing to import")]
    parts += [tr("{pictures} to be looked at", pictures=counts.waiting)] if counts.waiting else []
    parts += [tr("{pictures} already in the library", pictures=counts.there)] if counts.there else []
    parts += [tr("{pictures} left out", pictures=counts.skipped)] if counts.skipped else []
    return "; ".join(parts)


def notes_text(preview: ImportPreview) -> str:
    """What the library says beside single pictures: a few lines, and how many more there are."""
    shown, more = preview.notes[:NOTES], len(preview.notes) - NOTES
    return "\n".join([*shown, *([tr("And %n such note(s) more.", "", more)] if more > 0 else [])])


def becomes(line: PictureLine) -> str:
    """What becomes of a picture, in few words; why stands in its details."""
    if not line.problem:
        return tr("Will be brought in")
    if line.there:
        return tr("Already in the library")
    if line.left_out:
        return tr("Left out by hand")
    return tr("Waits for you") if line.open else tr("Left out: {problem}", problem=line.problem)


def open_question(line: PictureLine) -> bool:
    """Whether somebody should look at this picture: something is unsure or missing, and it is not left out."""
    asks = line.unsure or bool(line.problem) or line.unknown
    return asks and not line.left_out and not line.there


def keys_of_source(preview: ImportPreview, keys: Sequence[str], source: Source) -> tuple[str, ...]:
    """Those pictures that a stage of this source can go to: where both sources are chosen, not those of the other.

    Where all are of the other source somebody means that they are not: all of them then.
    """
    known = {one.key: one.source.value for one in preview.plan.settled()}
    fitting = tuple(key for key in keys if known[key] is source)
    return tuple(key for key in keys if known[key] is source or known[key] is None) if fitting else tuple(keys)


def unsure_keys(preview: ImportPreview, keys: Collection[str] | None = None) -> tuple[str, ...]:
    """Pictures (of all, or of these) about which something is guessed that waits to be confirmed."""
    lines = (line for woman in preview.women() for visit in woman.visits for line in visit.pictures)
    return tuple(one.key for one in lines if one.unsure and not one.left_out and (keys is None or one.key in keys))


def confirms_text(preview: ImportPreview, keys: Sequence[str]) -> str:
    """`12 pictures of 3 women`: what confirming these would say of whom."""
    wanted = set(keys)
    women = sum(any(line.key in wanted for visit in w.visits for line in visit.pictures) for w in preview.women())
    return tr("%n picture(s) of {women}", "", len(wanted), women=tr("%n (woman|women)", "", women))


def confirm_doubts(preview: ImportPreview, keys: Sequence[str]) -> dict[str, str]:
    """Women about whom one has to be asked once more before these are confirmed, by key, with a sentence each.

    Those under whom differently named folders or files would come, and those whose identifier is only a guess and is
    on record with pictures already.
    """
    from pfm_desktop.services.importing.apart import several_named
    from pfm_desktop.services.importing.guess import Sure

    wanted, found = set(keys), dict[str, str]()
    known = {woman.key: woman.on_record for woman in preview.women() if woman.pictures_there}
    for woman in preview.plan.women:
        if any(picture.key in wanted for visit in woman.visits for picture in visit.pictures):
            said = several_named(woman)
            name = woman.identifier or capital(tr("not known whose"))
            guessed = any(one.patient.sure is Sure.UNSURE for visit in woman.visits for one in visit.pictures)
            if said:
                found[woman.key] = tr("{name}: {folders} would be one woman.", name=name, folders=said)
            elif guessed and woman.key in known:
                found[woman.key] = tr(
                    "{name} is {on_record}: these would be added to hers.", name=name, on_record=known[woman.key]
                )
            elif times := [visit.when.why for visit in woman.visits if visit.when.contradicted]:
                found[woman.key] = f"{name}: {times[0]}."
    return found


def paired(preview: ImportPreview, keys: Collection[str]) -> bool:
    """See `changes.paired`."""
    from pfm_desktop.services.importing import changes

    return changes.paired(preview.plan, keys)


def report_heading(report: ImportReport) -> str:
    """`41 pictures added, 3 were there already, 7 left out`."""
    from pfm_desktop.services.importing.report import Outcome

    added, there = report.count(Outcome.ADDED), report.count(Outcome.THERE)
    return tr(
        "%n picture(s) added, {there} there already, {skipped} left out",
        "",
        added,
        there=there,
        skipped=len(report.skipped),
    )


def report_rows(report: ImportReport, *, everything: bool = False) -> tuple[tuple[str, str, str], ...]:
    """File, what became of it, why: what was left out first; with `everything` also what was added."""
    from pfm_desktop.services.importing.report import Outcome

    shown = [line for line in report.lines if not line.expected and (everything or line.outcome is not Outcome.ADDED)]
    order = [Outcome.SKIPPED, Outcome.THERE, Outcome.ADDED]
    said = {Outcome.SKIPPED: tr("Left out"), Outcome.THERE: tr("There already"), Outcome.ADDED: tr("Added")}
    ordered = sorted(shown, key=lambda line: order.index(line.outcome))
    return tuple(
        (line.file, said[line.outcome], capital(line.reason) or f"{line.patient}, {line.visit}") for line in ordered
    )
