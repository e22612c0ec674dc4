"""The keys of an encrypted library, and the file `keys.json` that holds them wrapped.

One random master key a library; the database, the pictures and their file names each have a key derived from it. The
master key is never on disk: `keys.json` holds it wrapped once for each person, with a key that Argon2id makes of the
password, and once for the recovery key. So a new password wraps 32 bytes anew and leaves the pictures as they are.

Whoever may sign in has the master key. What a role may not see is kept from it by the program, not by the cipher.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import hmac
import json
import logging
import os
import secrets
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pfm_desktop.storage import recovery
from pfm_desktop.storage.schema import KEYS, KEYS_COPY, PUT_KEYS_BACK, folded, place_aside
from pfm_desktop.support.errors import StorageError, UserError
from pfm_desktop.support.files import json_bytes, named, replacing
from pfm_desktop.support.language import tr

log = logging.getLogger(__name__)
FORMAT, VERSION = "pfm_desktop library keys", 1
RECOVERY = "recovery"  # id of the slot that the recovery key opens
DIGEST = "digest"
_BEFORE_DIGEST = {"format", "version", "library_id", "name_salt", "slots"}  # all that the first key files say
NOT_ITS_RECOVERY_KEY = tr("this is not the recovery key of this library")
DIFFERS = tr(
    "does not say what {key_file} says", key_file=KEYS
)  # both are whole: a new password was cut short between them
_NEWER = tr("was written by a newer version of this program", "a file")
_MISSING, _DAMAGED, _OF_ANOTHER = (
    tr("is missing", "a file"), tr("is damaged", "a file"), tr("is that of another library", "a file"),
)  # fmt: skip
_NONE_KNOWN: Mapping[str, str] = MappingProxyType({})
_SALT, _NONCE, _MASTER, _TAG = 16, 12, 32, 16  # bytes
_MOST_BYTES = 1 << 20
_stretching = threading.Lock()
_one_at_a_time = threading.Lock()  # of those in this program that change a key file
_MOST = {"memory_kib": 1 << 20, "passes": 20, "lanes": 16}  # a file that asks for more was not made here


class WrongPasswordError(UserError):
    """Nobody was let in. Which of the two is wrong is not told; `account_id` is for the record, "" where unknown."""

    def __init__(
        self,
        what: str = tr("the name or the password is wrong"),
        *,
        account_id: str = "",
        safe: str = tr("nothing was opened"),
        remedy: str = tr("try again; capitals and small letters differ"),
    ) -> None:
        self.account_id = account_id
        super().__init__(what, safe=safe, remedy=remedy)


class LockedLibraryError(StorageError):
    """The library is encrypted, and nobody has signed in."""

    def __init__(self, library: Path) -> None:
        super().__init__(
            tr("the library {library} is encrypted", library=library),
            safe=tr("it was not opened"),
            remedy=tr("sign in with your name and password"),
        )
        self.library = library


@dataclass(frozen=True)
class Cost:
    """What a guess at a password costs (Argon2id); RFC 9106, section 4, second choice."""

    memory_kib: int = 64 * 1024
    passes: int = 3
    lanes: int = 4


COST = Cost()


@dataclass(frozen=True)
class LibraryKeys:
    """The opened keys of a library."""

    library_id: str
    master: bytes = field(repr=False)

    @functools.cached_property
    def database(self) -> str:
        """Key and salt of the database in SQLCipher's raw form, 96 hexadecimal digits.

        The salt is given too, so that a database whose first bytes were written over can still be read.
        """
        return (self._derived("database", 32) + self._derived("database salt", 16)).hex()

    @functools.cached_property
    def pictures(self) -> bytes:
        """Key of the pictures and of what was made of them, 32 bytes."""
        return self._derived("pictures", 32)

    @functools.cached_property
    def file_names(self) -> bytes:
        """Key of the names of their files, 32 bytes: a hash alone would tell who knows a picture that it is here."""
        return self._derived("file names", 32)

    def _derived(self, purpose: str, length: int) -> bytes:
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        salt, info = self.library_id.encode(), f"pfm_desktop {purpose} 1".encode()
        return HKDF(SHA256(), length, salt, info).derive(self.master)


@dataclass(frozen=True)
class Unlocked:
    """The keys, and the account (or `RECOVERY`) that opened them."""

    keys: LibraryKeys
    account_id: str


@dataclass(frozen=True)
class _Slot:
    """The master key, wrapped for one person; all bytes as hexadecimal digits. `name`: a hash of the sign-in name."""

    id: str
    name: str
    salt: str
    nonce: str
    wrapped: str
    memory_kib: int = 0
    passes: int = 0
    lanes: int = 0


@dataclass(frozen=True)
class _KeyFile:
    library_id: str
    name_salt: str
    slots: tuple[_Slot, ...]


def make(library: Path, library_id: str, *, account_id: str, name: str, password: str) -> tuple[LibraryKeys, str]:
    """Make the keys of a new library, with one person and a recovery key; returns the keys and the recovery key."""
    keys = LibraryKeys(library_id, secrets.token_bytes(32))
    _write(library, _KeyFile(library_id, secrets.token_hex(16), ()))
    set_password(library, keys, account_id=account_id, name=name, password=password)
    return keys, new_recovery_key(library, keys)


def unlock(library: Path, name: str, password: str, *, file: Path | None = None) -> Unlocked:
    """Open the keys with a person's name and password; `file`: another place of the key file (in a backup).

    Raises `WrongPasswordError`, and `StorageError` for a key file that is missing or damaged.
    """
    return _first_that_opens(_whole(library, file), lambda kept: _unlocked(kept, name, password))


def account_called(library: Path, name: str) -> str:
    """Id of the account that signs in with this name, "" where neither file has one; nobody is let in."""
    known = (slot for kept in reversed(_whole(library)) for slot in _slots_called(kept, name))
    return next((slot.id for slot in known), "")


def _first_that_opens(files: Sequence[_KeyFile], opened: Callable[[_KeyFile], Unlocked]) -> Unlocked:
    """Key file and copy are the same, unless one was exchanged: then the other may be the right one."""
    for kept in files[:-1]:
        with contextlib.suppress(WrongPasswordError):
            return opened(kept)
    return opened(files[-1])


def _slots_called(kept: _KeyFile, name: str) -> list[_Slot]:
    """Whoever signs in with this name, the newest first: of two, the account of one was lost with an older database."""
    wanted = _name_hash(kept, name)
    return [slot for slot in reversed(kept.slots) if slot.name == wanted and slot.id != RECOVERY]


def _unlocked(kept: _KeyFile, name: str, password: str) -> Unlocked:
    wrong = WrongPasswordError()
    for slot in _slots_called(kept, name):
        secret = _stretched(password, bytes.fromhex(slot.salt), Cost(slot.memory_kib, slot.passes, slot.lanes))
        try:
            return Unlocked(_unwrapped(kept, slot, secret), slot.id)
        except WrongPasswordError as error:
            wrong = error
    if not wrong.account_id:
        _stretched(password, os.urandom(16), COST)  # as long as for a name that is known
    raise wrong


def unlock_with_recovery(library: Path, key: str, *, file: Path | None = None) -> Unlocked:
    """Open the keys with the recovery key, however it was typed. Errors as `unlock`, in its own words."""
    typed = recovery.read(key)
    return _first_that_opens(_whole(library, file), lambda kept: _recovered(kept, typed))


def _recovered(kept: _KeyFile, typed: bytes) -> Unlocked:
    slot = next((one for one in kept.slots if one.id == RECOVERY), None)
    if slot is None:
        raise WrongPasswordError(tr("this library has no recovery key"))
    secret = _from_recovery(typed, bytes.fromhex(slot.salt))
    try:
        return Unlocked(_unwrapped(kept, slot, secret), RECOVERY)
    except WrongPasswordError as error:
        raise WrongPasswordError(NOT_ITS_RECOVERY_KEY) from error


def set_password(
    library: Path,
    keys: LibraryKeys,
    *,
    account_id: str,
    name: str,
    password: str,
    on_record: Callable[[str], object] = lambda _fingerprint: None,
    current: Mapping[str, str] = _NONE_KNOWN,
) -> None:
    """Let a person in with this name and password from now on; a password before is no longer one.

    `on_record` is called with what stands for it in the key file (see `slots_of`), when the new one is on disk and does
    not count yet: what it raises leaves the old one. Of a key file and a copy that differ what is `current` stays.
    """
    salt, cost = secrets.token_bytes(16), COST
    kept = _read(library, of=keys.library_id, current=current)
    slot = _Slot(account_id, _name_hash(kept, name), salt.hex(), "", "", **asdict(cost))
    _put(library, keys.library_id, _wrapped(keys, slot, _stretched(password, salt, cost)), on_record, current)


def new_recovery_key(
    library: Path,
    keys: LibraryKeys,
    *,
    on_record: Callable[[str], object] = lambda _fingerprint: None,
    current: Mapping[str, str] = _NONE_KNOWN,
) -> str:
    """Make a recovery key in place of the one before, and return it: it is kept nowhere. The rest as above."""
    secret, salt = recovery.new(), secrets.token_bytes(16)
    slot = _Slot(RECOVERY, "", salt.hex(), "", "")
    _put(library, keys.library_id, _wrapped(keys, slot, _from_recovery(secret, salt)), on_record, current)
    return recovery.written(secret)


def accounts_with_password(
    library: Path, keys: LibraryKeys, current: Mapping[str, str] = _NONE_KNOWN
) -> frozenset[str]:
    """Ids of who has a password; `current` as for `set_password`."""
    kept = _read(library, of=keys.library_id, current=current)
    return frozenset(slot.id for slot in kept.slots) - {RECOVERY}


def harm_of(place: Path, of: str) -> str:
    """What is wrong with one key file of the library `of`, in words; "" where nothing is."""
    try:
        kept = _parsed(_small(place))
    except FileNotFoundError:
        return _MISSING
    except OSError as error:
        return tr("cannot be read ({why})", why=error.strerror or error)
    except _NewerError:
        return _NEWER
    except (ValueError, KeyError, TypeError, RecursionError):
        return _DAMAGED
    return "" if kept.library_id == of else _OF_ANOTHER


def library_of(place: Path) -> str:
    """Id of the library of a key file; "" where it is missing or cannot be read."""
    try:
        return _parsed(_small(place)).library_id
    except (OSError, _NewerError, ValueError, KeyError, TypeError, RecursionError):
        return ""


def harms(library: Path, keys: LibraryKeys) -> tuple[tuple[Path, str], ...]:
    """Which of key file and copy is not as it should be, and how."""
    places = library / KEYS, library / KEYS_COPY
    found = tuple((place, how) for place in places if (how := harm_of(place, keys.library_id)))
    if not found and len(_whole(library)) > 1:
        return ((places[1], DIFFERS),)
    return found


def mend(library: Path, keys: LibraryKeys, current: Mapping[str, str] = _NONE_KNOWN) -> tuple[str, ...]:
    """Write key file and copy anew from the one that is whole; what was wrong is kept in `set-aside`.

    Where both are whole and differ, each slot as it is `current` (see `slots_of`). Tells what was done: nothing where
    neither is whole. Raises `StorageError` where they cannot be written.
    """
    wrong = harms(library, keys)
    if len(wrong) != 1 or wrong[0][1] == _NEWER:
        return ()
    good = _read(library, of=keys.library_id, current=current)
    if wrong[0][1] == DIFFERS:
        pair = {library / KEYS: KEYS_COPY, library / KEYS_COPY: KEYS}
        older = [place for place in pair if _parsed(_small(place)) != good]
        wrong = tuple((place, f"does not say what {pair[place]} says") for place in older)
    said: list[str] = []
    for place, how in wrong:
        said += _kept_aside(library, place, how)
    _change(library, keys.library_id, lambda _kept: good)
    return (*said, f"{KEYS} and {KEYS_COPY} were written anew")


def renew(library: Path, keys: LibraryKeys) -> None:
    """Give a key file of before there was a digest one, where file and copy are whole and alike."""
    places = library / KEYS, library / KEYS_COPY
    try:
        if not harms(library, keys) and any(DIGEST not in json.loads(_small(place)) for place in places):
            _change(library, keys.library_id, lambda kept: kept)
    except (OSError, StorageError) as error:  # it is as good as before, and is tried at the next opening
        log.info("the key file could not be written anew: %s", error)


def slots_of(library: Path, keys: LibraryKeys) -> tuple[dict[str, str], ...]:
    """What stands for the password of each account id, and for the recovery key, in key file and copy: those that are
    whole, once where they are the same. A new password has another, whatever it is."""
    own = [kept for kept in _whole(library) if kept.library_id == keys.library_id]
    return tuple({slot.id: _fingerprint(slot) for slot in kept.slots} for kept in own)


def _fingerprint(slot: _Slot) -> str:
    return hashlib.sha256(json.dumps(asdict(slot), sort_keys=True).encode()).hexdigest()[:32]


def content(library: Path, keys: LibraryKeys, current: Mapping[str, str] = _NONE_KNOWN) -> bytes:
    """The key file as a backup keeps it; `current` as for `set_password`."""
    return _bytes(_read(library, of=keys.library_id, current=current))


def restore(library: Path, file: Path) -> None:
    """Put the key file of a backup into a library that is being brought back."""
    _write(library, _whole(library, file)[0])


def none_of(library: Path, of: str) -> bool:
    """Whether neither key file nor copy is a whole one of the library `of` ("": of any); False where one is of a newer
    program, or cannot be read now."""
    gone = (_MISSING, _DAMAGED, *((_OF_ANOTHER,) if of else ()))
    return library.is_dir() and all(harm_of(library / name, of) in gone for name in (KEYS, KEYS_COPY))


def put_back(library: Path, file: Path) -> tuple[str, ...]:
    """Put the key file of a backup into a library that has none (`none_of`); tells what was done.

    What was there is kept in `set-aside`. Raises `StorageError` where it cannot be written.
    """
    how = "was damaged, or that of another library"
    said = [line for name in (KEYS, KEYS_COPY) for line in _kept_aside(library, library / name, how)]
    restore(library, file)
    return (*said, f"{KEYS} and {KEYS_COPY} were put back from {file}")


def _kept_aside(library: Path, place: Path, how: str) -> list[str]:
    if not place.exists():
        return []
    aside = place_aside(library, place.name)
    with named(aside.parent, safe=tr("nothing was changed")):
        aside.parent.mkdir(exist_ok=True)
        shutil.copyfile(place, aside)
    return [f"{place.name}, which {how}, was kept as {aside}"]


# wrapping


def _wrapped(keys: LibraryKeys, slot: _Slot, secret: bytes) -> _Slot:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = secrets.token_bytes(12)
    wrapped = AESGCM(secret).encrypt(nonce, keys.master, _bound_to(keys.library_id, slot))
    return replace(slot, nonce=nonce.hex(), wrapped=wrapped.hex())


def _unwrapped(kept: _KeyFile, slot: _Slot, secret: bytes) -> LibraryKeys:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        bound = _bound_to(kept.library_id, slot)
        master = AESGCM(secret).decrypt(bytes.fromhex(slot.nonce), bytes.fromhex(slot.wrapped), bound)
    except InvalidTag as error:
        raise WrongPasswordError(account_id=slot.id) from error
    return LibraryKeys(kept.library_id, master)


def _bound_to(library_id: str, slot: _Slot) -> bytes:
    """A slot opens only where it was made: not in another library, not for another account."""
    return f"{FORMAT} {VERSION}\n{library_id}\n{slot.id}\n{slot.name}".encode()


def _stretched(password: str, salt: bytes, cost: Cost) -> bytes:
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    made = Argon2id(salt=salt, length=32, iterations=cost.passes, lanes=cost.lanes, memory_cost=cost.memory_kib)
    with _stretching:  # OpenSSL has one set of threads for its lanes, and calls it a lack of memory where it is in use
        return made.derive(_typed(password))


def _typed(password: str) -> bytes:
    """However the keyboard composes accents, the same letters are the same password."""
    import unicodedata

    return unicodedata.normalize("NFKC", password).encode()


def _from_recovery(secret: bytes, salt: bytes) -> bytes:
    """No stretching: nobody guesses 160 random bits."""
    return hmac.digest(salt, b"pfm_desktop recovery 1" + secret, "sha256")


def _name_hash(kept: _KeyFile, name: str) -> str:
    """The names of those who may sign in are not readable in the file either."""
    squeezed = " ".join(folded(name).split())
    return hmac.new(bytes.fromhex(kept.name_salt), squeezed.encode(), hashlib.sha256).hexdigest()


# the file


def _put(
    library: Path, of: str, slot: _Slot, on_record: Callable[[str], object], current: Mapping[str, str] = _NONE_KNOWN
) -> None:
    def changed(kept: _KeyFile) -> _KeyFile:
        # nor one of this name: an account that was lost with an older database, and is made anew now
        others = (one for one in kept.slots if one.id != slot.id and one.name != slot.name)
        return replace(kept, slots=(*others, slot))

    _change(library, of, changed, lambda: on_record(_fingerprint(slot)), current)


class _OvertakenError(Exception):
    """The key file is another one (`now`) than the change was made from."""

    def __init__(self, now: _KeyFile) -> None:
        super().__init__("overtaken")
        self.now = now


def _change(
    library: Path,
    of: str,
    change: Callable[[_KeyFile], _KeyFile],
    on_record: Callable[[], object] = lambda: None,
    current: Mapping[str, str] = _NONE_KNOWN,
) -> None:
    """Make `change` of the key file as it is now; what somebody else changed in it meanwhile stays changed.

    `of`: id of the library. A file that was exchanged for another library's is never written on.

    Threads wait for each other. Of two programs only one has the library open for writing; where that fails, as on a
    share that forgets its locks, the file is compared once more before it is replaced.
    """
    with _one_at_a_time:
        kept, said = _read(library, of=of, current=current), False
        while True:
            try:
                with _beside(library, change(kept)):
                    if not said:
                        on_record()
                    said = True
                    now = _read(library, of=of, current=current)
                    if now != kept:
                        raise _OvertakenError(now)
                return
            except _OvertakenError as error:
                kept = error.now


@contextlib.contextmanager
def _beside(library: Path, kept: _KeyFile) -> Iterator[None]:
    """Inside, the new key file and its copy are on disk; at the end they take their places, the copy first.

    So all that needs space comes before, and while one of the two is replaced the other is whole.
    """
    data = _bytes(kept)
    with replacing(library / KEYS) as file, replacing(library / KEYS_COPY) as second:
        for stream in (second, file):
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        yield


def _write(library: Path, kept: _KeyFile) -> None:
    with _beside(library, kept):
        pass


def _bytes(kept: _KeyFile) -> bytes:
    said = _said(kept)
    return json_bytes({**said, DIGEST: digest(said)})


def _said(kept: _KeyFile) -> dict[str, Any]:
    return {"format": FORMAT, "version": VERSION, **asdict(kept), "slots": [asdict(slot) for slot in kept.slots]}


def digest(said: Mapping[str, Any]) -> str:
    """Over all that a key file says: a damaged one is read from its copy, and never written on."""
    rest = {name: value for name, value in said.items() if name != DIGEST}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _read(library: Path, *, of: str, current: Mapping[str, str] = _NONE_KNOWN) -> _KeyFile:
    """The key file of the library `of`, where one of the two is. Of two that differ, what is `current`
    in each, and of what is current in neither that of the one which has more that is."""
    found = _whole(library)
    own = [kept for kept in found if kept.library_id == of]
    if not own:
        raise StorageError(
            tr("{key_file} and {copy} are those of another library", key_file=library / KEYS, copy=KEYS_COPY),
            safe=tr("nothing was changed; the pictures and the database are still there, encrypted"),
            remedy=tr(
                "make a backup before you close the program, and put {key_file} back from it: {how}",
                key_file=KEYS,
                how=PUT_KEYS_BACK,
            ),
        )
    right = {slot.id: slot for kept in own for slot in kept.slots if current.get(slot.id) == _fingerprint(slot)}
    newest = max(own, key=lambda kept: (sum(slot in right.values() for slot in kept.slots), len(kept.slots)))
    slots = {slot.id: slot for slot in newest.slots} | right
    return replace(newest, slots=tuple(slots.values()))


def _whole(library: Path, file: Path | None = None) -> tuple[_KeyFile, ...]:
    """Key file and copy, those that can be read, once where they are the same. Raises `StorageError` where none can."""
    places: Sequence[Path] = (file,) if file is not None else (library / KEYS, library / KEYS_COPY)
    found: list[_KeyFile] = []
    for place in places:
        try:
            kept = _parsed(_small(place))
        except _NewerError as error:
            raise StorageError(
                f"{place} {_NEWER}",
                safe=tr("nothing was opened and nothing was changed"),
                remedy=tr("update this program"),
            ) from error
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            continue
        if kept not in found:
            found.append(kept)
    if found:
        return tuple(found)
    if file is None and not os.path.isdir(library):  # noqa: PTH112 - False where it may not be looked into
        raise StorageError(
            tr(
                "the library is no longer at {library}: its folder was moved or renamed, or its disk is gone",
                library=library,
            ),
            safe=tr("nothing was changed"),
            remedy=tr("connect the disk, or open the library where it is now"),
        )
    raise StorageError(
        tr("the key file {file} is missing or damaged: without it nobody can open this library", file=places[0]),
        safe=tr("nothing was changed; the pictures and the database are still there, encrypted"),
        remedy=tr("put {key_file} back from a backup of this library: {how}", key_file=KEYS, how=PUT_KEYS_BACK),
    )


def _check(slot: _Slot) -> None:
    """Raises ValueError for a slot that was not made here: its lengths, and what opening it would cost."""
    lengths = ((slot.salt, _SALT), (slot.nonce, _NONCE), (slot.wrapped, _MASTER + _TAG))
    if any(len(bytes.fromhex(digits)) != length for digits, length in lengths):
        raise ValueError("a slot of another length")
    if slot.id == RECOVERY:
        return
    for name, most in _MOST.items():
        value = getattr(slot, name)
        if not isinstance(value, int) or not 1 <= value <= most:
            raise ValueError(f"{name} is out of range")
    if slot.memory_kib < 8 * slot.lanes:
        raise ValueError("less memory than Argon2id takes")


class _NewerError(Exception):
    """A version that this program does not know."""


def _small(place: Path) -> bytes:
    with place.open("rb") as stream:
        data = stream.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise ValueError("a key file is not that long")
    return data


def _parsed(data: bytes) -> _KeyFile:
    """Raises ValueError, KeyError or TypeError for what is no key file."""
    said = json.loads(data)
    if said["format"] != FORMAT:
        raise ValueError("not a key file")
    if not isinstance(said["version"], int) or said["version"] > VERSION:
        raise _NewerError
    if DIGEST not in said:
        if set(said) != _BEFORE_DIGEST:  # the name of the digest itself may be damaged
            raise ValueError("a damaged key file")
    elif said[DIGEST] != digest(said):
        raise ValueError("a damaged key file")
    slots = tuple(_Slot(**one) for one in said["slots"])
    for slot in slots:
        _check(slot)
    if len(bytes.fromhex(said["name_salt"])) != _SALT:
        raise ValueError("a salt of another length")
    return _KeyFile(str(said["library_id"]), str(said["name_salt"]), slots)
