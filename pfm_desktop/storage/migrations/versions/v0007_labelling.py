"""Version 7: tasks for readers, what they read, and the laboratory's results."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

INFO = "tasks for readers, their reads, and histology"


def upgrade(op: Any) -> None:
    """Empty: nobody has read for labels before."""
    op.create_table(
        "histology",
        sa.Column("visit_id", sa.String(32), nullable=False),
        sa.Column("grade", sa.String(20), nullable=False),
        sa.Column("reported_on", sa.Date),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("entered_by", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("visit_id", name="pk_histology"),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name="fk_histology_visit_id_visits"),
    )
    op.create_table(
        "label_tasks",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("search", sa.Text, nullable=False),
        sa.Column("ordering", sa.String(20), nullable=False),
        sa.Column("seed", sa.Integer, nullable=False),
        sa.Column("repeats", sa.Float(53), nullable=False),
        sa.Column("readers", sa.Integer, nullable=False),
        sa.Column("ai_first", sa.Boolean, nullable=False),
        sa.Column("made_by", sa.String(200), nullable=False),
        sa.Column("made_at", sa.DateTime, nullable=False),
        sa.Column("closed", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_label_tasks"),
    )
    op.create_table(
        "label_task_pairs",
        sa.Column("task_id", sa.String(32), nullable=False),
        sa.Column("pair_id", sa.String(32), nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("task_id", "pair_id", name="pk_label_task_pairs"),
        sa.ForeignKeyConstraint(
            ["task_id"], ["label_tasks.id"], name="fk_label_task_pairs_task_id_label_tasks", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["pair_id"], ["pairs.id"], name="fk_label_task_pairs_pair_id_pairs", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_label_task_pairs_pair_id", "label_task_pairs", ["pair_id"])
    op.create_table(
        "reads",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("task_id", sa.String(32), nullable=False),
        sa.Column("pair_id", sa.String(32), nullable=False),
        sa.Column("reader", sa.String(200), nullable=False),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.Column("adjudicates", sa.Boolean, nullable=False),
        sa.Column("grade", sa.String(20)),
        sa.Column("reason", sa.String(80)),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("quality", sa.String(20)),
        sa.Column("regions", sa.JSON, nullable=False),
        sa.Column("seconds", sa.Float(53), nullable=False),
        sa.Column("ai_seen", sa.Boolean, nullable=False),
        sa.Column("made_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reads"),
        sa.UniqueConstraint(
            "task_id",
            "pair_id",
            "reader",
            "turn",
            "adjudicates",
            name="uq_reads_task_id_pair_id_reader_turn_adjudicates",
        ),
        sa.ForeignKeyConstraint(["task_id"], ["label_tasks.id"], name="fk_reads_task_id_label_tasks"),
        sa.ForeignKeyConstraint(["pair_id"], ["pairs.id"], name="fk_reads_pair_id_pairs"),
    )
    op.create_index("ix_reads_pair_id", "reads", ["pair_id"])
