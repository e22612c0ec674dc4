"""Words for people, in their language: English stands in the source, other languages in catalogues of Qt Linguist.

A catalogue (`resources/translations/pfm_LANGUAGE.ts`) is read as it is: what Linguist saves shows at the next start,
and rooms without Qt, and processes of workers, say the same as the window. The language is that of the process, from
its first word to its end, since tables of words are made once, as their modules are loaded.
"""

from __future__ import annotations

import logging
import os
import re
import string
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

from pfm_desktop.support.paths import resources_dir
from pfm_desktop.support.quiet import Own

log = logging.getLogger(__name__)

VARIABLE = "PFM_LANGUAGE"  # workers inherit it
ENGLISH = "en"
LANGUAGES = {ENGLISH: "English", "zh": "中文", "es": "Español", "fr": "Français"}  # each calls itself so
LOCALES = {ENGLISH: "en_GB", "zh": "zh_CN", "es": "es_ES", "fr": "fr_FR"}
_COUNTED = re.compile(r"\((?P<one>\w+)\|(?P<more>\w+)\)|(?<=\w)\((?P<ending>e?s)\)")  # (woman|women); visit(s)

Catalogue = Mapping[tuple[str, str], tuple[str, ...]]  # by words and comment: one translation, or one for each plural


def current() -> str:
    """The language of this process, a key of `LANGUAGES`."""
    asked = os.environ.get(VARIABLE, ENGLISH)
    return asked if asked in LANGUAGES else ENGLISH


def tr(text: str, comment: str = "", n: int | None = None, /, **values: object) -> str:
    """`text` in the language of the process, its `{names}` filled with `values`; in English where it is not translated.

    `comment` tells apart, for who translates, what is one word in English ("open" a visit; a visit that is "open").
    With a count `n` the text has `%n` and both English numbers, `%n visit(s)` or `%n (woman|women)`; the translation
    has the plural forms of its language.
    """
    forms = catalogue(current()).get((text, comment))
    if n is None:
        said = forms[0] if forms else text
    else:
        said = forms[min(plural_form(current(), n), len(forms) - 1)] if forms else _english(text, n)
        said = said.replace("%n", number(n))
    if not values:
        return said
    return _GROUPED.vformat(said, (), values) if ":,}" in said else said.format(**values)


class _Grouped(string.Formatter):
    """`{count:,}` groups thousands as the language does."""

    def format_field(self, value: object, format_spec: str) -> str:
        """See `string.Formatter`."""
        if format_spec == "," and isinstance(value, int):
            return number(value)
        return str(super().format_field(value, format_spec))


_GROUPED = _Grouped()


def filled(said: str, text: str, comment: str = "", /, **values: object) -> Mapping[str, str] | None:
    """What `tr(text, comment)` was filled with to make `said`, behind which more may stand; None where other words did.

    `values` that are given have to be these. For what is told by its words alone, in whichever language.
    """
    forms = catalogue(current()).get((text, comment)) or (_english(text, 1), _english(text, 2))
    for form in forms:
        pattern = _PLACE.sub(lambda place: _pattern(place, values), re.escape(form)).replace("%n", r"[\d\W]+")
        pattern = re.sub(r"\?\)$", ")", pattern)  # what stands last goes on to the end
        found = re.match(pattern, said, re.DOTALL)
        if found is not None:
            return found.groupdict()
    return None


_PLACE = re.compile(r"\\\{(\w+)[^}]*\\\}")  # a name in braces, of a text whose special letters are escaped


def _pattern(place: re.Match[str], values: Mapping[str, object]) -> str:
    name = place[1]
    return f"(?P<{name}>{re.escape(str(values[name])) if name in values else '.*?'})"


def in_english(shown: str) -> Sequence[str]:
    """The English words that are shown so, of two that are shown alike both; the words themselves in English."""
    return _sources(current()).get(shown, (shown,))


@cache
def _sources(language: str) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for (source, _comment), (first, *_) in catalogue(language).items():
        found.setdefault(first, []).append(source)
    return found


def number(n: int) -> str:
    """`12,400` as the language groups its thousands."""
    return f"{n:,}".replace(",", _THOUSANDS.get(current(), ","))


_THOUSANDS = {"es": "\N{NARROW NO-BREAK SPACE}", "fr": "\N{NARROW NO-BREAK SPACE}"}


def plural_form(language: str, n: int) -> int:
    """Which plural form, in the order of Linguist: Chinese has one; in French nothing is one as well."""
    return {"zh": 0, "fr": int(n > 1)}.get(language, int(n != 1))


def _english(text: str, n: int) -> str:
    return _COUNTED.sub(lambda found: found["one"] or "" if n == 1 else found["more"] or found["ending"], text)


@cache
def catalogue(language: str) -> Catalogue:
    """What is translated and finished; empty for English, and where the file is not whole, which the log says."""
    if language == ENGLISH:
        return {}
    found = read(catalogue_file(language))
    if not found:
        log.warning("the catalogue %s is missing or damaged: English is spoken", Own(catalogue_file(language).name))
    return found


def catalogue_file(language: str) -> Path:
    """Where the catalogue of a language is."""
    return resources_dir() / "translations" / f"pfm_{language}.ts"


def read(path: Path) -> Catalogue:
    """The finished messages of a catalogue; none of a file that is not there or not whole: then English is shown."""
    try:
        messages = ElementTree.parse(path).getroot().iter("message")
    except (OSError, ValueError, ElementTree.ParseError):
        return {}
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for message in messages:
        translation = message.find("translation")
        if translation is None or translation.get("type"):  # unfinished, vanished or obsolete
            continue
        forms = tuple(form.text or "" for form in translation.findall("numerusform")) or (translation.text or "",)
        if all(forms):
            found[message.findtext("source") or "", message.findtext("comment") or ""] = forms
    return found
