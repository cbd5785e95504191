"""Registered professionals: their pages, files, consents, listing and rights; new kinds of e-mail and a new role."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"

ROLES = "'anyone', 'signed_in', 'submitter', 'professional', 'organisation_user', 'caseworker', 'case_lead', 'auditor'"
MESSAGES = (
    "'application_received', 'more_information', 'application_granted', 'application_declined', 'appeal_upheld', "
    "'invitation', 'invitation_reminder', 'invitation_expired', 'invitation_accepted', 'new_invitation_requested', "
    "'access_ended', 'reconfirmation_due', 'email_confirmation', 'availability_check', 'profile_erased', "
    "'file_refused', 'before_erasure', 'listing_lost', 'privacy_case_received', 'privacy_case_extended', "
    "'privacy_case_answered', 'contact_changed'"
)
WIDENED = (
    ("audit_event", "actor_role", ROLES),
    ("login_session", "role", ROLES),
    ("staff_member", "role", ROLES),
    ("message", "kind", MESSAGES),
)


def upgrade() -> None:
    op.create_table(
        "erasure_record",
        sa.Column("reference", sa.String(length=14), nullable=False),
        sa.Column("professional_id", sa.Uuid(), nullable=False),
        sa.Column("national_id_index", sa.LargeBinary(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure_record")),
        sa.UniqueConstraint("professional_id", name=op.f("uq_erasure_record_professional_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_erasure_record_reference")),
    )
    op.create_index(op.f("ix_erasure_record_national_id_index"), "erasure_record", ["national_id_index"], unique=False)
    op.create_table(
        "hpr_alarm",
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked", sa.Integer(), nullable=False),
        sa.Column("negative", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["closed_by_id"], ["account.id"], name=op.f("fk_hpr_alarm_closed_by_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hpr_alarm")),
    )
    op.create_table(
        "postal_code",
        sa.Column("code", sa.String(length=4), nullable=False),
        sa.Column("place", sa.String(length=60), nullable=False),
        sa.Column("municipality_number", sa.String(length=4), nullable=True),
        sa.ForeignKeyConstraint(
            ["municipality_number"],
            ["municipality.number"],
            name=op.f("fk_postal_code_municipality_number_municipality"),
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_postal_code")),
    )
    op.create_table(
        "professional",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column(
            "status",
            sa.Enum("started", "active", "paused", "leaving", name="professionalstatus", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("erasure_warned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("restricted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("given_name", sa.String(length=100), nullable=True),
        sa.Column("family_name", sa.String(length=100), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("email_confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("email_failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminders_stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("street_box", sa.LargeBinary(), nullable=True),
        sa.Column("postal_code", sa.String(length=4), nullable=True),
        sa.Column("municipality_number", sa.String(length=4), nullable=True),
        sa.Column("citizenship", sa.String(length=2), nullable=True),
        sa.Column("language", sa.Enum("nb", "nn", "en", name="language", native_enum=False, length=40), nullable=True),
        sa.Column("is_address_protected", sa.Boolean(), nullable=False),
        sa.Column("is_canary", sa.Boolean(), nullable=False),
        sa.Column("employer", sa.String(length=200), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("language IN ('nb', 'nn', 'en')", name=op.f("ck_professional_language_known")),
        sa.CheckConstraint(
            "status IN ('started', 'active', 'paused', 'leaving')", name=op.f("ck_professional_status_known")
        ),
        sa.CheckConstraint(
            "status IN ('started', 'leaving') OR completed_at IS NOT NULL",
            name=op.f("ck_professional_complete_has_time"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_professional_account_id_account")),
        sa.ForeignKeyConstraint(
            ["municipality_number"],
            ["municipality.number"],
            name=op.f("fk_professional_municipality_number_municipality"),
        ),
        sa.ForeignKeyConstraint(
            ["postal_code"], ["postal_code.code"], name=op.f("fk_professional_postal_code_postal_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_professional")),
        sa.UniqueConstraint("account_id", name=op.f("uq_professional_account_id")),
    )
    op.create_index(op.f("ix_professional_last_used_at"), "professional", ["last_used_at"], unique=False)
    op.create_table(
        "attachment",
        sa.Column("professional_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind", sa.Enum("cv", "document", name="attachmentkind", native_enum=False, length=40), nullable=False
        ),
        sa.Column("name", sa.String(length=150), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("storage_key", sa.String(length=64), nullable=True),
        sa.Column("key_box", sa.LargeBinary(), nullable=True),
        sa.Column(
            "visibility",
            sa.Enum("only_me", "consented", name="visibility", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "stored",
                "scanning",
                "clean",
                "infected",
                "unscannable",
                name="attachmentstatus",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("scanned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signatures", sa.String(length=60), nullable=True),
        sa.Column("finding", sa.String(length=100), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind IN ('cv', 'document')", name=op.f("ck_attachment_kind_known")),
        sa.CheckConstraint("status <> 'clean' OR scanned_at IS NOT NULL", name=op.f("ck_attachment_clean_was_scanned")),
        sa.CheckConstraint(
            "status = 'infected' OR storage_key IS NOT NULL", name=op.f("ck_attachment_bytes_unless_infected")
        ),
        sa.CheckConstraint(
            "status IN ('stored', 'scanning', 'clean', 'infected', 'unscannable')",
            name=op.f("ck_attachment_status_known"),
        ),
        sa.CheckConstraint("visibility IN ('only_me', 'consented')", name=op.f("ck_attachment_visibility_known")),
        sa.ForeignKeyConstraint(
            ["professional_id"],
            ["professional.id"],
            name=op.f("fk_attachment_professional_id_professional"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
        sa.UniqueConstraint("storage_key", name=op.f("uq_attachment_storage_key")),
    )
    op.create_index(op.f("ix_attachment_professional_id"), "attachment", ["professional_id"], unique=False)
    op.create_index(
        "ix_attachment_waiting",
        "attachment",
        ["uploaded_at"],
        unique=False,
        postgresql_where="status IN ('stored', 'scanning')",
    )
    op.create_table(
        "availability",
        sa.Column(
            "kind",
            sa.Enum("now", "from_date", "paused", name="availabilitykind", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("from_date", sa.Date(), nullable=True),
        sa.Column("to_date", sa.Date(), nullable=True),
        sa.Column("paused_until", sa.Date(), nullable=True),
        sa.Column(
            "workload",
            sa.Enum("20", "40", "60", "80", "100", "on_call", name="workload", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column(
            "times",
            postgresql.ARRAY(
                sa.Enum("day", "evening", "night", "weekend", name="timeofday", native_enum=False, length=40)
            ),
            nullable=False,
        ),
        sa.Column(
            "start_speed",
            sa.Enum("same_day", "within_week", "within_month", name="startspeed", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("capacity_count", sa.Integer(), nullable=True),
        sa.Column(
            "capacity_unit",
            sa.Enum("shifts", "days", "weekends", "weeks", name="capacityunit", native_enum=False, length=40),
            nullable=True,
        ),
        sa.Column(
            "capacity_period",
            sa.Enum("week", "month", "year", name="capacityperiod", native_enum=False, length=40),
            nullable=True,
        ),
        sa.Column("capacity_until", sa.Date(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.Column("professional_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "capacity_period IN ('week', 'month', 'year')", name=op.f("ck_availability_capacity_period_known")
        ),
        sa.CheckConstraint(
            "capacity_unit IN ('shifts', 'days', 'weekends', 'weeks')", name=op.f("ck_availability_capacity_unit_known")
        ),
        sa.CheckConstraint(
            "kind <> 'from_date' OR from_date IS NOT NULL", name=op.f("ck_availability_from_date_is_given")
        ),
        sa.CheckConstraint("kind IN ('now', 'from_date', 'paused')", name=op.f("ck_availability_kind_known")),
        sa.CheckConstraint(
            "start_speed IN ('same_day', 'within_week', 'within_month')", name=op.f("ck_availability_start_speed_known")
        ),
        sa.CheckConstraint(
            "workload IN ('20', '40', '60', '80', '100', 'on_call')", name=op.f("ck_availability_workload_known")
        ),
        sa.CheckConstraint(
            "num_nulls(capacity_count, capacity_unit, capacity_period) IN (0, 3)",
            name=op.f("ck_availability_capacity_is_whole"),
        ),
        sa.CheckConstraint(
            "to_date IS NULL OR from_date IS NULL OR to_date >= from_date",
            name=op.f("ck_availability_ends_after_start"),
        ),
        sa.ForeignKeyConstraint(
            ["professional_id"],
            ["professional.id"],
            name=op.f("fk_availability_professional_id_professional"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("professional_id", name=op.f("pk_availability")),
    )
    op.create_index("ix_availability_confirmed_at", "availability", ["confirmed_at"], unique=False)
    op.create_table(
        "block",
        sa.Column("professional_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_number", sa.String(length=9), nullable=False),
        sa.Column("organisation_name", sa.String(length=300), nullable=False),
        sa.Column("is_employer", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["professional_id"],
            ["professional.id"],
            name=op.f("fk_block_professional_id_professional"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_block")),
        sa.UniqueConstraint(
            "professional_id", "organisation_number", name=op.f("uq_block_professional_id_organisation_number")
        ),
    )
    op.create_table(
        "page_draft",
        sa.Column("professional_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.String(length=20), nullable=False),
        sa.Column("fields_box", sa.LargeBinary(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["professional_id"],
            ["professional.id"],
            name=op.f("fk_page_draft_professional_id_professional"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_page_draft")),
        sa.UniqueConstraint("professional_id", "step", name=op.f("uq_page_draft_professional_id_step")),
    )
    op.create_table(
        "competence",
        sa.Column("professions", postgresql.ARRAY(sa.String(length=10)), nullable=False),
        sa.Column(
            "fields",
            postgresql.ARRAY(
                sa.Enum(
                    "acute",
                    "intensive",
                    "nursing_home",
                    "home_care",
                    "mental_health",
                    "infection_control",
                    "vaccination",
                    "maternity",
                    "laboratory",
                    "other",
                    name="fieldofwork",
                    native_enum=False,
                    length=40,
                )
            ),
            nullable=False,
        ),
        sa.Column(
            "experience",
            sa.Enum("0-1", "2-5", "6-10", "over_10", name="experience", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("last_practised", sa.Integer(), nullable=False),
        sa.Column("languages", postgresql.ARRAY(sa.String(length=5)), nullable=False),
        sa.Column("has_driving_licence", sa.Boolean(), nullable=False),
        sa.Column("record_systems", postgresql.ARRAY(sa.String(length=40)), nullable=False),
        sa.Column("other", sa.String(length=500), nullable=True),
        sa.Column("professional_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "experience IN ('0-1', '2-5', '6-10', 'over_10')", name=op.f("ck_competence_experience_known")
        ),
        sa.ForeignKeyConstraint(
            ["professional_id"],
            ["professional.id"],
            name=op.f("fk_competence_professional_id_professional"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("professional_id", name=op.f("pk_competence")),
    )
    op.create_table(
        "consent_event",
        sa.Column("professional_id", sa.Uuid(), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum(
                "register",
                "shown_to_organisations",
                "external_recruiters",
                "infection_control_training",
                "vacancy_alerts",
                name="consentpurpose",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "act", sa.Enum("given", "withdrawn", name="consentact", native_enum=False, length=40), nullable=False
        ),
        sa.Column("text_version", sa.String(length=20), nullable=False),
        sa.Column("text_hash", sa.LargeBinary(), nullable=False),
        sa.Column("language", sa.Enum("nb", "nn", "en", name="language", native_enum=False, length=40), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("order", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("login_level", sa.String(length=60), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("act IN ('given', 'withdrawn')", name=op.f("ck_consent_event_act_known")),
        sa.CheckConstraint("language IN ('nb', 'nn', 'en')", name=op.f("ck_consent_event_language_known")),
        sa.CheckConstraint(
            "purpose IN ('register', 'shown_to_organisations', 'external_recruiters', 'infection_control_training', 'vacancy_alerts')",
            name=op.f("ck_consent_event_purpose_known"),
        ),
        sa.ForeignKeyConstraint(
            ["professional_id"],
            ["professional.id"],
            name=op.f("fk_consent_event_professional_id_professional"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_event")),
    )
    op.create_index(
        "ix_consent_event_professional", "consent_event", ["professional_id", "purpose", "happened_at"], unique=False
    )
    op.create_table(
        "cv",
        sa.Column("professional_id", sa.Uuid(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column(
            "visibility",
            sa.Enum("only_me", "consented", name="visibility", native_enum=False, length=40),
            nullable=True,
        ),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("visibility IN ('only_me', 'consented')", name=op.f("ck_cv_visibility_known")),
        sa.ForeignKeyConstraint(
            ["professional_id"],
            ["professional.id"],
            name=op.f("fk_cv_professional_id_professional"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("professional_id", name=op.f("pk_cv")),
    )
    op.create_table(
        "data_export",
        sa.Column("professional_id", sa.Uuid(), nullable=False),
        sa.Column(
            "status",
            sa.Enum("queued", "ready", "failed", "expired", name="exportstatus", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("storage_key", sa.String(length=64), nullable=True),
        sa.Column("key_box", sa.LargeBinary(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("status <> 'ready' OR storage_key IS NOT NULL", name=op.f("ck_data_export_ready_has_file")),
        sa.CheckConstraint(
            "status IN ('queued', 'ready', 'failed', 'expired')", name=op.f("ck_data_export_status_known")
        ),
        sa.ForeignKeyConstraint(
            ["professional_id"],
            ["professional.id"],
            name=op.f("fk_data_export_professional_id_professional"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_export")),
        sa.UniqueConstraint("storage_key", name=op.f("uq_data_export_storage_key")),
    )
    op.create_index(op.f("ix_data_export_professional_id"), "data_export", ["professional_id"], unique=False)
    op.create_table(
        "hpr_record",
        sa.Column(
            "status",
            sa.Enum(
                "not_checked",
                "valid",
                "not_found",
                "expired",
                "inactive",
                name="hprstatus",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("number", sa.String(length=9), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_check_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("lost_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("professional_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "status IN ('not_checked', 'valid', 'not_found', 'expired', 'inactive')",
            name=op.f("ck_hpr_record_status_known"),
        ),
        sa.ForeignKeyConstraint(
            ["professional_id"],
            ["professional.id"],
            name=op.f("fk_hpr_record_professional_id_professional"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("professional_id", name=op.f("pk_hpr_record")),
    )
    op.create_index("ix_hpr_record_checked_at", "hpr_record", ["checked_at"], unique=False)
    op.create_index("ix_hpr_record_next_check_at", "hpr_record", ["next_check_at"], unique=False)
    op.create_table(
        "link",
        sa.Column("professional_id", sa.Uuid(), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum(
                "availability", "email_confirmation", "unsubscribe", name="linkpurpose", native_enum=False, length=40
            ),
            nullable=False,
        ),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "answer",
            sa.Enum("now", "from_date", "paused", name="availabilitykind", native_enum=False, length=40),
            nullable=True,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("answer IN ('now', 'from_date', 'paused')", name=op.f("ck_link_answer_known")),
        sa.CheckConstraint(
            "purpose IN ('availability', 'email_confirmation', 'unsubscribe')", name=op.f("ck_link_purpose_known")
        ),
        sa.ForeignKeyConstraint(
            ["professional_id"],
            ["professional.id"],
            name=op.f("fk_link_professional_id_professional"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_link_token_hash")),
    )
    op.create_index(op.f("ix_link_expires_at"), "link", ["expires_at"], unique=False)
    op.create_index("ix_link_professional_purpose", "link", ["professional_id", "purpose"], unique=False)
    op.create_table(
        "listing",
        sa.Column("professional_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("listed_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("listed_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.String(length=201), nullable=False),
        sa.Column("municipality_number", sa.String(length=4), nullable=True),
        sa.Column("professions", postgresql.ARRAY(sa.String(length=10)), nullable=False),
        sa.Column("specialities", postgresql.ARRAY(sa.String(length=10)), nullable=False),
        sa.Column("fields", postgresql.ARRAY(sa.String(length=40)), nullable=False),
        sa.Column("languages", postgresql.ARRAY(sa.String(length=5)), nullable=False),
        sa.Column(
            "experience",
            sa.Enum("0-1", "2-5", "6-10", "over_10", name="experience", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("has_driving_licence", sa.Boolean(), nullable=False),
        sa.Column("areas", postgresql.ARRAY(sa.String(length=4)), nullable=False),
        sa.Column(
            "travel",
            sa.Enum(
                "half_hour", "one_hour", "over_one_hour", "stay_away", name="traveltime", native_enum=False, length=40
            ),
            nullable=False,
        ),
        sa.Column("available_from", sa.Date(), nullable=False),
        sa.Column("available_to", sa.Date(), nullable=True),
        sa.Column(
            "workload",
            sa.Enum("20", "40", "60", "80", "100", "on_call", name="workload", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("times", postgresql.ARRAY(sa.String(length=40)), nullable=False),
        sa.Column(
            "start_speed",
            sa.Enum("same_day", "within_week", "within_month", name="startspeed", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hpr_checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("has_cv", sa.Boolean(), nullable=False),
        sa.Column("hidden_from", postgresql.ARRAY(sa.String(length=9)), nullable=False),
        sa.Column("for_external_recruiters", sa.Boolean(), nullable=False),
        sa.CheckConstraint("experience IN ('0-1', '2-5', '6-10', 'over_10')", name=op.f("ck_listing_experience_known")),
        sa.CheckConstraint(
            "start_speed IN ('same_day', 'within_week', 'within_month')", name=op.f("ck_listing_start_speed_known")
        ),
        sa.CheckConstraint(
            "travel IN ('half_hour', 'one_hour', 'over_one_hour', 'stay_away')", name=op.f("ck_listing_travel_known")
        ),
        sa.CheckConstraint(
            "workload IN ('20', '40', '60', '80', '100', 'on_call')", name=op.f("ck_listing_workload_known")
        ),
        sa.ForeignKeyConstraint(
            ["professional_id"],
            ["professional.id"],
            name=op.f("fk_listing_professional_id_professional"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("professional_id", name=op.f("pk_listing")),
    )
    op.create_index("ix_listing_areas", "listing", ["areas"], unique=False, postgresql_using="gin")
    op.create_index("ix_listing_confirmed_at", "listing", ["confirmed_at"], unique=False)
    op.create_index("ix_listing_listed_since", "listing", ["listed_since"], unique=False)
    op.create_index("ix_listing_listed_until", "listing", ["listed_until"], unique=False)
    op.create_index("ix_listing_professions", "listing", ["professions"], unique=False, postgresql_using="gin")
    op.create_table(
        "privacy_case",
        sa.Column("reference", sa.String(length=14), nullable=False),
        sa.Column("professional_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "rectify", "restrict", "object", "look_up", "hpr", name="privacycasekind", native_enum=False, length=40
            ),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum("open", "answered", name="privacycasestatus", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("caseworker_id", sa.Uuid(), nullable=True),
        sa.Column("is_restricting", sa.Boolean(), nullable=False),
        sa.Column("extended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("extension_reason", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(status = 'answered') = (answered_at IS NOT NULL)", name=op.f("ck_privacy_case_answered_has_time")
        ),
        sa.CheckConstraint(
            "kind IN ('rectify', 'restrict', 'object', 'look_up', 'hpr')", name=op.f("ck_privacy_case_kind_known")
        ),
        sa.CheckConstraint("status IN ('open', 'answered')", name=op.f("ck_privacy_case_status_known")),
        sa.CheckConstraint(
            "extended_at IS NULL OR extension_reason IS NOT NULL", name=op.f("ck_privacy_case_extension_has_reason")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_privacy_case_account_id_account")),
        sa.ForeignKeyConstraint(["caseworker_id"], ["account.id"], name=op.f("fk_privacy_case_caseworker_id_account")),
        sa.ForeignKeyConstraint(
            ["professional_id"],
            ["professional.id"],
            name=op.f("fk_privacy_case_professional_id_professional"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_case")),
        sa.UniqueConstraint("reference", name=op.f("uq_privacy_case_reference")),
    )
    op.create_index(op.f("ix_privacy_case_account_id"), "privacy_case", ["account_id"], unique=False)
    op.create_index(op.f("ix_privacy_case_due_at"), "privacy_case", ["due_at"], unique=False)
    op.create_index(op.f("ix_privacy_case_professional_id"), "privacy_case", ["professional_id"], unique=False)
    op.create_table(
        "person_lookup",
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("professional_id", sa.Uuid(), nullable=True),
        sa.Column("hits", sa.Integer(), nullable=False),
        sa.Column("erasure_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["account.id"], name=op.f("fk_person_lookup_actor_id_account")),
        sa.ForeignKeyConstraint(
            ["professional_id"],
            ["professional.id"],
            name=op.f("fk_person_lookup_professional_id_professional"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["erasure_id"],
            ["erasure_record.id"],
            name=op.f("fk_person_lookup_erasure_id_erasure_record"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_lookup")),
    )
    op.create_index("ix_professional_email", "professional", [sa.text("lower(email)")], unique=False)
    op.create_index("ix_professional_phone", "professional", ["phone"], unique=False)
    op.create_index(op.f("ix_person_lookup_made_at"), "person_lookup", ["made_at"], unique=False)
    op.create_index(op.f("ix_person_lookup_professional_id"), "person_lookup", ["professional_id"], unique=False)
    op.create_index(
        "ix_audit_event_shown",
        "audit_event",
        [sa.text("(facts -> 'shown')")],
        unique=False,
        postgresql_using="gin",
        postgresql_where="action = 'listing.shown'",
    )
    op.create_table(
        "professional_authorisation",
        sa.Column("professional_id", sa.Uuid(), nullable=False),
        sa.Column("profession", sa.String(length=10), nullable=False),
        sa.Column("profession_name", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("kind_name", sa.String(length=100), nullable=False),
        sa.Column("specialities", postgresql.ARRAY(sa.String(length=10)), nullable=False),
        sa.Column("speciality_names", postgresql.ARRAY(sa.String(length=100)), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("has_conditions", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["professional_id"],
            ["professional.id"],
            name=op.f("fk_professional_authorisation_professional_id_professional"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_professional_authorisation")),
    )
    op.create_index(
        op.f("ix_professional_authorisation_professional_id"),
        "professional_authorisation",
        ["professional_id"],
        unique=False,
    )
    op.create_table(
        "reach",
        sa.Column("whole_country", sa.Boolean(), nullable=False),
        sa.Column("counties", postgresql.ARRAY(sa.String(length=2)), nullable=False),
        sa.Column("municipalities", postgresql.ARRAY(sa.String(length=4)), nullable=False),
        sa.Column(
            "travel",
            sa.Enum(
                "half_hour", "one_hour", "over_one_hour", "stay_away", name="traveltime", native_enum=False, length=40
            ),
            nullable=True,
        ),
        sa.Column(
            "housing", sa.Enum("yes", "no", "depends", name="housing", native_enum=False, length=40), nullable=True
        ),
        sa.Column("professional_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("housing IN ('yes', 'no', 'depends')", name=op.f("ck_reach_housing_known")),
        sa.CheckConstraint(
            "travel IN ('half_hour', 'one_hour', 'over_one_hour', 'stay_away')", name=op.f("ck_reach_travel_known")
        ),
        sa.ForeignKeyConstraint(
            ["professional_id"],
            ["professional.id"],
            name=op.f("fk_reach_professional_id_professional"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("professional_id", name=op.f("pk_reach")),
    )
    op.create_table(
        "cv_entry",
        sa.Column("cv_id", sa.Uuid(), nullable=False),
        sa.Column(
            "section",
            sa.Enum(
                "experience",
                "education",
                "course",
                "language",
                "reference",
                name="cvsection",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=True),
        sa.Column("from_month", sa.Integer(), nullable=True),
        sa.Column("from_year", sa.Integer(), nullable=True),
        sa.Column("to_month", sa.Integer(), nullable=True),
        sa.Column("to_year", sa.Integer(), nullable=True),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column(
            "level",
            sa.Enum("basic", "good", "fluent", "native", name="languagelevel", native_enum=False, length=40),
            nullable=True,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("level IN ('basic', 'good', 'fluent', 'native')", name=op.f("ck_cv_entry_level_known")),
        sa.CheckConstraint(
            "section IN ('experience', 'education', 'course', 'language', 'reference')",
            name=op.f("ck_cv_entry_section_known"),
        ),
        sa.CheckConstraint("NOT (is_current AND to_year IS NOT NULL)", name=op.f("ck_cv_entry_current_has_no_end")),
        sa.CheckConstraint(
            "from_month BETWEEN 1 AND 12 AND to_month BETWEEN 1 AND 12", name=op.f("ck_cv_entry_months")
        ),
        sa.ForeignKeyConstraint(
            ["cv_id"], ["cv.professional_id"], name=op.f("fk_cv_entry_cv_id_cv"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cv_entry")),
    )
    op.create_index(op.f("ix_cv_entry_cv_id"), "cv_entry", ["cv_id"], unique=False)
    op.add_column("identity", sa.Column("hpr_number", sa.String(length=9), nullable=True))
    op.add_column("login_session", sa.Column("acr", sa.String(length=60), nullable=True))
    op.add_column("access_application", sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("message", sa.Column("professional_id", sa.Uuid(), nullable=True))
    op.add_column("message", sa.Column("link_id", sa.Uuid(), nullable=True))
    op.create_index(op.f("ix_message_link_id"), "message", ["link_id"], unique=False)
    op.create_index(op.f("ix_message_professional_id"), "message", ["professional_id"], unique=False)
    op.create_foreign_key(op.f("fk_message_link_id_link"), "message", "link", ["link_id"], ["id"], ondelete="SET NULL")
    op.create_foreign_key(
        op.f("fk_message_professional_id_professional"),
        "message",
        "professional",
        ["professional_id"],
        ["id"],
        ondelete="CASCADE",
    )
    for table, column, values in WIDENED:
        name = op.f(f"ck_{table}_{column}_known")
        op.drop_constraint(name, table)
        op.create_check_constraint(name, table, f"{column} IN ({values})")
