"""The text of a model's card."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from pfm_desktop.gui.widgets.card_view import CardView


def test_a_long_line_of_code_is_wrapped_instead_of_running_out_of_sight(qtbot: QtBot) -> None:
    view = CardView()
    qtbot.addWidget(view)
    view.resize(400, 300)
    view.show()
    view.show_markdown(f"# Card\n\n```\n.venv/bin/python make.py {'--option value ' * 20}\n```\n\n- item")
    assert view.horizontalScrollBar().maximum() == 0
