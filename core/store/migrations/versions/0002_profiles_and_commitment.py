"""Whose profile an object was made for, its series, and what storage commitment said."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Go up."""
    with op.batch_alter_table("study", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_study_patient_id"), ["patient_id"], unique=False)
    with op.batch_alter_table("result_object", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("series_uid", sa.String(length=64), nullable=False, server_default="")
        )
        batch_op.add_column(
            sa.Column("profile", sa.String(length=16), nullable=False, server_default="")
        )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("commitment", sa.String(length=16), nullable=False, server_default="")
        )
        batch_op.add_column(
            sa.Column("transaction_uid", sa.String(length=64), nullable=False, server_default="")
        )
        batch_op.add_column(sa.Column("commitment_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(
            sa.Column("commitment_error", sa.String(), nullable=False, server_default="")
        )
        batch_op.create_index(batch_op.f("ix_delivery_commitment"), ["commitment"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_delivery_transaction_uid"), ["transaction_uid"], unique=False
        )


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_delivery_transaction_uid"))
        batch_op.drop_index(batch_op.f("ix_delivery_commitment"))
        for name in ("commitment_error", "commitment_at", "transaction_uid", "commitment"):
            batch_op.drop_column(name)
    with op.batch_alter_table("result_object", schema=None) as batch_op:
        batch_op.drop_column("profile")
        batch_op.drop_column("series_uid")
    with op.batch_alter_table("study", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_study_patient_id"))
