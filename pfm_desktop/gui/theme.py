"""Dark and light look: neutral greys, one quiet accent, contrast of at least 4.5:1, focus that can be seen."""

from __future__ import annotations

from dataclasses import dataclass
from string import Template

from PySide6.QtGui import QColor, QFontInfo, QIcon, QPalette
from PySide6.QtWidgets import QApplication

from pfm_desktop.support.paths import resources_dir

TEXT_PIXELS = 14
SURROUND = "#2B2B2B"  # around pictures, in both themes: colour judgement needs a neutral dark grey
ON_SURROUND = "#EDEDED"


@dataclass(frozen=True)
class Theme:
    """Colours by what they are for. `faint` is for lines, `quiet` for secondary words."""

    window: str
    panel: str
    raised: str
    field: str
    text: str
    quiet: str
    faint: str
    line: str
    accent: str
    on_accent: str
    focus: str
    warning: str
    on_warning: str
    info: str
    on_info: str
    chunk: str
    badge: str
    on_badge: str


THEMES: dict[str, Theme] = {
    "dark": Theme(
        window="#252525", panel="#2B2B2B", raised="#3A3A3A", field="#1E1E1E", text="#EDEDED", quiet="#B9B9B9",
        faint="#484848", line="#7C7C7C", accent="#3F6FA3", on_accent="#FFFFFF", focus="#8EC5FF",
        warning="#5A3A12", on_warning="#FFE9C7", info="#2F3D4A", on_info="#E4F0FA",
        chunk="#2F5783", badge="#4A4426", on_badge="#FFF3BF",
    ),
    "light": Theme(
        window="#E9E9E9", panel="#F4F4F4", raised="#DCDCDC", field="#FFFFFF", text="#1C1C1C", quiet="#505050",
        faint="#C9C9C9", line="#767676", accent="#2B5F98", on_accent="#FFFFFF", focus="#0A53A0",
        warning="#FFE3B8", on_warning="#4A2C00", info="#DCE9F5", on_info="#16324C",
        chunk="#9CC4EE", badge="#FFF0B3", on_badge="#4A3D00",
    ),
}  # fmt: skip


def theme_of(name: str) -> Theme:
    """A theme by its name in the settings; the dark one for a name that nobody knows."""
    return THEMES.get(name, THEMES["dark"])


def alarm_colour(on: QPalette) -> str:
    """Of words that say that something is late, on the base of this palette: red, and at least 4.5:1."""
    return "#FF9A8F" if on.color(QPalette.ColorRole.Base).lightness() < 128 else "#A31212"


def palette(name: str) -> QPalette:
    """Palette of a theme; widgets that draw themselves take their colours from it."""
    theme, made = theme_of(name), QPalette()
    roles = {
        QPalette.ColorRole.Window: theme.window,
        QPalette.ColorRole.WindowText: theme.text,
        QPalette.ColorRole.Base: theme.field,
        QPalette.ColorRole.AlternateBase: theme.panel,
        QPalette.ColorRole.Text: theme.text,
        QPalette.ColorRole.PlaceholderText: theme.quiet,
        QPalette.ColorRole.Button: theme.raised,
        QPalette.ColorRole.ButtonText: theme.text,
        QPalette.ColorRole.BrightText: theme.text,
        QPalette.ColorRole.ToolTipBase: theme.raised,
        QPalette.ColorRole.ToolTipText: theme.text,
        QPalette.ColorRole.Highlight: theme.accent,
        QPalette.ColorRole.HighlightedText: theme.on_accent,
        QPalette.ColorRole.Link: theme.focus,
        QPalette.ColorRole.LinkVisited: theme.focus,
        QPalette.ColorRole.Light: theme.raised,
        QPalette.ColorRole.Midlight: theme.raised,
        QPalette.ColorRole.Mid: theme.line,
        QPalette.ColorRole.Dark: theme.faint,
        QPalette.ColorRole.Shadow: "#000000",
        QPalette.ColorRole.Accent: theme.accent,
    }
    for role, colour in roles.items():
        made.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, role, QColor(theme.line))
    made.setColor(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Highlight, QColor(theme.faint))
    return made


