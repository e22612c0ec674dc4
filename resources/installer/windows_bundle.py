"""Assembles the program for Windows on any system, without Windows: CPython's embeddable package, the wheels that
`requirements.lock` stands for there, and the program itself.

    python -m resources.installer.windows_bundle --python python-3.11.9-embed-amd64.zip [--out dist] [--no-package]

What ships is made on Windows, by `build_installer.py` with PyInstaller; this is what can be had without a Windows
machine: it tells which wheels there are, whether each library finds what it asks for, and how the installer behaves.
The package of CPython is that of <https://www.python.org/ftp/python/3.11.9/>, known by its SHA-256; another one is
taken with `--python-sha256`. Without `--python` all is done but for what needs it, and nothing is packed.

Needs what `requirements-build.lock` names, an index of wheels for pip, and `makensis`.
"""

from __future__ import annotations

import argparse
import compileall
import py_compile
import shutil
import sys
import time
import zipfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

from resources.installer import cut, dlls, launchers, licences, nsis, parcels, program, sbom, wheels
from resources.installer import stamp as stamps

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
NAME = "pfm-desktop"
# python-3.11.9-embed-amd64.zip of python.org, the last of 3.11 that came with programs for Windows
PYTHON_SHA256 = "009d6bf7e3b2ddca3d784fa09f90fe54336d5b60f0e0f305c37f400bf83cfd3b"
# Microsoft's libraries of C and C++, which Windows does not have: the newest in the bundle goes beside `python.exe`
RUNTIME = ("vcruntime140.dll", "vcruntime140_1.dll", "msvcp140.dll", "msvcp140_1.dll", "msvcp140_2.dll",
           "concrt140.dll", "vcomp140.dll")  # fmt: skip
# C:\\Users\\<20 letters>\\AppData\\Local\\Programs\\PFM Desktop\\new\\ is 70 of the 259 that a path may have
LONGEST = 180


def main() -> int:
    """Assemble; 0 when all was done, 1 when something is missing (it is said), 2 with one line `error: ...`."""
    given = _given()
    if given.python is not None:
        check_python(given.python, given.python_sha256)
    found = _wheels(given.wheels)
    stamp = replace(stamps.stamp_of(ROOT), system="win32-amd64", python=wheels.WINDOWS["python_full_version"])
    began = time.monotonic()
    bundle = assemble(found, given.python, stamp, given.work / NAME)
    say(f"bundle: {parcels.size_mb(bundle):.0f} MB in {time.monotonic() - began:.0f} s, {bundle}")
    lacking = check(bundle)
    if lacking or given.python is None or given.no_package:
        for line in lacking:
            say(line)
        return 1 if lacking else 0
    given.out.mkdir(parents=True, exist_ok=True)
    setup = given.out / f"{NAME}-{stamp.version}-assembled-setup.exe"
    made = [nsis.write_setup(bundle, setup, version=stamp.version, build=stamp.build)]
    parts = given.out / f"{NAME}-{stamp.version}-{stamp.system}.cdx.json"
    made.append(sbom.write_sbom(stamp, bundle, ROOT / "docs" / "third-party.md", parts))
    parcels.write_sums(made, given.out / "SHA256SUMS.windows")
    for path in made:
        say(f"{path.name}: {path.stat().st_size / 1e6:.0f} MB")
    say(f"done in {time.monotonic() - began:.0f} s")
    return 0


