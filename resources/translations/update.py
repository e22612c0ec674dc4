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

from pfm_desktop.support.language import ENGLISH, LANGUAGES, LOCALES, plural_form

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TRANSLATED = [code for code in LANGUAGES if code != ENGLISH]
FORMS = {code: 1 + max(plural_form(code, n) for n in range(3)) for code in TRANSLATED}
_BRACES = re.compile(r"\{\w+|%n")  # how a number is written is the language's own


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; tell what is not translated")
    asked = parser.parse_args()
    asked_for, problems = wanted() if asked.check else set(), 0
    for language in TRANSLATED:
        path = HERE / f"pfm_{language}.ts"
        if not asked.check:
            extract(language, path)
        found = missing(asked_for, path) + wrong(language, path)
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
        tool, *sources, "-ts", str(path), "-source-language", "en", "-target-language", LOCALES[language],
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


def missing(asked_for: set[tuple[str, str]], path: Path) -> list[str]:
    """Words of the source that a catalogue does not have."""
    has = {(source, comment) for source, comment, *_ in messages(path)}
    return [f"not in it: {source!r}" for source, _comment in sorted(asked_for - has)]


def wrong(language: str, path: Path) -> list[str]:
    """What a catalogue lacks, in words."""
    found = []
    for source, _comment, forms, done, counted in messages(path):
        if not done or not all(forms):
            found.append(f"not translated: {source!r}")
        elif counted and len(forms) != FORMS[language]:
            found.append(f"{len(forms)} plural forms: {source!r}")
        elif any(not fits(source, form, one=language == "es" and not place) for place, form in enumerate(forms)):
            found.append(f"other braces: {source!r}: {forms}")
    return found


def fits(source: str, translation: str, *, one: bool) -> bool:
    """Whether a translation has what is filled in, no more and no less. Where it is of `one` and of nothing else, the
    number itself may be left out: in French that form is of none as well, in Chinese of all."""
    asked, has = set(_BRACES.findall(source)), set(_BRACES.findall(translation))
    return has == asked or (one and has == asked - {"%n"})


if __name__ == "__main__":
    main()
