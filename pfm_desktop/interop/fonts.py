"""Fonts of the report: embedded DejaVu Sans, and a CID font for Chinese, Japanese and Korean names.

reportlab cannot embed the free CJK fonts (they have CFF outlines), so these characters name a font that PDF readers
bring along.
"""

from __future__ import annotations

from functools import lru_cache
from xml.sax.saxutils import escape

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFError, TTFont

from pfm_desktop.support.errors import StorageError
from pfm_desktop.support.paths import resources_dir

SANS, BOLD = "DejaVuSans", "DejaVuSans-Bold"
CHINESE, KOREAN = "STSong-Light", "HYSMyeongJo-Medium"
_HANGUL = ((0x1100, 0x11FF), (0x3130, 0x318F), (0xAC00, 0xD7AF))
_CJK = ((0x2E80, 0x312F), (0x31A0, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0xFE30, 0xFE4F), (0xFF00, 0xFFEF))


@lru_cache(maxsize=1)
def register() -> frozenset[int]:
    """Make the fonts known to reportlab once; returns the code points that the embedded font draws."""
    folder = resources_dir() / "fonts"
    try:
        for name in (SANS, BOLD):
            pdfmetrics.registerFont(TTFont(name, str(folder / f"{name}.ttf")))
    except (OSError, TTFError) as error:
        raise StorageError(
            f"the report font is missing or damaged in {folder}",
            safe="no report was written",
            remedy="install the program again",
        ) from error
    pdfmetrics.registerFontFamily(SANS, normal=SANS, bold=BOLD, italic=SANS, boldItalic=BOLD)
    for name in (CHINESE, KOREAN):
        pdfmetrics.registerFont(UnicodeCIDFont(name))
    return frozenset(pdfmetrics.getFont(SANS).face.charToGlyph)


def runs(text: str) -> list[tuple[str, str]]:
    """`text` cut into (font, part), so that every character has a font that can draw it.

    Control characters are dropped; what no font draws becomes its code point in angle brackets, never an empty box.
    """
    drawn = register()
    parts: list[tuple[str, str]] = []
    for character in text:
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
    if _within(code, _HANGUL):
        return KOREAN, character
    if _within(code, _CJK):
        return CHINESE, character
    if code in drawn:
        return SANS, character
    return SANS, f"<U+{code:04X}>"


def _within(code: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(low <= code <= high for low, high in ranges)
