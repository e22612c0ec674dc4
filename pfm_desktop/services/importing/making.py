"""Making a plan: every picture is read and decoded once, and guessed at. Nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from pfm_desktop.domain.source import Stage
from pfm_desktop.jobs import Context
from pfm_desktop.services.importing.apart import told_apart
from pfm_desktop.services.importing.counts import Figures, counted, without_count
from pfm_desktop.services.importing.dates import When, guessed_time
from pfm_desktop.services.importing.dicom import read_dicom
from pfm_desktop.services.importing.found import Item, Skipped
from pfm_desktop.services.importing.guess import Guess, said, unknown, unsure
from pfm_desktop.services.importing.guessing import guessed_shown
from pfm_desktop.services.importing.manifest import ImportManifest, Row, key_of
from pfm_desktop.services.importing.people import guessed_patient, names_in, same_number, strong_numbers
from pfm_desktop.services.importing.placeholders import is_placeholder
from pfm_desktop.services.importing.plan import BY_MANIFEST, ImportPlan, Person, PlannedPicture, arranged
from pfm_desktop.services.importing.reading import EVERY, ReadDicom, Record, Seen, bytes_of, look, part_name
from pfm_desktop.services.importing.sources import Reader, walk
from pfm_desktop.services.importing.twins import with_alike
from pfm_desktop.services.importing.visit_times import own_time, said_time
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr

_BY_RECORD = tr("the file's own record says so")


@dataclass(frozen=True)
class Options:
    """`every`: seconds between the frames of a video; `dicom` reads DICOM files (None: they are skipped)."""

    every: float = EVERY
    dicom: ReadDicom | None = read_dicom


def make_plan(
    ctx: Context,
    paths: Sequence[Path | str],
    *,
    manifest: ImportManifest | None = None,
    options: Options = Options(),
) -> ImportPlan:
    """What could be brought in from these folders, zips and files, and what not; as a job.

    Raises `BadInputError` for a path that is not there, and where the manifest names a file that is not among them.
    """
    items, skipped = _all_found(ctx, paths)
    counts = counted(items)
    if manifest is not None:
        _check_all_named_are_there(manifest, items)
        skipped = [one for one in skipped if not one.name.endswith(manifest.path.name)]
    pictures: list[PlannedPicture] = []
    with Reader() as reader:
        for done, item in enumerate(items):
            ctx.progress(done, len(items), tr("Looking at the pictures"))
            if manifest is not None and item.path == manifest.path.resolve():
                continue
            row = manifest.row(item) if manifest is not None else None
            try:
                for seen in look(reader, item, **vars(options)):
                    ctx.check()  # a video has many
                    pictures.append(_planned(item, seen, row, counts.get(item.name)))
                    skipped += _other_pages(item, seen)
            except BadInputError as error:
                skipped.append(Skipped(item.name, _reason(error, item)))
        named = with_alike(
            told_apart(_each_named_once(pictures)),
            lambda one: bytes_of(reader, one.item, one.part, dicom=options.dicom),
        )
    times = tuple(_visits_said(pictures, manifest).items())
    ctx.progress(len(items), len(items), tr("Looking at the pictures"))
    return arranged(ImportPlan(named, tuple(skipped), times))


def _other_pages(item: Item, seen: Seen) -> list[Skipped]:
    if seen.cut_short:
        return [
            Skipped(
                item.name, tr("{problem}: copy it again from where it came, for what follows", problem=seen.cut_short)
            )
        ]
    if not seen.more:
        return []
    whole = seen.more + 1
    reason = tr(
        "only the first of {count} pictures in the file is read: save the others as files of their own", count=whole
    )
    which = tr("(2 to {count} of {count})", count=whole) if whole > 2 else tr("(2 of 2)")
    return [Skipped(f"{item.name} {which}", reason)]


def _each_named_once(pictures: Sequence[PlannedPicture]) -> tuple[PlannedPicture, ...]:
    """Two folders of one name may have been given: their pictures still have keys of their own."""
    seen: dict[str, int] = {}
    named = []
    for picture in pictures:
        number = seen[picture.key] = seen.get(picture.key, 0) + 1
        named.append(picture if number == 1 else replace(picture, key=f"{picture.key} [{number}]"))
    return tuple(named)


def _all_found(ctx: Context, paths: Sequence[Path | str]) -> tuple[list[Item], list[Skipped]]:
    items: list[Item] = []
    skipped: list[Skipped] = []
    for found in walk(paths):
        ctx.progress(0, 0, tr("{count} files found", count=len(items)))
        if isinstance(found, Item):
            items.append(found)
        else:
            skipped.append(found)
    return items, skipped


def _check_all_named_are_there(manifest: ImportManifest, items: Sequence[Item]) -> None:
    there = {key_of(item) for item in items}
    missing = [row for key, row in manifest.rows.items() if key not in there]
    if missing:
        shown = "; ".join(tr("line {line}: {file}", line=row.line, file=row.file) for row in missing[:3])
        if len(missing) > 3:
            shown = tr("{lines} and {count} more", lines=shown, count=len(missing) - 3)
        raise BadInputError(
            tr("{manifest} names files that are not among those given ({files})", manifest=manifest.path, files=shown),
            safe=tr("nothing was brought in"),
            remedy=tr("file names are relative to the manifest's folder, those in a zip follow its name (a.zip/1.jpg)"),
        )


def _planned(item: Item, seen: Seen, row: Row | None, figures: Figures | None) -> PlannedPicture:
    name = part_name(item, seen.part)
    stem = item.file_name.rsplit(".", 1)[0]

    def taken(named: str) -> Guess[When]:
        recorded = _recorded_time(seen.record)
        return guessed_time(exif=seen.exif, stem=named, folders=item.folders, modified=item.modified, recorded=recorded)

    shown = guessed_shown(item.folders, stem, seen.fluorescent, in_white_light=seen.in_white_light)
    guessed = PlannedPicture(
        key=item.name if seen.part is None else f"{item.name} at {seen.part:g}",
        name=name,
        item=item,
        sha256=seen.sha256,
        width=seen.width,
        height=seen.height,
        patient=guessed_patient(item.folders, figures.rest if figures is not None and figures.no_number else stem),
        when=without_count(figures, stem, taken),
        source=shown.source,
        stage=shown.stage,
        seconds_since_acid=shown.seconds_since_acid,
        taken=own_time(seen.exif, _recorded_time(seen.record)),
        device=seen.device,
        part=seen.part,
        pixels_sha256=seen.pixels_sha256,
        named=names_in(item.folders, stem),
    )
    if seen.part is not None and seen.record is None:
        guessed = _of_video(guessed, seen.part)
    recorded = _with_record(guessed, seen.record) if seen.record is not None else guessed
    return _with_row(recorded, row) if row is not None else recorded


def _of_video(frame: PlannedPicture, seconds: float) -> PlannedPicture:
    """A frame is so much later than the video began; what its name says of seconds is not of every frame."""
    when = frame.when.value
    if when is not None and not when.day_only and frame.when.known():
        frame = replace(frame, when=replace(frame.when, value=When(when.at + timedelta(seconds=seconds))))
    return replace(frame, seconds_since_acid=unknown(tr("a video has many")))


def _recorded_time(record: Record | None) -> When | None:
    return When(record.taken_at, record.day_only) if record is not None and record.taken_at is not None else None


def _with_record(picture: PlannedPicture, record: Record) -> PlannedPicture:
    stands_in = record.identifier if record.identity_removed or is_placeholder(record.identifier) else ""
    picture = replace(picture, study=record.study, stands_in=stands_in)
    if stands_in:
        picture = replace(picture, patient=_stood_in_for(picture, record))
    elif record.identifier:
        picture = replace(picture, patient=_recorded_patient(picture, record.identifier))
    if record.no_photograph and picture.patient.value:
        why = tr(
            "{reason}, but its record says {kind}, which is no photograph of a cervix",
            reason=picture.patient.why,
            kind=record.no_photograph,
        )
        picture = replace(picture, patient=unsure(picture.patient.value, why))
    if record.male and picture.patient.value:
        why = tr("{reason}, but its record says that the patient is male", reason=picture.patient.why)
        picture = replace(picture, patient=unsure(picture.patient.value, why))
    family, given = record.family_name, record.given_name
    if stands_in and is_placeholder(f"{family} {given}"):  # Na alone is a given name
        family = given = ""
    if family or given or record.birth_date:
        picture = replace(picture, person=Person(family, given, record.birth_date))
    picture = replace(picture, issuer=record.issuer, instance=record.instance, burned_in=record.burned_in)
    by_name = picture.stage
    picture = _with_stage(picture, record.stage, record.seconds_since_acid, _BY_RECORD)
    if not record.stage_described or record.stage is None:
        return picture
    if by_name.value is record.stage and by_name.known():
        return picture
    why = tr("only a description in the file's own record says it, perhaps of the whole examination")
    return replace(picture, stage=unsure(record.stage, why), source=unsure(record.stage.source, why))


def _stood_in_for(picture: PlannedPicture, record: Record) -> Guess[str]:
    """A placeholder names nobody, a pseudonym perhaps: what folders and file say of her comes before a placeholder."""
    if not is_placeholder(record.identifier):
        return unsure(
            record.identifier,
            tr("{reason}, and that her identity was removed: it may be a pseudonym", reason=_BY_RECORD),
        )
    why = tr(
        "{identifier} in the file's own record is a placeholder that many women may bear", identifier=record.identifier
    )
    named = picture.patient.value
    if named and not is_placeholder(named):
        return unsure(named, f"{picture.patient.why}; {why}")
    return unsure(record.identifier, why)


def _recorded_patient(picture: PlannedPicture, identifier: str) -> Guess[str]:
    """What the record says, unless the names of folders or file say other numbers."""
    numbers = strong_numbers(picture.item.folders, picture.item.file_name.rsplit(".", 1)[0])
    if numbers and not any(same_number(value, identifier) for value, _ in numbers):
        value, where = numbers[-1]
        return unsure(
            identifier, tr("{reason}, but {where} says {number}", reason=_BY_RECORD, where=where, number=value)
        )
    return said(identifier, _BY_RECORD)


def _with_row(picture: PlannedPicture, row: Row) -> PlannedPicture:
    if row.patient:
        picture = replace(picture, patient=said(row.patient, BY_MANIFEST), named=(), issuer="", stands_in="")
    if row.family_name or row.given_name or row.birth_date:
        picture = replace(picture, person=Person(row.family_name, row.given_name, row.birth_date))
    if row.visit is not None:
        whose = picture.patient.value or "/".join(picture.item.folders)
        picture = replace(picture, visit=f"{whose} {row.visit.at.isoformat()}")
    if row.source is not None and row.stage is None:
        stage = picture.stage if picture.stage.value and picture.stage.value.source is row.source else None
        none: Guess[Stage] = unknown(tr("the manifest says the source only"))
        picture = replace(picture, source=said(row.source, BY_MANIFEST), stage=stage or none)
    return _with_stage(picture, row.stage, row.seconds_since_acid, BY_MANIFEST)


def _with_stage(picture: PlannedPicture, stage: Stage | None, seconds: float | None, why: str) -> PlannedPicture:
    if stage is not None:
        picture = replace(picture, stage=said(stage, why), source=said(stage.source, why))
    if seconds is not None:
        picture = replace(picture, seconds_since_acid=said(seconds, why))
    return picture


def _visits_said(pictures: Sequence[PlannedPicture], manifest: ImportManifest | None) -> dict[str, Guess[When]]:
    """When visits were, by their names, as the manifest says: only that ties pictures to visits here."""
    rows = [(one, manifest.row(one.item)) for one in pictures if one.visit and manifest is not None]
    times = {one.visit: row.visit for one, row in rows if row is not None and row.visit is not None}
    own: dict[str, dict[str, When]] = {}
    for one in pictures:
        if one.taken is not None:
            own.setdefault(one.visit, {})[one.name] = one.taken
    return {visit: said_time(when, BY_MANIFEST, own.get(visit, {})) for visit, when in times.items()}


def _reason(error: BadInputError, item: Item) -> str:
    """What is wrong, without the names of file and folders: they stand beside it."""
    what = error.what
    for name in (str(item.path), item.name, item.file_name):
        what = what.removeprefix(f"{name} is ").removeprefix(f"{name} ")
    return f"{what}: {error.remedy}" if error.remedy else what
