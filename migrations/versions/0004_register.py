"""What organisations do with the register: reveals, lists, searches, exports; alarms and stops."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"

MESSAGES = (
    "'application_received', 'more_information', 'application_granted', 'application_declined', 'appeal_upheld', "
    "'invitation', 'invitation_reminder', 'invitation_expired', 'invitation_accepted', 'new_invitation_requested', "
    "'access_ended', 'reconfirmation_due', 'access_unused', 'access_locked', 'email_confirmation', "
    "'availability_check', 'profile_erased', 'file_refused', 'before_erasure', 'listing_lost', "
    "'privacy_case_received', 'privacy_case_extended', 'privacy_case_answered', 'contact_changed', "
    "'shortlist_unused', 'new_people'"
)


def upgrade() -> None:
    op.create_table(
        "alarm",
        sa.Column(
            "kind",
            sa.Enum("canary", "high_rate", "quota", name="alarmkind", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("once_key", sa.String(length=120), nullable=True),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by_id", sa.Uuid(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind IN ('canary', 'high_rate', 'quota')", name=op.f("ck_alarm_kind_known")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_alarm_account_id_account")),
        sa.ForeignKeyConstraint(["closed_by_id"], ["account.id"], name=op.f("fk_alarm_closed_by_id_account")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_alarm_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm")),
        sa.UniqueConstraint("once_key", name=op.f("uq_alarm_once_key")),
    )
    op.create_index("ix_alarm_open", "alarm", ["raised_at"], unique=False, postgresql_where="closed_at IS NULL")
    op.create_table(
        "saved_search",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("filters", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "frequency",
            sa.Enum("never", "daily", "weekly", name="alertfrequency", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("frequency IN ('never', 'daily', 'weekly')", name=op.f("ck_saved_search_frequency_known")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_saved_search_account_id_account")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_saved_search_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_search")),
    )
    op.create_index(op.f("ix_saved_search_account_id"), "saved_search", ["account_id"], unique=False)
    op.create_index(op.f("ix_saved_search_organisation_id"), "saved_search", ["organisation_id"], unique=False)
    op.create_table(
        "shortlist",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("warned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["created_by_id"], ["account.id"], name=op.f("fk_shortlist_created_by_id_account")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_shortlist_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shortlist")),
    )
    op.create_index(op.f("ix_shortlist_organisation_id"), "shortlist", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_shortlist_used_at"), "shortlist", ["used_at"], unique=False)
    op.create_table(
        "stop",
        sa.Column(
            "what", sa.Enum("reveals", "exports", name="stoppable", native_enum=False, length=40), nullable=False
        ),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_by_id", sa.Uuid(), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("what IN ('reveals', 'exports')", name=op.f("ck_stop_what_known")),
        sa.ForeignKeyConstraint(["lifted_by_id"], ["account.id"], name=op.f("fk_stop_lifted_by_id_account")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_stop_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["set_by_id"], ["account.id"], name=op.f("fk_stop_set_by_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stop")),
    )
    op.create_index(
        "ix_stop_in_force", "stop", ["what", "organisation_id"], unique=False, postgresql_where="lifted_at IS NULL"
    )
    op.create_table(
        "register_export",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("shortlist_id", sa.Uuid(), nullable=True),
        sa.Column(
            "purpose",
            sa.Enum("staff_now", "fill_vacancy", "exercise", name="contactpurpose", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("format", sa.Enum("xlsx", "csv", name="exportformat", native_enum=False, length=40), nullable=False),
        sa.Column("columns", postgresql.ARRAY(sa.String(length=40)), nullable=False),
        sa.Column("filters", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("language", sa.Enum("nb", "nn", "en", name="language", native_enum=False, length=40), nullable=False),
        sa.Column(
            "status",
            sa.Enum("queued", "ready", "failed", "expired", name="exportstatus", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("storage_key", sa.String(length=64), nullable=True),
        sa.Column("key_box", sa.LargeBinary(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("format IN ('xlsx', 'csv')", name=op.f("ck_register_export_format_known")),
        sa.CheckConstraint("language IN ('nb', 'nn', 'en')", name=op.f("ck_register_export_language_known")),
        sa.CheckConstraint(
            "purpose IN ('staff_now', 'fill_vacancy', 'exercise')", name=op.f("ck_register_export_purpose_known")
        ),
        sa.CheckConstraint(
            "status <> 'ready' OR storage_key IS NOT NULL", name=op.f("ck_register_export_ready_has_file")
        ),
        sa.CheckConstraint(
            "status IN ('queued', 'ready', 'failed', 'expired')", name=op.f("ck_register_export_status_known")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_register_export_account_id_account")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_register_export_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["shortlist_id"],
            ["shortlist.id"],
            name=op.f("fk_register_export_shortlist_id_shortlist"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_export")),
        sa.UniqueConstraint("storage_key", name=op.f("uq_register_export_storage_key")),
    )
    op.create_index(op.f("ix_register_export_account_id"), "register_export", ["account_id"], unique=False)
    op.create_index(op.f("ix_register_export_expires_at"), "register_export", ["expires_at"], unique=False)
    op.create_index(
        "ix_register_export_organisation_requested",
        "register_export",
        ["organisation_id", "requested_at"],
        unique=False,
    )
    op.create_table(
        "reveal",
        sa.Column("professional_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("what", sa.Enum("contact", "cv", name="revealed", native_enum=False, length=40), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum("staff_now", "fill_vacancy", "exercise", name="contactpurpose", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "no_answer", "interested", "not_suitable", "hired", name="contactoutcome", native_enum=False, length=40
            ),
            nullable=True,
        ),
        sa.Column("outcome_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('no_answer', 'interested', 'not_suitable', 'hired')", name=op.f("ck_reveal_outcome_known")
        ),
        sa.CheckConstraint(
            "purpose IN ('staff_now', 'fill_vacancy', 'exercise')", name=op.f("ck_reveal_purpose_known")
        ),
        sa.CheckConstraint("what IN ('contact', 'cv')", name=op.f("ck_reveal_what_known")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_reveal_account_id_account")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_reveal_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["professional_id"],
            ["professional.id"],
            name=op.f("fk_reveal_professional_id_professional"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reveal")),
    )
    op.create_index("ix_reveal_account_at", "reveal", ["account_id", "at"], unique=False)
    op.create_index("ix_reveal_organisation_at", "reveal", ["organisation_id", "at"], unique=False)
    op.create_index(
        "ix_reveal_professional_organisation", "reveal", ["professional_id", "organisation_id"], unique=False
    )
    op.create_table(
        "shortlist_entry",
        sa.Column("shortlist_id", sa.Uuid(), nullable=False),
        sa.Column("professional_id", sa.Uuid(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "no_answer", "interested", "not_suitable", "hired", name="contactoutcome", native_enum=False, length=40
            ),
            nullable=True,
        ),
        sa.Column("note_box", sa.LargeBinary(), nullable=True),
        sa.Column("added_by_id", sa.Uuid(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('no_answer', 'interested', 'not_suitable', 'hired')",
            name=op.f("ck_shortlist_entry_outcome_known"),
        ),
        sa.ForeignKeyConstraint(["added_by_id"], ["account.id"], name=op.f("fk_shortlist_entry_added_by_id_account")),
        sa.ForeignKeyConstraint(
            ["professional_id"],
            ["professional.id"],
            name=op.f("fk_shortlist_entry_professional_id_professional"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["shortlist_id"],
            ["shortlist.id"],
            name=op.f("fk_shortlist_entry_shortlist_id_shortlist"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shortlist_entry")),
        sa.UniqueConstraint(
            "shortlist_id", "professional_id", name=op.f("uq_shortlist_entry_shortlist_id_professional_id")
        ),
    )
    op.create_index(op.f("ix_shortlist_entry_professional_id"), "shortlist_entry", ["professional_id"], unique=False)
    op.create_table(
        "log_review",
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum("fine", "follow_up", name="reviewverdict", native_enum=False, length=40),
            nullable=True,
        ),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(verdict IS NULL) = (reviewed_at IS NULL) AND (verdict IS NULL) = (reviewed_by_id IS NULL)",
            name=op.f("ck_log_review_reviewed_has_verdict"),
        ),
        sa.CheckConstraint("verdict IN ('fine', 'follow_up')", name=op.f("ck_log_review_verdict_known")),
        sa.ForeignKeyConstraint(["event_id"], ["audit_event.id"], name=op.f("fk_log_review_event_id_audit_event")),
        sa.ForeignKeyConstraint(["reviewed_by_id"], ["account.id"], name=op.f("fk_log_review_reviewed_by_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_review")),
        sa.UniqueConstraint("event_id", name=op.f("uq_log_review_event_id")),
    )
    op.create_index("ix_log_review_open", "log_review", ["drawn_at"], unique=False, postgresql_where="verdict IS NULL")
    op.create_index(
        "ix_audit_event_organisation",
        "audit_event",
        ["organisation_id", "id"],
        unique=False,
        postgresql_where="organisation_id IS NOT NULL",
    )
    op.drop_index("ix_listing_areas", "listing")
    op.drop_index("ix_listing_professions", "listing")
    codes = ["areas", "professions", "specialities", "languages"]
    op.create_index("ix_listing_codes", "listing", codes, unique=False, postgresql_using="gin")
    op.create_index("ix_listing_municipality", "listing", ["municipality_number", "confirmed_at"], unique=False)
    op.add_column("access_grant", sa.Column("locked_at", sa.DateTime(timezone=True), nullable=True))
    name = op.f("ck_message_kind_known")
    op.drop_constraint(name, "message")
    op.create_check_constraint(name, "message", f"kind IN ({MESSAGES})")
    op.create_table(
        "register_export_person",
        sa.Column("export_id", sa.Uuid(), nullable=False),
        sa.Column("professional_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["export_id"],
            ["register_export.id"],
            name=op.f("fk_register_export_person_export_id_register_export"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["professional_id"],
            ["professional.id"],
            name=op.f("fk_register_export_person_professional_id_professional"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("export_id", "professional_id", name=op.f("pk_register_export_person")),
    )
    op.create_index(
        op.f("ix_register_export_person_professional_id"), "register_export_person", ["professional_id"], unique=False
    )
