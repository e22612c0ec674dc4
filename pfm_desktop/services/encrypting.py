"""An encrypted copy of a library that is not: for a clinic that began with a plain one."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Sequence
from pathlib import Path

from pfm_desktop.domain.learning import State
from pfm_desktop.domain.people import Account, Role
from pfm_desktop.jobs import Context
from pfm_desktop.services import accounts
from pfm_desktop.services.learning import copies
from pfm_desktop.storage import keys, learning, snapshot
from pfm_desktop.storage.engine import encrypt_database
from pfm_desktop.storage.image_store import ImageStore
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.schema import DATABASE
from pfm_desktop.support.errors import BadInputError, StorageError
from pfm_desktop.support.files import named
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import with_and

_COPY = ".plain.part"  # beside the plain database; gone again at the end


def encrypted_copy(ctx: Context, plain: Library, out: Path, name: str, password: str) -> tuple[Library, str]:
    """Make an encrypted library in `out`, missing or empty, with all that the plain one holds; and its recovery key.

    The first account is clinician and administrator. The plain library stays as it is, and may be in use. Of pictures
    and learned models that are altered there the records are in the copy, and its `notice` says so: one that rots must
    not keep a library from being encrypted. Raises `BadInputError` and `StorageError`; nothing is left then of what was
    made.
    """
    out = Path(out).absolute()
    if plain.keys is not None:
        raise BadInputError(tr("{path} is encrypted already", path=plain.path), safe=tr("nothing was made"))
    if out.exists() and any(out.iterdir()):
        raise BadInputError(
            tr("{folder} is not empty", folder=out),
            safe=tr("nothing was made"),
            remedy=tr("choose a folder that is not there yet"),
        )
    name = accounts.checked_name(name)
    accounts.check_password(password, name)
    safe = tr("the library is unchanged, and no encrypted one was made")
    account = Account(uuid.uuid4().hex, name, frozenset({Role.CLINICIAN, Role.ADMINISTRATOR}))
    library_id = uuid.uuid4().hex
    with named(out, safe=safe):
        out.mkdir(parents=True, exist_ok=True)
        out.chmod(0o700)
        for store in ("pictures", "derived"):
            (out / store).mkdir()
    made, recovery = keys.make(out, library_id, account_id=account.id, name=name, password=password)
    copy = plain.path / _COPY
    try:
        plain.copy_database(copy, safe=safe, ctx=ctx)
        # first: the database names them, and makes the folder a library
        altered = _seal(ctx, ImageStore(plain.path / "pictures"), ImageStore(out / "pictures", made))
        _seal(ctx, ImageStore(plain.path / "derived"), ImageStore(out / "derived", made))  # made again where altered
        with snapshot.opened(copy, None) as session:
            runs = learning.runs(session)
        not_whole = copies.copy_all(ctx, plain.path, runs, out)
        encrypt_database(copy, out / DATABASE, made)
    except BaseException:
        shutil.rmtree(out, ignore_errors=True)  # was missing or empty; keys without a database are in the way
        raise
    finally:
        with named(copy, safe=safe):
            copy.unlink(missing_ok=True)
    lib = Library.open(out, made)
    try:
        lib.who = name
        lib.set_meta("library_id", library_id)
        lib.id = library_id
        accounts.first_account(
            lib, account, f"Encrypted copy made of the library {plain.id}; its recovery key was shown once"
        )
    except BaseException:
        lib.close()
        shutil.rmtree(out, ignore_errors=True)  # nobody was told its recovery key
        raise
    if said := _left_behind(plain.path, altered, not_whole, sum(run.state is State.RUNNING for run in runs)):
        lib.keep_notice(said)
    return lib, recovery


def _left_behind(plain: Path, altered: int, models: Sequence[str], unfinished: int) -> str:
    """What is not in an encrypted copy, and what to do before anything is done in it; "" where all is."""
    lost = [tr("%n picture(s)", "", altered)] if altered else []
    lost += [tr("the learned model {name}", name=name) for name in models]
    said = []
    if lost:
        said.append(
            tr(
                "{lost} (is|are) altered or missing in {folder}, and not in the encrypted copy. "
                "Before it is worked with: pfm library repair {folder} --from BACKUP, then encrypt it once more. "
                "A backup of the plain library mends no encrypted one",
                "",
                altered + len(models),
                lost=with_and(lost),
                folder=plain,
            )
        )
    if unfinished:
        said.append(
            tr(
                "%n (run|runs) of learning that (is|are) not finished can be gone on with in {folder} only",
                "",
                unfinished,
                folder=plain,
            )
        )
    return ". ".join(said)


def _seal(ctx: Context, plain: ImageStore, sealed: ImageStore) -> int:
    """Encrypt one store into another; how many files are not what their name says, and were left out."""
    files, altered = list(plain.files()), 0
    for done, path in enumerate(files):
        ctx.progress(done, len(files), tr("Encrypting pictures"))
        try:
            data = plain.get(path.stem)
        except StorageError:
            if not _can_be_read(path):  # its disk or share, and that of all behind it
                raise
            altered += 1
            continue
        sealed.put(data)
    ctx.progress(len(files), len(files), tr("Encrypting pictures"))
    return altered


def _can_be_read(path: Path) -> bool:
    try:
        path.read_bytes()
    except OSError:
        return False
    return True
