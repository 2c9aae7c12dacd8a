"""How often storage commitment was asked for, and whether the object was sent once more."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Go up."""
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("commitment_asks", sa.Integer(), nullable=False, server_default="0")
        )
        batch_op.add_column(
            sa.Column("commitment_resent", sa.Boolean(), nullable=False, server_default=sa.false())
        )


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_column("commitment_resent")
        batch_op.drop_column("commitment_asks")
