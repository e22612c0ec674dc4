"""The text of a model's card."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from pfm_desktop.gui.widgets.card_view import CardView


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            f"# Card\n\n```\n.venv/bin/python make.py {'--option value ' * 20}\n```\n\n- item",
            id="a line of code",
        ),
        pytest.param(f"The frozen parameters `{'ab12' * 40}`.\n\nweights {'cd34' * 40}", id="a hash"),
    ],
)
def test_what_is_long_in_a_card_is_wrapped_instead_of_running_out_of_sight(qtbot: QtBot, text: str) -> None:
    view = CardView()
    qtbot.addWidget(view)
    view.resize(400, 300)
    view.show()
    view.show_markdown(text)
    assert view.horizontalScrollBar().maximum() == 0
