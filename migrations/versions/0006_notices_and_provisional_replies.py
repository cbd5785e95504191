"""Organisations are told of details that changed after they were shown; provisional replies to applications."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

MESSAGES = (
    "'application_received', 'more_information', 'application_granted', 'application_declined', 'appeal_upheld', "
    "'invitation', 'invitation_reminder', 'invitation_expired', 'invitation_accepted', 'new_invitation_requested', "
    "'access_ended', 'reconfirmation_due', 'access_unused', 'access_locked', 'email_confirmation', "
    "'availability_check', 'profile_erased', 'file_refused', 'before_erasure', 'listing_lost', "
    "'privacy_case_received', 'privacy_case_extended', 'privacy_case_answered', 'contact_changed', "
    "'shortlist_unused', 'new_people', 'details_changed', 'provisional_reply'"
)


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
    op.create_index(op.f("ix_recipient_notice_account_id"), "recipient_notice", ["account_id"])
    op.create_index("ix_recipient_notice_organisation_changed", "recipient_notice", ["organisation_id", "changed_at"])
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
    op.create_check_constraint(
        op.f("ck_access_application_delay_reason_known"),
        "access_application",
        "delay_reason IN ('many_cases', 'awaits_answer', 'examined')",
    )
    name = op.f("ck_message_kind_known")
    op.drop_constraint(name, "message")
    op.create_check_constraint(name, "message", f"kind IN ({MESSAGES})")