_SHEET = Template("""
QToolTip { background: $raised; color: $text; border: 1px solid $line; padding: 4px; }
QPushButton, QToolButton { background: $raised; color: $text; border: 1px solid $line; border-radius: 4px;
    padding: 5px 12px; min-height: 18px; }
QPushButton:hover, QToolButton:hover { border-color: $text; }
QPushButton:pressed, QToolButton:pressed { background: $faint; }
QPushButton:disabled, QToolButton:disabled { background: $panel; color: $line; border-color: $faint; }
QPushButton:checked, QToolButton:checked { background: $accent; color: $on_accent; border-color: $accent; }
QPushButton[alarm="true"] { border: 1px solid $on_warning; color: $on_warning; background: $warning; }
QPushButton[alarm="true"]:checked { background: $accent; color: $on_accent; border-color: $accent; }
QPushButton[role="chip"] { padding: 2px 7px; min-height: 18px; }
QToolButton[role="folding"] { background: transparent; border: 2px solid transparent; border-bottom: 1px solid $faint;
    border-radius: 0; padding: 4px 2px; font-size: 16px; font-weight: 600; text-align: left; }
QToolButton[role="folding"]:checked { background: transparent; color: $text; }
QToolButton[role="folding"]:focus { border: 2px solid $focus; border-radius: 3px; }
/* of a fixed size that Qt gives them: room for the icon */
QFileDialog QToolButton { padding: 0; min-height: 0; }
QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }
QPushButton:default { border: 2px solid $accent; }
QPushButton:focus, QToolButton:focus, QLineEdit:focus, QPlainTextEdit:focus,
QTextEdit:focus, QKeySequenceEdit:focus, QTextBrowser:focus, QScrollArea:focus, QAbstractItemView:focus
    { border: 2px solid $focus; }
QPushButton:checked:focus, QToolButton:checked:focus, QPushButton:default:focus { border: 2px solid $text; }
QComboBox { background: $raised; color: $text; border: 1px solid $line; border-radius: 4px; padding: 3px 7px;
    combobox-popup: 0; }
QComboBox:focus { border: 2px solid $focus; padding: 2px 6px; }
QComboBox:disabled { background: $panel; color: $line; border-color: $faint; }
QComboBox::drop-down { border: 0; width: 22px; }
QComboBox::down-arrow { image: url($arrow); width: 12px; height: 8px; }
QSlider { border: 2px solid transparent; border-radius: 4px; }
QSlider:focus { border: 2px solid $focus; }
/* of its own: Fusion cuts the feet off the letters of a tab that is not chosen */
QTabBar::tab { background: $raised; color: $text; border: 1px solid $line; border-bottom: none; padding: 4px 11px;
  margin-right: 1px; border-top-left-radius: 4px; border-top-right-radius: 4px; }
QTabBar::tab:selected { background: $window; border-top: 3px solid $accent; padding-top: 2px; }
QTabBar::tab:selected:focus { border: 2px solid $focus; border-bottom: none; padding: 3px 10px; }
QTabWidget::pane { border: none; border-top: 1px solid $line; }
QCheckBox:focus, QRadioButton:focus { border: 2px solid $focus; border-radius: 3px; }
QCheckBox::indicator, QRadioButton::indicator { width: 16px; height: 16px; border: 1px solid $line;
    background: $field; }
QCheckBox::indicator { border-radius: 3px; }
QRadioButton::indicator { border-radius: 9px; }
QCheckBox::indicator:checked { background: $accent; border-color: $text; image: url($tick); }
QRadioButton::indicator:checked { width: 8px; height: 8px; border: 5px solid $accent; background: $on_accent; }
QCheckBox::indicator:disabled, QRadioButton::indicator:disabled { background: $panel; border-color: $faint; }
QListView::indicator { width: 14px; height: 14px; border: 1px solid $line; border-radius: 3px; background: $field; }
QListView::indicator:checked { background: $accent; border-color: $text; image: url($tick); }
QCheckBox, QRadioButton { border: 2px solid transparent; padding: 2px; spacing: 7px; }
QLineEdit, QPlainTextEdit, QTextEdit { background: $field; color: $text;
    border: 1px solid $line; border-radius: 4px; padding: 4px 6px; min-height: 20px;
    selection-background-color: $accent; selection-color: $on_accent; }
QLineEdit, QPlainTextEdit, QTextEdit { placeholder-text-color: $quiet; }
QLineEdit:disabled { color: $line; border-color: $faint; }
QComboBox QAbstractItemView { background: $field; color: $text; border: 1px solid $line; }
QComboBox QAbstractItemView::item { min-height: 24px; }
QAbstractItemView { background: $field; alternate-background-color: $panel; color: $text; border: 1px solid $faint;
    gridline-color: $faint; selection-background-color: $accent; selection-color: $on_accent; outline: 0; }
PictureList, SheetView { background: $surround; color: $on_surround; selection-background-color: $accent;
    selection-color: $on_accent; }
QTableView::item { padding-left: 5px; padding-right: 5px; }
QTableView::item:selected { background: $accent; color: $on_accent; }
QHeaderView::section { background: $raised; color: $text; border: 0; border-right: 1px solid $faint;
    padding: 6px 8px; }
QProgressBar { background: $field; color: $text; border: 1px solid $line; border-radius: 4px; text-align: center;
    min-height: 16px; }
QProgressBar::chunk { background: $chunk; border-radius: 3px; }
QMenuBar { background: $window; color: $text; }
QMenuBar::item { padding: 4px 10px; background: transparent; }
QMenuBar::item:selected, QMenu::item:selected { background: $accent; color: $on_accent; }
QMenu { background: $panel; color: $text; border: 1px solid $line; }
QMenu::item { padding: 5px 28px 5px 20px; }
QMenu::item:disabled { color: $line; }
QMenu::separator { height: 1px; background: $faint; margin: 4px 8px; }
#rail { background: $panel; border-right: 1px solid $faint; }
#rail QToolButton { background: transparent; border: 2px solid transparent; border-left: 4px solid transparent;
    border-radius: 0; padding: 12px 10px; text-align: left; }
#rail QToolButton:hover { background: $raised; }
#rail QToolButton:checked { background: $raised; color: $text; border-left: 4px solid $focus; font-weight: 600; }
#rail QToolButton:focus { border: 2px solid $focus; border-left: 4px solid $focus; }
#patient_bar { background: $panel; border-bottom: 1px solid $faint; }
#patient_name { font-size: 18px; font-weight: 600; }
#look_panel { background: $panel; border: 1px solid $line; border-radius: 4px; }
#jobs_strip { background: $panel; border-top: 1px solid $faint; }
#message_bar[kind="problem"] { background: $warning; border-top: 2px solid $on_warning; }
#message_bar[kind="problem"] QLabel { color: $on_warning; }
#message_bar[kind="note"] { background: $info; border-top: 1px solid $line; }
#message_bar[kind="note"] QLabel { color: $on_info; }
QLabel[role="badge"] { background: $badge; color: $on_badge; border-radius: 4px; padding: 3px 8px; font-weight: 600; }
QFrame[role="banner"] { background: $badge; border: 2px solid $badge; border-radius: 4px; }
QFrame[role="banner"] QLabel { color: $on_badge; font-weight: 600; }
#offer { background: $info; border-bottom: 1px solid $line; }
#offer QLabel { color: $on_info; }
#keys_card, #tour_card { background: $panel; border: 2px solid $line; }
#keys_card QLabel#strong, #tour_card QLabel#strong { font-weight: 600; }
#keys_card QTextBrowser { background: $panel; border: 0; padding: 0; }
#keys_card QTextBrowser:focus { border: 2px solid $focus; }
QFrame[role="warning"] { background: $warning; border: 2px solid $on_warning; border-radius: 4px; }
QFrame[role="warning"] QLabel { color: $on_warning; }
QLabel[role="problem"] { background: $warning; color: $on_warning; border: 1px solid $on_warning; border-radius: 4px;
    padding: 6px 8px; }
QLabel[role="secret"] { font-family: monospace; font-size: 20px; font-weight: 600; padding: 10px;
    border: 1px solid $line; border-radius: 4px; background: $field; }
QLabel[role="quiet"] { color: $quiet; }
QLabel[role="strong"] { font-weight: 600; }
QLabel[role="title"] { font-size: 20px; font-weight: 600; }
QLabel[role="heading"] { font-size: 16px; font-weight: 600; }
QFrame[role="card"] { background: $panel; border: 1px solid $faint; border-radius: 6px; }
QFrame[role="card"][chosen="true"] { border: 2px solid $focus; }
""")


