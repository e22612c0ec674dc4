"""Bring the catalogues up to date with the words in the source: what is new is unfinished, what is gone is dropped.

    python resources/translations/update.py [--check]

`lupdate` of Qt Linguist reads `tr(...)` out of `pfm_desktop/`. Translate with Linguist (`pyside6-linguist pfm_es.ts`)
or in the file; what is finished shows at the next start. With `--check` nothing is written; exit code 1 where a
catalogue lacks words, is not finished, or has another's braces.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CODES = {"zh": "zh_CN", "es": "es_ES", "fr": "fr_FR"}
FORMS = {"zh": 1, "es": 2, "fr": 2}
_BRACES = re.compile(r"\{\w+|%n")  # how a number is written is the language's own


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; tell what is not translated")
    asked = parser.parse_args()
    problems = 0
    for language in CODES:
        path = HERE / f"pfm_{language}.ts"
        if not asked.check:
            extract(language, path)
        found = wrong(language, path)
        problems += len(found)
        print(f"{path.name}: {len(found)} not translated or not right")  # noqa: T201 - a script
        for line in found[:20] if asked.check else ():
            print(f"  {line}")  # noqa: T201
    sys.exit(int(bool(problems)) if asked.check else 0)


def extract(language: str, path: Path) -> None:
    """Merge the words of the source into a catalogue."""
    tool = shutil.which("pyside6-lupdate", path=f"{Path(sys.executable).parent}") or "pyside6-lupdate"
    sources = sorted(str(one) for one in (ROOT / "pfm_desktop").rglob("*.py"))
    command = [
        tool, *sources, "-ts", str(path), "-source-language", "en", "-target-language", CODES[language],
        "-locations", "none", "-no-obsolete", "-sort-messages", "-silent", "-disable-heuristic", "similartext",
    ]  # fmt: skip
    subprocess.run(command, check=True)


def wanted() -> set[tuple[str, str]]:
    """The words of the source, with their comments."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "pfm_fr.ts"
        extract("fr", path)
        return {(source, comment) for source, comment, *_ in messages(path)}


def messages(path: Path) -> list[tuple[str, str, tuple[str, ...], bool, bool]]:
    """Source, comment, translations, whether they are finished, and whether they go with a count."""
    found = []
    for one in ElementTree.parse(path).getroot().iter("message"):
        translation = one.find("translation")
        assert translation is not None
        forms = tuple(form.text or "" for form in translation.findall("numerusform")) or (translation.text or "",)
        done = not translation.get("type")
        found.append(
            (one.findtext("source") or "", one.findtext("comment") or "", forms, done, bool(one.get("numerus")))
        )
    return found


def wrong(language: str, path: Path) -> list[str]:
    """What a catalogue lacks, in words."""
    found = []
    for source, _comment, forms, done, counted in messages(path):
        if not done or not all(forms):
            found.append(f"not translated: {source!r}")
        elif counted and len(forms) != FORMS[language]:
            found.append(f"{len(forms)} plural forms: {source!r}")
        elif any(not fits(source, form, first=not place) for place, form in enumerate(forms)):
            found.append(f"other braces: {source!r}: {forms}")
    return found


def fits(source: str, translation: str, *, first: bool) -> bool:
    """Whether a translation has what is filled in, no more and no less; of one, the number itself may be left out."""
    asked, has = set(_BRACES.findall(source)), set(_BRACES.findall(translation))
    return has == asked or (first and has == asked - {"%n"})


if __name__ == "__main__":
    main()
