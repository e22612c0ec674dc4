"""Builds the installer for the system it runs on, from this checkout:

    python build_installer.py [--out dist] [--no-package] [--update-root root.json]

Linux: `pfm-desktop_<version>_amd64.deb` and `pfm-desktop-<version>-linux-x86_64.tar.zst` (unpacks anywhere). Windows:
`pfm-desktop-<version>-setup.exe` (NSIS). Beside them: SHA-256 sums, a list of all parts with their licences, and what
was left out. `--update-root` is whose update files the program takes (docs/updates.md); without it, nobody's. Needs
what `requirements.lock` and `requirements-build.lock` name, in the environment that runs it (`make installer` sets one
up), on Linux `dpkg-deb` and `zstd`, on Windows `makensis`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from resources.installer import debian, licences, manifest, nsis, parcels, sbom, slim
from resources.installer import stamp as stamps

ROOT = Path(__file__).resolve().parent
RESOURCES = ROOT / "resources"
SPEC = RESOURCES / "installer" / "pfm_desktop.spec"
ROOM_GB = 5.0  # bundle, copies of it, archives
NAME = "pfm-desktop"


def main() -> int:
    """Build; 0 when all was done, 2 with one line `error: ...`."""
    asked = _asked()
    began = time.monotonic()
    out, work = asked.out.resolve(), (ROOT / "build").resolve()
    _check_room(out, work)
    stamp = stamps.stamp_of(ROOT)
    _check_parts(stamp)
    with ThreadPoolExecutor(1) as beside:
        is_deb = sys.platform.startswith("linux") and not asked.no_package
        ahead = beside.submit(debian.pack_ahead, work, stamp.moment) if is_deb else None
        bundle = build_bundle(stamp, work, _update_root(asked.update_root, work))
    say(f"bundle: {parcels.size_mb(bundle):.0f} MB in {time.monotonic() - began:.0f} s")
    if not asked.no_package:
        made = package(bundle, stamp, work, out, ahead.result() if ahead is not None else None)
        parts = out / f"{NAME}-{stamp.version}-{stamp.system}.cdx.json"
        made.append(sbom.write_sbom(stamp, bundle, ROOT / "docs" / "third-party.md", parts))
        parcels.write_sums(made, out / "SHA256SUMS")
        for path in made:
            say(f"{path.name}: {path.stat().st_size / 1e6:.0f} MB")
    say(f"done in {time.monotonic() - began:.0f} s: {out if not asked.no_package else bundle}")
    return 0


def build_bundle(stamp: stamps.Stamp, work: Path, update_root: Path | None = None) -> Path:
    """The folder that runs, made by PyInstaller; returns it."""
    work.mkdir(parents=True, exist_ok=True)
    written = stamps.write_stamp(stamp, work / "stamp")
    environment = {
        **os.environ,
        "PFM_STAMP": str(written),
        "PYTHONHASHSEED": "0",  # the same order of the same modules each time
        "SOURCE_DATE_EPOCH": str(stamp.moment),
    }
    if update_root is not None:
        environment["PFM_UPDATE_ROOT"] = str(update_root)
    command = [
        sys.executable, "-m", "PyInstaller", "--noconfirm", "--clean", "--log-level", "WARN",
        "--distpath", str(work / "bundle"), "--workpath", str(work / "pyinstaller"), str(SPEC),
    ]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False)
    if done.returncode != 0:
        raise SystemExit(f"error: PyInstaller ended with {done.returncode}; what it said stands above")
    bundle = work / "bundle" / NAME
    if sys.platform.startswith("linux"):
        (bundle / "pfm").symlink_to(NAME)
        slim.slim(bundle / "_internal")
    if problems := licences.problems(bundle, ROOT / "docs" / "third-party.md"):
        raise SystemExit("error: this may not be handed out:\n  " + "\n  ".join(problems))
    manifest.write_manifest(bundle)  # last: nothing in it changes any more
    return bundle


def package(bundle: Path, stamp: stamps.Stamp, work: Path, out: Path, ahead: debian.Ahead | None = None) -> list[Path]:
    """What is handed out for this system."""
    out.mkdir(parents=True, exist_ok=True)
    if sys.platform.startswith("linux"):
        name = f"{NAME}-{stamp.version}"
        return [
            debian.write_deb(
                bundle, RESOURCES, work, out / f"{NAME}_{stamp.version}_amd64.deb",
                version=stamp.version, moment=stamp.moment, ahead=ahead,
            ),
            parcels.write_tar(bundle, out / f"{name}-linux-x86_64.tar.zst", top=name, moment=stamp.moment),
        ]  # fmt: skip
    if sys.platform == "win32":
        setup = out / f"{NAME}-{stamp.version}-setup.exe"
        return [nsis.write_setup(bundle, setup, version=stamp.version, build=stamp.build)]
    raise SystemExit(f"error: there is no installer for {sys.platform}; the bundle that runs is {bundle}")


def say(line: str) -> None:
    """To whoever builds."""
    print(line, flush=True)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="where the installers go (dist)")
    parser.add_argument("--no-package", action="store_true", help="only the folder that runs, in build/bundle")
    parser.add_argument("--update-root", type=Path, metavar="FILE", help="whose update files it takes: N.root.json")
    return parser.parse_args()


def _update_root(chosen: Path | None, work: Path) -> Path | None:
    """Under the name that the program looks for (`support/paths.py`)."""
    if chosen is None:
        say("no --update-root: this program will take no update files")
        return None
    from resources.installer.updates import check_root

    path = work / "updates" / "root.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(check_root(chosen))
    return path


def _check_room(*folders: Path) -> None:
    """Before minutes of work."""
    for folder in folders:
        there = next(one for one in (folder, *folder.parents) if one.exists())
        free = shutil.disk_usage(there).free / 1e9
        if free < ROOM_GB:
            raise SystemExit(f"error: {there} has {free:.1f} GB free, {ROOM_GB:.0f} are needed. Nothing was built.")


def _check_parts(stamp: stamps.Stamp) -> None:
    """What is installed is what the lock names."""
    for name, wanted in stamp.parts.items():
        try:
            there = version(name).partition("+")[0]
        except PackageNotFoundError:
            there = "missing"
        if there != wanted.partition("+")[0]:
            raise SystemExit(
                f"error: {name} is {there}, requirements.lock names {wanted}. Nothing was built; "
                "`make installer` sets up an environment as the lock has it."
            )


if __name__ == "__main__":
    try:
        sys.exit(main())
    except SystemExit as stop:
        if not isinstance(stop.code, str):
            raise
        print(stop.code, file=sys.stderr)
        sys.exit(2)