def assemble(found: list[wheels.Wheel], python: Path | None, stamp: stamps.Stamp, bundle: Path) -> Path:
    """Lay all out as the other installers do: two programs, and all that they share in `_internal`."""
    shutil.rmtree(bundle, ignore_errors=True)
    inside = bundle / "_internal"
    inside.mkdir(parents=True)
    if python is not None:
        unpack_python(python, inside)
    left = sum(wheels.unpack(wheel.path, inside, cut.why_not_of_wheel) for wheel in found)
    say(f"of the wheels {left / 1e6:.0f} MB were left out")
    lay_program(inside, stamp)
    lay_runtime(inside)
    # a program that nobody may write beside would compile itself anew at each start
    compileall.compile_dir(
        inside,
        quiet=2,
        stripdir=str(inside),
        workers=2,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
    launchers.write(bundle, HERE / "pfm_program.py")
    return bundle


def check_python(package: Path, sha256: str) -> None:
    """That the package of CPython is the one that is meant."""
    if not package.is_file():
        raise SystemExit(f"error: there is no {package}. Get it from https://www.python.org/ftp/python/3.11.9/")
    if (there := parcels.sha256(package)) != sha256.lower():
        raise SystemExit(f"error: the SHA-256 of {package} is {there}, not {sha256.lower()}. Nothing was built.")


def unpack_python(package: Path, inside: Path) -> None:
    """All of it, with a path of modules that is `_internal` and nothing of the computer's."""
    with zipfile.ZipFile(package) as archive:
        names = archive.namelist()
        if strange := [name for name in names if "/" in name or "\\" in name or ":" in name or name == ".."]:
            raise SystemExit(f"error: {package} holds {strange[0]!r}; the embeddable package has no folders.")
        archive.extractall(inside)
    if not (inside / "python311.dll").is_file():
        raise SystemExit(f"error: {package} is no embeddable package of CPython 3.11: python311.dll is missing.")
    (inside / "python311._pth").write_bytes(b"python311.zip\r\n.\r\n")
    (inside / "LICENSE.txt").rename(inside / "LICENSE-Python.txt")


def lay_program(inside: Path, stamp: stamps.Stamp) -> None:
    """The program as in a checkout (`support/paths.py` finds all by its own place), and what says which one it is."""
    trash = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "pfm_desktop", inside / "pfm_desktop", ignore=trash)
    for source, place in program.data(ROOT):
        target = inside / place
        if source.is_dir():
            shutil.copytree(source, target, ignore=trash)
        else:
            target.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target / source.name)
    stamps.write_stamp(stamp, inside)
    known = inside / f"pfm_desktop-{stamp.version}.dist-info"
    known.mkdir()
    (known / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {stamp.version}\n", encoding="utf-8", newline="\n"
    )


def lay_runtime(inside: Path) -> None:
    """Beside `python.exe`, where every library finds them, and where the first that is loaded is the one for all."""
    for name in RUNTIME:
        there = [path for path in sorted(inside.rglob(name)) if path.is_file()]
        if there and (newest := max(there, key=dlls.version_of)).parent != inside:
            shutil.copyfile(newest, inside / name)


def check(bundle: Path) -> list[str]:
    """What is not as it has to be, one line each; what libraries nobody asks for is said."""
    inside = bundle / "_internal"
    paths = [path.relative_to(bundle).as_posix() for path in parcels.files_of(bundle)]
    longest = max(paths, key=len)
    say(f"{len(paths)} files and folders; the longest path has {len(longest)} letters: {longest}")
    lacking = [f"path too long for Windows: {path}" for path in paths if len(path) > LONGEST]
    twice = [path for path, count in Counter(path.lower() for path in paths).items() if count > 1]
    lacking += [f"two names that are one on Windows: {path}" for path in twice]
    lacking += licences.problems(bundle, ROOT / "docs" / "third-party.md")
    asks = dlls.asked(inside)
    for name, askers in dlls.missing(asks).items():
        lacking.append(f"{name} is missing: {len(askers)} ask for it, {', '.join(askers[:3])}")
    say(f"{len(asks)} programs and libraries; nobody asks for: {', '.join(dlls.unused(asks))}")
    return lacking


def say(line: str) -> None:
    """To whoever builds."""
    print(line, flush=True)


def _wheels(folder: Path) -> list[wheels.Wheel]:
    lock = ROOT / "requirements.lock"
    wheels.download(lock, folder)
    found = wheels.of_lock(lock, folder)
    say(wheels.table(found).rstrip())
    say(f"{len(found)} wheels, {sum(wheel.path.stat().st_size for wheel in found) / 1e6:.0f} MB")
    if lines := wheels.unmet(found):
        raise SystemExit("error: the lock does not do for Windows:\n  " + "\n  ".join(lines))
    return found


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", type=Path, help="the embeddable package of CPython 3.11 (ZIP) for Windows, x64")
    parser.add_argument("--python-sha256", default=PYTHON_SHA256, help="its SHA-256, where it is another one")
    parser.add_argument("--wheels", type=Path, default=ROOT / "build" / "wheels", help="where wheels are kept")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "windows", help="where the bundle is made")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="where the installer goes (dist)")
    parser.add_argument("--no-package", action="store_true", help="only the folder that runs")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except SystemExit as stop:
        if not isinstance(stop.code, str):
            raise
        print(stop.code, file=sys.stderr)
        sys.exit(2)
