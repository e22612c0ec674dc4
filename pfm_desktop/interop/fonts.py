"""Fonts of the report, all embedded: DejaVu Sans, and for what it does not draw Droid Sans Fallback (Chinese, Japanese)
and NanumGothic (Korean). Words in scripts that run from right to left are put into the order in which they are seen
(`interop.right_to_left`): a PDF draws from left to right.
"""

from __future__ import annotations

from functools import lru_cache
from xml.sax.saxutils import escape

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont

from pfm_desktop.interop.right_to_left import seen
from pfm_desktop.support.errors import StorageError
from pfm_desktop.support.language import tr
from pfm_desktop.support.paths import resources_dir

SANS, BOLD = "DejaVuSans", "DejaVuSans-Bold"
EAST_ASIAN = ("DroidSansFallbackFull", "NanumGothic")  # the first that draws a character does
_ONE_LINE = 60  # characters; what is longer is broken into lines, and put into order word by word


@lru_cache(maxsize=1)
def register() -> frozenset[int]:
    """Make the fonts known to reportlab once; returns the code points that the embedded font draws."""
    for name in (SANS, BOLD):
        _load(name)
    pdfmetrics.registerFontFamily(SANS, normal=SANS, bold=BOLD, italic=SANS, boldItalic=BOLD)
    return frozenset(pdfmetrics.getFont(SANS).face.charToGlyph)


def _load(name: str) -> None:
    folder = resources_dir() / "fonts"
    try:
        pdfmetrics.registerFont(TTFont(name, str(folder / f"{name}.ttf")))
    except (OSError, TTFError) as error:
        raise StorageError(
            tr("the report font is missing or damaged in {folder}", folder=folder),
            safe=tr("no report was written"),
            remedy=tr("install the program again"),
        ) from error


@lru_cache(maxsize=len(EAST_ASIAN))
def _drawn_by(name: str) -> frozenset[int]:
    """What an East Asian font draws; it is loaded when it is first needed."""
    _load(name)
    return frozenset(pdfmetrics.getFont(name).face.charToGlyph)


def runs(text: str) -> list[tuple[str, str]]:
    """`text` cut into (font, part), so that every character has a font that can draw it.

    Control characters are dropped; what no font draws becomes its code point in angle brackets, never an empty box.
    """
    drawn = register()
    parts: list[tuple[str, str]] = []
    for character in seen(text) if len(text) <= _ONE_LINE else " ".join(map(seen, text.split(" "))):
        font, shown = _font_of(character, drawn)
        if parts and parts[-1][0] == font:
            parts[-1] = font, parts[-1][1] + shown
        elif shown:
            parts.append((font, shown))
    return parts


def markup(text: str) -> str:
    """`text` as reportlab paragraph markup: escaped, fonts set, line ends kept."""
    lines = []
    for line in text.replace("\r\n", "\n").split("\n"):
        tagged = [
            escape(part) if font == SANS else f'<font name="{font}">{escape(part)}</font>' for font, part in runs(line)
        ]
        lines.append("".join(tagged))
    return "<br/>".join(lines)


def _font_of(character: str, drawn: frozenset[int]) -> tuple[str, str]:
    code = ord(character)
    if code < 0x20 or code in (0x7F, 0xFEFF):
        return SANS, " " if character == "\t" else ""
    if code in drawn:
        return SANS, character
    other = next((name for name in EAST_ASIAN if code in _drawn_by(name)), None)
    return (SANS, f"<U+{code:04X}>") if other is None else (other, character)