def stylesheet(name: str) -> str:
    """Style sheet of a theme."""
    icons = resources_dir() / "icons"
    arrow = icons / f"down-{'light' if name == 'light' else 'dark'}.png"
    return _SHEET.substitute(
        vars(theme_of(name)), tick=(icons / "tick.png").as_posix(), arrow=arrow.as_posix(),
        surround=SURROUND, on_surround=ON_SURROUND,
    )  # fmt: skip


def program_icon() -> QIcon:
    """Of the program, in all its sizes; a file is read once its size is wanted."""
    icon = QIcon()
    for file in sorted((resources_dir() / "icons").glob("pfm-desktop-*.png")):
        icon.addFile(str(file))
    return icon


def apply(app: QApplication, name: str) -> None:
    """Put a theme on the whole program, at once."""
    if app.style().objectName() != "fusion":
        app.setStyle("Fusion")
    font = app.font()
    if QFontInfo(font).pixelSize() < TEXT_PIXELS:
        font.setPixelSize(TEXT_PIXELS)
        app.setFont(font)
    app.setPalette(palette(name))
    sheet = stylesheet(name)
    if app.styleSheet() != sheet:
        app.setStyleSheet(sheet)


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours as WCAG 2 defines it, 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    def linear(value: float) -> float:
        return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)

    given = QColor(colour)
    return 0.2126 * linear(given.redF()) + 0.7152 * linear(given.greenF()) + 0.0722 * linear(given.blueF())
