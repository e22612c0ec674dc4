"""The row of switches under the live picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from pfm_desktop.gui.widgets.cut_words import RoomyLine
from pfm_desktop.gui.widgets.flow import FlowRow
from pfm_desktop.support.language import tr

CONFIRM_MS = 3000
_MOST = 300  # pixels for the device: its size, rate and name
_SWITCHES = (
    ("record", tr("Record", "a clip")),
    ("clips", tr("Clips")),
    ("curve", tr("Whitening")),
    ("freeze", tr("Freeze")),
    ("green", tr("Green")),
    ("grid", tr("Grid")),
    ("ghost", tr("Ghost")),
)


class Tools(QWidget):
    """Switches with their keys; each does what the command of that name does. `changed` once it is done: a switch
    stands as what it switches does, whether it could be switched or not."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.buttons: dict[str, QPushButton] = {}
        self._texts = dict(_SWITCHES)
        self.device = RoomyLine(self)
        self.device.setMaximumWidth(_MOST)
        self.device.setAccessibleName(tr("Device"))
        self._device = ""
        self._asked = ""
        self._forget = QTimer(self, singleShot=True, interval=CONFIRM_MS)
        self._forget.timeout.connect(self._no_more)
        self._row = FlowRow(self, gap=6)  # in some languages they need two
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self._row, 1)
        row.addWidget(self.device)
        for name, text in _SWITCHES:
            self.add(name, text, checkable=True)
        self.add("device", tr("Device"))

    def add(self, name: str, text: str, *, checkable: bool = False) -> QPushButton:
        """One more button, before the words about the device."""
        button = QPushButton(text, self)
        button.setCheckable(checkable)
        self._texts[name] = text
        self.buttons[name] = button
        self._row.add(button)
        return button

    def connect_to(self, commands: Mapping[str, Callable[[], object]]) -> None:
        """What each button does."""
        for name, button in self.buttons.items():
            button.clicked.connect(lambda _checked=False, name=name: commands[name]())
            button.clicked.connect(self.changed)

    def name_keys(self, keys: Mapping[str, str]) -> None:
        """Keys stand on the buttons."""
        for name, button in self.buttons.items():
            button.setText(f"{self._texts[name]}  {keys.get(name, '')}".rstrip())

    def show_state(self, **on: bool) -> None:
        """Which switches are on."""
        for name, is_on in on.items():
            self.buttons[name].setChecked(is_on)

    def show_device(self, text: str) -> None:
        """Which device it is."""
        if text != self._device:  # it is told ten times a second, and takes its room anew
            self._device = text
            self.device.show_words(text)

    def confirms(self, what: str) -> bool:
        """Whether this was asked for a moment ago as well; else it waits for a second time."""
        again, self._asked = self._asked == what, what
        self._forget.start()
        if again:
            self._no_more()
        return again

    def _no_more(self) -> None:
        self._asked = ""
        self._forget.stop()
