"""Organisations are told of details that changed after they were shown; provisional replies to applications."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "recipient_notice",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("professional_id", sa.Uuid(), nullable=True),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_recipient_notice_account_id_account"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_recipient_notice_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["professional_id"],
            ["professional.id"],
            name=op.f("fk_recipient_notice_professional_id_professional"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recipient_notice")),
        sa.UniqueConstraint(
            "professional_id",
            "organisation_id",
            "account_id",
            name=op.f("uq_recipient_notice_professional_id_organisation_id_account_id"),
        ),
    )
    op.create_index(op.f("ix_recipient_notice_account_id"), "recipient_notice", ["account_id"], unique=False)
    op.create_index(
        "ix_recipient_notice_organisation_changed", "recipient_notice", ["organisation_id", "changed_at"], unique=False
    )
    op.create_index(
        "ix_recipient_notice_untold",
        "recipient_notice",
        ["organisation_id"],
        unique=False,
        postgresql_where="told_at IS NULL",
    )
    op.add_column("access_application", sa.Column("provisional_reply_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "access_application",
        sa.Column(
            "delay_reason",
            sa.Enum("many_cases", "awaits_answer", "examined", name="delayreason", native_enum=False, length=40),
            nullable=True,
        ),
    )
    op.add_column("access_application", sa.Column("expected_on", sa.Date(), nullable=True))
