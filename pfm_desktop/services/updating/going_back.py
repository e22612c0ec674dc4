"""Going back to the program of before an update, and to the library as that program knows it.

The library first: the earlier program opens none that is newer, while the newer one brings an older library up to date
again. So whatever cuts this short leaves a program that opens its library.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pfm_desktop.jobs import Context
from pfm_desktop.services.backup_folder import made_at
from pfm_desktop.services.sole_use import sole_use
from pfm_desktop.services.updating import set_aside, steps, unpacking
from pfm_desktop.services.updating.installed import Installed
from pfm_desktop.services.updating.installing import command_for
from pfm_desktop.services.updating.room import check_room
from pfm_desktop.services.updating.set_aside import Aside
from pfm_desktop.services.updating.steps import Step
from pfm_desktop.services.updating.update_file import SAFE, Kind
from pfm_desktop.storage import migrations, put_back
from pfm_desktop.storage.keys import LibraryKeys
from pfm_desktop.storage.put_back import Earlier, PutBack, Ready
from pfm_desktop.support.errors import BadInputError, StorageError, UserError
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import COMMA
from pfm_desktop.support.paths import updates_dir

Keys = Callable[[Path], LibraryKeys | None]
_SPARE = 16 << 20  # bytes that stay free


@dataclass(frozen=True)
class Plan:
    """What going back does: the update that it takes back, None where only libraries are brought back to this program;
    the version that is in use then; the libraries, each with the snapshot that the update made of it, if it did; and
    what somebody with the rights has to start then, None where the earlier program is there."""

    step: Step | None
    version: str
    libraries: Mapping[Path, Path | None]
    installer: Path | None = None


@dataclass(frozen=True)
class Back:
    """What was done: libraries that were put back (None: the program reads it as it is), and the command that installs
    the earlier program where that is for somebody else."""

    plan: Plan
    libraries: Mapping[Path, PutBack | None]
    command: str = ""


def last_step(now: Installed) -> Step:
    """The update that is taken back. Raises `BadInputError` where there is none."""
    found = steps.steps()
    if not found:
        raise BadInputError(
            tr("no update was installed here by this user"),
            safe=SAFE,
            remedy=tr(
                "start this as the user who installed the update; a library that a newer version opened is brought "
                "back with --library FOLDER"
            ),
        )
    if now.version not in (found[-1].old, found[-1].new):
        raise BadInputError(
            tr(
                "the last update led to version {new}, and {version} is installed",
                new=found[-1].new,
                version=now.version,
            ),
            safe=SAFE,
            remedy=tr("start the program of that version"),
        )
    return found[-1]


def plan(
    now: Installed, keys: Keys, others: Sequence[Path] = (), without: Sequence[Path] = (), installer: Path | None = None
) -> Plan:
    """What `go_back` is to do; `keys(library)` gives those of an encrypted one, None where it is not encrypted.

    `others`: libraries that the newer program opened as well, and that were not backed up by the update. Where one of
    them is too new for this program, or no update is on record, this is the program to go back to. `without`: those
    that are left as they are, as they are gone or lie on a disk that is not there. `installer`: of the earlier program,
    where no update brought it. Raises `UserError`; nothing is changed.
    """
    named = [path.absolute() for path in others]
    step = _step(now, named, keys)
    if step is None:
        return Plan(None, now.version, _once({}, named))
    if step.kind is Kind.FOLDER and not (Path(step.old_folder) / "pfm").exists():
        raise StorageError(
            tr("the earlier program is gone: {folder}", folder=step.old_folder),
            safe=SAFE,
            remedy=tr("unpack version {version} there again, then try again", version=step.old),
        )
    libraries = _once({Path(one.library): Path(one.snapshot) for one in step.kept}, named, without)
    return Plan(step, step.old, libraries, _installer(step, now, installer))


def go_back(ctx: Context, plan: Plan, now: Installed, keys: Keys) -> Back:
    """Put the libraries back, once each was looked at, and then the program.

    Raises `UserError`, which says what was put back already. May be repeated after any end, and by either program.
    """
    with sole_use(updates_dir(), busy=tr("an update is being installed")), contextlib.ExitStack() as stack:
        for library in plan.libraries:
            stack.enter_context(put_back.held(library))
        found = {library: _look(ctx, plan, library, keys) for library in plan.libraries}
        check_room({one.library: one.needed for one in found.values() if one is not None}, spare=_SPARE)
        done: dict[Path, PutBack | None] = {}
        with _telling(done):
            for library, ready in found.items():
                done[library] = None if ready is None else put_back.put_back(ctx, ready, _noted(library))
            command = _program(plan, now)
    return Back(plan, done, command)


def _step(now: Installed, named: Sequence[Path], keys: Keys) -> Step | None:
    newer = False
    for library in named:
        with put_back.held(library):
            newer |= put_back.version_of(library, keys(library)) > migrations.CURRENT
    try:
        step = last_step(now)
    except BadInputError:
        if not named:
            raise
        return None
    return None if newer and now.version == step.new else step


def _once(kept: Mapping[Path, Path], named: Sequence[Path], without: Sequence[Path] = ()) -> dict[Path, Path | None]:
    """Each library once, also where a link leads to it."""
    left, found = {path.resolve() for path in without}, dict[Path, Path | None]()
    for library in (*kept, *named):
        if library.resolve() not in left:
            left.add(library.resolve())
            found[library] = kept.get(library)
    return found


def _installer(step: Step, now: Installed, named: Path | None) -> Path | None:
    if step.kind is Kind.FOLDER or now.version == step.old:
        return None
    found = named or steps.installer_of(step.old)
    if found is None or not found.is_file():
        raise StorageError(
            tr("there is no file {path}", path=named)
            if named
            else tr("the installer of version {version} is not kept by the program", version=step.old),
            safe=SAFE,
            remedy=tr(
                "look for {file}, from which that version was installed, and name it: pfm update back --installer FILE",
                file=steps.usual_name(step.kind, step.old),
            ),
        )
    return found.absolute()


def _look(ctx: Context, plan: Plan, library: Path, keys: Keys) -> Ready | None:
    version = plan.step.library if plan.step else migrations.CURRENT
    began = plan.step.began if plan.step else None
    earlier = _earlier(library, version, began, plan.libraries[library])
    return put_back.look(ctx, library, keys(library), version=version, earlier=earlier)


def _earlier(library: Path, version: int, began: datetime | None, snapshot: Path | None) -> tuple[Earlier, ...]:
    """Nearest first: the copies that the newer program made before it brought the library up to date, which hold what
    was recorded until then, and after them the snapshot of the backup. One of an older version of libraries counts only
    where this update made it; else it may be years old."""
    found = [
        Earlier(copy.path, copy.made_at)
        for copy in reversed(migrations.copies(library))
        if (copy.version == version and snapshot is None)
        or (copy.version <= version and began is not None and copy.made_at >= began)
    ]
    return (*found, Earlier(snapshot, made_at(snapshot))) if snapshot is not None else tuple(found)


def _noted(library: Path) -> Callable[[PutBack], None]:
    return lambda put: set_aside.note(Aside(str(library), str(put.aside), put.since))


@contextlib.contextmanager
def _telling(done: Mapping[Path, PutBack | None]) -> Iterator[None]:
    """An error behind the first library that was put back says so: what was recorded in it lies elsewhere now."""
    try:
        yield
    except UserError as error:
        put = [
            tr("{library} (what was recorded since lies in {file})", library=library, file=one.aside)
            for library, one in done.items()
            if one is not None
        ]
        if not put:
            raise
        raise StorageError(
            error.what,
            safe=tr("put back already: {libraries}; nothing else was changed", libraries=COMMA.join(put)),
            remedy=error.remedy,
        ) from error


def _program(plan: Plan, now: Installed) -> str:
    """The earlier program in use again, or the command that somebody with the rights types for it."""
    step = plan.step
    if step is None:
        return ""
    if step.kind is Kind.FOLDER:
        old = Path(step.old_folder)
        unpacking.switch(Installed(step.kind, step.old, old).link, old)
    elif plan.installer is not None:  # the step stays until the earlier program is there again, and says so
        return command_for(step.kind, plan.installer, back=True)
    steps.drop(step)
    return ""
