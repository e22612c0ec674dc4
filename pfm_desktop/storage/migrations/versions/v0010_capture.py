"""Version 10: what a live examination leaves: how pictures were taken, its clock, clips, whitening, allergies."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

INFO = "how pictures were taken, examinations with their clock, clips, whitening, allergies, choices of the site"


def upgrade(op: Any) -> None:
    """Empty: nothing was taken live before."""
    _examinations(op)
    _clips(op)


def _examinations(op: Any) -> None:
    op.create_table(
        "acquisitions",
        sa.Column("picture_id", sa.String(32), nullable=False),
        sa.Column("camera", sa.String(200), nullable=False),
        sa.Column("light", sa.String(20), nullable=True),
        sa.Column("exposure_ms", sa.Float(53), nullable=True),
        sa.Column("gain", sa.Float(53), nullable=True),
        sa.Column("white_balance_k", sa.Float(53), nullable=True),
        sa.Column("automatic", sa.JSON, nullable=False),
        sa.Column("excitation_nm", sa.Float(53), nullable=True),
        sa.Column("filter", sa.String(200), nullable=False),
        sa.Column("polariser", sa.String(200), nullable=False),
        sa.Column("gap_s", sa.Float(53), nullable=True),
        sa.Column("dark_sha256", sa.String(64), nullable=False),
        sa.Column("clip_id", sa.String(32), nullable=False),
        sa.Column("frame", sa.Integer, nullable=True),
        sa.PrimaryKeyConstraint("picture_id", name="pk_acquisitions"),
    )
    op.create_table(
        "examinations",
        sa.Column("visit_id", sa.String(32), nullable=False),
        sa.Column("started_at", sa.DateTime, nullable=False),
        sa.Column("acid_at", sa.DateTime, nullable=True),
        sa.Column("plan", sa.JSON, nullable=False),
        sa.Column("skipped", sa.JSON, nullable=False),
        sa.Column("iodine_override", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("visit_id", name="pk_examinations"),
    )
    op.create_table(
        "allergies",
        sa.Column("patient_id", sa.String(32), nullable=False),
        sa.Column("iodine_allergy", sa.Boolean, nullable=True),
        sa.PrimaryKeyConstraint("patient_id", name="pk_allergies"),
    )
    op.create_table(
        "site_choices",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("value", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_site_choices"),
    )


def _clips(op: Any) -> None:
    op.create_table(
        "clips",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("visit_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("started_at", sa.DateTime, nullable=False),
        sa.Column("seconds_since_acid", sa.Float(53), nullable=True),
        sa.Column("camera", sa.String(200), nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("frames", sa.Integer, nullable=False),
        sa.Column("seconds", sa.Float(53), nullable=False),
        sa.Column("complete", sa.Boolean, nullable=False),
        sa.Column("content_sha256", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_clips"),
    )
    op.create_index("ix_clips_visit_id", "clips", ["visit_id"])
    op.create_table(
        "clip_segments",
        sa.Column("clip_id", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("frames", sa.Integer, nullable=False),
        sa.Column("first_s", sa.Float(53), nullable=False),
        sa.Column("last_s", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("clip_id", "number", name="pk_clip_segments"),
    )
    op.create_table(
        "whitenings",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("visit_id", sa.String(32), nullable=False),
        sa.Column("clip_id", sa.String(32), nullable=False),
        sa.Column("region", sa.JSON, nullable=False),
        sa.Column("normal", sa.JSON, nullable=True),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Column("map_sha256", sa.String(64), nullable=False),
        sa.Column("made_at", sa.DateTime, nullable=False),
        sa.Column("made_by", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_whitenings"),
    )
    op.create_index("ix_whitenings_visit_id", "whitenings", ["visit_id"])
