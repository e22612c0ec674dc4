"""Installs, upgrades and removes the Debian package again and again in a clean system, and looks for what is left.

    python benchmarks/install_cycles.py --earlier A.deb --later B.deb --root FOLDER [--cycles 20]

FOLDER is made by debootstrap (Debian 12, as root) with the libraries that the package declares, and kept for the next
run. A cycle installs A, is used by an ordinary user (the command line answers, a library is made in her home), upgrades
to B, is refused A, and is removed, every second time purged. In the first and the last cycle B tries all of its job
(`pfm selftest`). Wanted: after each cycle every file outside of her home is as it was before the first, but for what
dpkg itself keeps, and her home is as she left it.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from resources.installer import debian  # noqa: E402 - found by the path above

MIRROR, SUITE = "http://deb.debian.org/debian", "bookworm"
USER, HOME = "nurse", "home/nurse"
# what dpkg, the linker and fontconfig keep for themselves, whatever is installed
THEIRS = ("var/lib/dpkg", "var/log", "var/cache/ldconfig", "var/cache/fontconfig", "var/cache/debconf", "proc", "sys",
          "dev", "tmp", "run", "debs", HOME, "etc/ld.so.cache")  # fmt: skip


def main() -> int:
    """Run the cycles; 0 where nothing was left and nothing lost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--earlier", type=Path, required=True)
    parser.add_argument("--later", type=Path, required=True)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--cycles", type=int, default=20)
    options = parser.parse_args()
    root = options.root.resolve()
    make_root(root)
    for name, package in (("earlier.deb", options.earlier), ("later.deb", options.later)):
        shutil.copy(package, root / "debs" / name)
    subprocess.run(["mount", "-t", "proc", "proc", str(root / "proc")], check=True)
    try:
        return cycles(root, options.cycles)
    finally:
        subprocess.run(["umount", str(root / "proc")], check=True)


def make_root(root: Path) -> None:
    """A clean Debian with what the package depends on, and one ordinary user."""
    if not (root / HOME).is_dir():
        needed = ",".join(name.partition(" ")[0] for name in debian.DEPENDS)
        command = ["debootstrap", "--variant=minbase", f"--include={needed}", SUITE, str(root), MIRROR]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        inside(root, "useradd", "--create-home", USER)
    (root / "debs").mkdir(exist_ok=True)


def cycles(root: Path, count: int) -> int:
    """All of them; returns how many left or lost something."""
    before, wrong, home = files(root), 0, {}
    for number in range(1, count + 1):
        tried = number in (1, count)
        said = cycle(root, purge=number % 2 == 0, tried=tried)
        now, home_now = files(root), contents(root / HOME)
        said += [f"left: {name}" for name in sorted(now - before)] + [f"lost: {name}" for name in sorted(before - now)]
        said += [f"of the user: {name}" for name in sorted({*home.items()} - {*home_now.items()})]
        home = home_now
        wrong += bool(said)
        print(f"cycle {number}: {'; '.join(said[:5]) if said else 'nothing left, nothing lost'}", flush=True)
    print(
        f"{count} cycles of install, upgrade and remove: {wrong} left or lost something; {len(home)} files of the user"
    )
    return min(wrong, 1)


def cycle(root: Path, *, purge: bool, tried: bool) -> list[str]:
    """One; returns what went otherwise than it should."""
    wrong = []
    inside(root, "dpkg", "-i", "/debs/earlier.deb")
    as_user(root, "pfm phantom kept/phantoms --count 1 --seed 3 --size 128")
    inside(root, "dpkg", "-i", "/debs/later.deb")
    if inside(root, "dpkg", "-i", "/debs/earlier.deb", check=False).returncode == 0:
        wrong.append("an older version went over a newer one")
    as_user(root, "pfm --version")
    if tried:
        done = as_user(root, "pfm selftest", check=False)
        if done.returncode != 0:
            wrong.append(f"self-test: {done.stdout.strip().splitlines()[-2:]}")
    inside(root, "dpkg", "--purge" if purge else "--remove", debian.NAME)
    return wrong


def files(root: Path) -> set[str]:
    """Names of all files, folders and links outside of what others keep."""
    found = set()
    for folder, folders, names in os.walk(root):
        within = os.path.relpath(folder, root).removeprefix(".").lstrip("/")
        place = f"{within}/" if within else ""
        folders[:] = [name for name in folders if place + name not in THEIRS]
        found |= {place + name for name in (*folders, *names)}
    return found - {*THEIRS}


def contents(folder: Path) -> dict[str, str]:
    """Each file below, with the hash of what it holds."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def as_user(root: Path, line: str, *, check: bool = True) -> subprocess.CompletedProcess[str]:
    """A command line of the ordinary user, in her home."""
    return inside(root, "su", "-", USER, "-c", line, check=check)


def inside(root: Path, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """A command in the other system."""
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(["chroot", str(root), *command], env=environment, capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        raise SystemExit(f"error: {' '.join(command)}: {(done.stdout + done.stderr).strip()[-600:]}")
    return done


if __name__ == "__main__":
    sys.exit(main())
