"""What the program is made of: its parts, its files, its words. Needs nothing that may be missing."""

from __future__ import annotations

import importlib.util
import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version

from pfm_desktop.services.doctor.finding import Finding, Findings, warn, wrong
from pfm_desktop.support import installation
from pfm_desktop.support.build import is_installed, this_build
from pfm_desktop.support.language import ENGLISH, LANGUAGES, catalogue_file, current
from pfm_desktop.support.paths import app_root, resources_dir
from pfm_desktop.support.settings import load_settings

PARTS = (
    ("Qt", "pyside6-essentials"), ("torch", "torch"), ("OpenVINO", "openvino"), ("OpenCV", "opencv-python-headless"),
    ("SQLCipher", "sqlcipher3"), ("numpy", "numpy"),
)  # fmt: skip
AGAIN = "install the program again; libraries, models and settings stay as they are"
_MODULES = ("PySide6", "torch", "openvino", "cv2", "sqlcipher3", "numpy")


def versions() -> Findings:
    """Of the program and of its large parts; nothing is imported."""
    build = this_build()
    yield Finding("Program", str(build) if is_installed() else f"{build.version}, run from its source")
    yield Finding("Python", platform.python_version())
    for (name, package), module in zip(PARTS, _MODULES, strict=True):
        said = _version(package) or build.parts.get(package, "")
        if importlib.util.find_spec(module) is None:
            yield wrong(name, "is missing", AGAIN)
        else:
            yield Finding(name, said or "is there, its version is not known")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def files(*, deep: bool) -> Findings:
    """Whether what was installed is as it was built."""
    try:
        found = installation.compare(deep=deep)
    except installation.NoListError:
        if is_installed():
            yield warn("Files", "there is no list of them to compare with", AGAIN)
        else:
            yield Finding("Files", "run from its source: there is no list of them to compare with")
        return
    how = "size and content" if deep else "size; all of their content: pfm doctor --deep"
    if not found:
        yield Finding("Files", f"all are as they were built ({how})")
    for one in found[:20]:
        yield wrong("Files", str(one), installation.REMEDY)
    if len(found) > 20:
        yield wrong("Files", f"and {len(found) - 20} more", installation.REMEDY)


def languages() -> Findings:
    """Words of the program, and how the system names things."""
    gone = [code for code in LANGUAGES if code != ENGLISH and not catalogue_file(code).is_file()]
    if gone:
        yield warn("Languages", f"missing: {', '.join(gone)}; English is spoken instead", AGAIN)
    else:
        yield Finding("Languages", ", ".join(LANGUAGES))
    yield Finding("Spoken", f"{current()}; the window: {load_settings().language or 'as the computer'}")
    if sys.getfilesystemencoding().lower().replace("-", "") != "utf8":
        yield warn(
            "Encoding",
            f"names of files are {sys.getfilesystemencoding()}",
            "choose a language with UTF-8 in the system",
        )
    if not (resources_dir() / "fonts").is_dir():
        yield wrong("Fonts", "those of the report are missing", AGAIN)


def program_folder() -> Findings:
    """Where the program itself lies."""
    if not os.access(app_root(), os.R_OK | os.X_OK):
        yield wrong("Program folder", "may not be read by this user", AGAIN)
    elif os.access(app_root(), os.W_OK):
        yield Finding("Program folder", "may be written by this user, which it need not be")
    else:
        yield Finding("Program folder", "may be read only, as it should be")
