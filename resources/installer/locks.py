"""Writes all `requirements*.lock` again, each package with the sums of the wheels that the index has of that version:

    make locks [UPGRADE=--upgrade]

pip-tools chooses the versions; without `--upgrade` those that stand there stay where they fit. The sums are asked of
the index (PIP_INDEX_URL, else PyPI), for every system; its files are not downloaded. Wheels only: what is built from
source runs what it likes while it is installed.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_PACKAGE = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)((?:[ \t]*\\\n[ \t]+--hash=sha256:[0-9a-f]{64})*)", re.MULTILINE)
_LOCAL = re.compile(r"^(torch==[\d.]+)\+\w+", re.MULTILINE)
_SUM = re.compile(r"sha256:([0-9a-f]{64})")
_NO_INPUT = re.compile(r"\n    # via -r -$", re.MULTILINE)
OPTIONS = ("--quiet", "--strip-extras", "--no-header", "--no-emit-index-url", "--no-emit-find-links",
           "--no-emit-options", "--no-emit-trusted-host")  # fmt: skip
SHIPS, DEV = "requirements.lock", "requirements-dev.lock"
# lock: what it is for, and what it is made from: options of pip-compile, names that it reads
LOCKS: dict[str, tuple[str, tuple[str, ...], str]] = {
    SHIPS: ("What the program is made of, and what ships.", ("pyproject.toml",), ""),
    DEV: ("What the tests need, with what ships.", ("--extra", "dev", "-c", SHIPS, "pyproject.toml"), ""),
    "requirements-setup.lock": ("What installs a checkout, first of all.", ("--allow-unsafe", "-"), "setuptools>=77"),
    # the last two are for Windows
    "requirements-build.lock": ("What builds installers, beside requirements.lock.", ("-c", SHIPS, "-"),
                                "pyinstaller>=6.22,<7\npefile\npywin32-ctypes\ndistlib"),
    "requirements-tools.lock": ("What `make locks` and `make audit` run, in an environment of its own.", ("-",),
                                "pip-tools\npip-audit"),
}  # fmt: skip
# torch for the processor alone, which PyPI has for Windows only: there its wheels for Linux are for graphics cards and
# bring gigabytes that no lock here names, so theirs are left out. These are the sums of PyTorch's own index
# (TORCH_INDEX) as public locks state them; the first is also that of the file which this was made with. The locks name
# no "+cpu", so that one line holds for all.
ELSEWHERE = {
    ("torch", "2.13.0"): (
        "6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b",  # manylinux_2_28_x86_64
        "84453b69508ec79902f899c5ed9495acb9e2bbe9fda5f1d5d6f19e3c3842e1a7",  # manylinux_2_28_aarch64
        "10717d8b3b67c45a4788bf7ffc0bab1ea1e5ebbedd24466be6100102d141fac1",  # win_amd64
    ),
}
_FOR_GRAPHICS_CARDS = re.compile(r"torch-[\d.]+-.*linux")


def compiled(lock: str, more: list[str]) -> str:
    """The versions that pip-tools chooses for `lock`, in the form of a lock."""
    said, words, names = LOCKS[lock]
    done = subprocess.run(
        [sys.executable, "-m", "piptools", "compile", *OPTIONS, *more, "-o", lock, *words],
        cwd=ROOT, input=names, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise SystemExit(f"error: pip-compile for {lock}: {done.stderr.strip()[-1000:]}")
    text = _LOCAL.sub(r"\1", (ROOT / lock).read_text(encoding="utf-8"))
    return f"# {said} Made by `make locks`.\n" + _NO_INPUT.sub("", text)


def hashes_of(lock: Path) -> dict[str, tuple[str, ...]]:
    """Package: the sums in `lock`."""
    return {name: tuple(_SUM.findall(sums)) for name, _, sums in _PACKAGE.findall(lock.read_text(encoding="utf-8"))}


def version_in(lock: Path, name: str) -> str:
    """Which version of `name` is locked."""
    return next(of for one, of, _ in _PACKAGE.findall(lock.read_text(encoding="utf-8")) if one == name)


def with_hashes(text: str, index: str) -> str:
    """A lock with the sums of the index in place of its own."""

    def line(found: re.Match[str]) -> str:
        name, version = found[1], found[2]
        sums = sorted({*sums_of(index, name, version), *ELSEWHERE.get((name, version), ())})
        return " \\\n".join((f"{name}=={version}", *(f"    --hash=sha256:{one}" for one in sums)))

    return _PACKAGE.sub(line, text)


def sums_of(index: str, name: str, version: str) -> list[str]:
    """Of all wheels of this version for this Python, whatever the system."""
    request = urllib.request.Request(
        f"{index.rstrip('/')}/{name}/", headers={"Accept": "application/vnd.pypi.simple.v1+json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        files = json.load(answer)["files"]
    sums = [file["hashes"]["sha256"] for file in files if is_of(file["filename"], name, version)]
    if not sums:
        raise SystemExit(f"error: {index} has no wheel of {name} {version} for Python 3.11. No sums were written.")
    return sums


def is_of(file: str, name: str, version: str) -> bool:
    """Whether `file` is a wheel of this version that Python 3.11 can install."""
    if _FOR_GRAPHICS_CARDS.match(file):
        return False
    of, _, rest = file.partition("-")
    return (
        re.sub(r"[-_.]+", "-", of).lower() == name
        and rest.startswith(f"{version}-")
        and bool(re.search(r"-(cp311|py3|py2\.py3)-.*\.whl$|-cp3\d+-abi3-.*\.whl$", file))
    )


def main() -> int:
    """All locks, or none."""
    index = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple")
    before = {ROOT / lock: (ROOT / lock).read_text(encoding="utf-8") for lock in LOCKS if (ROOT / lock).exists()}
    try:
        for lock, text in before.items():  # sums that stand there would narrow the choice
            _write(lock, _PACKAGE.sub(r"\1==\2", text))
        chosen = {ROOT / lock: compiled(lock, sys.argv[1:]) for lock in LOCKS}
        after = {lock: with_hashes(text, index) for lock, text in chosen.items()}
    except BaseException:
        for lock, text in before.items():
            _write(lock, text)
        raise
    for lock, text in after.items():
        _write(lock, text)
        sys.stdout.write(f"{lock.name}: {len(hashes_of(lock))} packages, {text.count('--hash=')} sums\n")
    return 0


def _write(lock: Path, text: str) -> None:
    lock.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    sys.exit(main())
