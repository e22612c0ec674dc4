"""Which of the locked packages are within a bundle: some are installed for another one's sake and never imported."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from resources.installer import libraries, licences

_ARCHIVE = b"MEI\x0c\x0b\x0a\x0b\x0e"  # how PyInstaller marks a program that holds modules
_TAIL = 8192


def packages(bundle: Path, locked: Iterable[str]) -> set[str]:
    """Those of `locked` of which a module or a library is in the bundle."""
    owners, inside = licences.owners(), bundle / "_internal"
    files = (path for path in inside.rglob("*") if path.suffix in (".py", ".pyc") or libraries.is_native(path))
    names = {licences.first(path.relative_to(inside).as_posix()) for path in files} | _packed(bundle)
    return {of for name in names for of in owners.get(name, ())} & {*locked}


def _packed(bundle: Path) -> set[str]:
    """Importable names within the programs themselves."""
    names: set[str] = set()
    for program in (bundle / "pfm-desktop", bundle / "pfm-desktop.exe"):
        if program.is_file() and _ARCHIVE in program.read_bytes()[-_TAIL:]:
            from PyInstaller.archive.readers import CArchiveReader

            archive = CArchiveReader(str(program))
            modules = archive.open_embedded_archive("PYZ.pyz").toc
            names |= {name.partition(".")[0] for name in modules}
    return names
