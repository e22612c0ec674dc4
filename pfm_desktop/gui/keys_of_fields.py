"""Keys that text fields, lists and choices are used with: what acts on every page must not take them away there."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence

_K, _HELD = Qt.Key, Qt.KeyboardModifier
_SPECIAL = 0x01000000  # from here on keys that write no sign
_ARROWS = frozenset({_K.Key_Left, _K.Key_Right, _K.Key_Up, _K.Key_Down})
_MOVING = _ARROWS | {
    _K.Key_Home, _K.Key_End, _K.Key_PageUp, _K.Key_PageDown, _K.Key_Insert, _K.Key_Delete, _K.Key_Backspace,
    _K.Key_Tab, _K.Key_Backtab, _K.Key_Space,
}  # fmt: skip
_ANSWERING = frozenset({_K.Key_Return, _K.Key_Enter, _K.Key_Escape})
_S = QKeySequence.StandardKey
_EDITING = (  # undo and redo are commands of the window, and a field takes them before it
    _S.Cut, _S.Copy, _S.Paste, _S.SelectAll, _S.Deselect, _S.Delete, _S.Backspace,
    _S.DeleteStartOfWord, _S.DeleteEndOfWord, _S.DeleteEndOfLine, _S.DeleteCompleteLine,
    _S.MoveToPreviousWord, _S.MoveToNextWord, _S.MoveToStartOfLine, _S.MoveToEndOfLine,
    _S.SelectPreviousWord, _S.SelectNextWord, _S.SelectStartOfLine, _S.SelectEndOfLine,
)  # fmt: skip


def of_fields(sequence: str) -> bool:
    """Whether these keys (portable text) write, move or choose in a field or a list, on this system."""
    keys = QKeySequence(sequence, QKeySequence.SequenceFormat.PortableText)
    if keys.count() != 1:
        return False
    key, held = keys[0].key(), keys[0].keyboardModifiers() & ~_HELD.KeypadModifier  # type: ignore[index]
    beside_shift = held & ~_HELD.ShiftModifier
    if key.value < _SPECIAL or key in _ANSWERING:
        plain = not beside_shift
    elif key in (_K.Key_Up, _K.Key_Down) and beside_shift == _HELD.AltModifier:
        plain = True  # a choice opens and closes so
    else:
        plain = key in _MOVING and not beside_shift & ~_HELD.ControlModifier
    return plain or any(keys in QKeySequence.keyBindings(standard) for standard in _EDITING)
