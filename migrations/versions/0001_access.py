"""Accounts, organisations, applications, grants, messages, outbox and audit."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("name", sa.String(length=210), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_login_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("national_id_box", sa.LargeBinary(), nullable=True),
        sa.Column("national_id_index", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("national_id_index", name=op.f("uq_account_national_id_index")),
    )
    op.create_index(op.f("ix_account_national_id_index"), "account", ["national_id_index"], unique=False)
    op.create_table(
        "audit_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column(
            "actor_role",
            sa.Enum(
                "anyone",
                "signed_in",
                "submitter",
                "organisation_user",
                "caseworker",
                "case_lead",
                "auditor",
                name="role",
                native_enum=False,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("object_type", sa.String(length=40), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=True),
        sa.Column("fields", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("request_id", sa.String(length=32), nullable=True),
        sa.CheckConstraint(
            "actor_role IN ('anyone', 'signed_in', 'submitter', 'organisation_user', 'caseworker', 'case_lead', 'auditor')",
            name=op.f("ck_audit_event_actor_role_known"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
    )
    op.create_index("ix_audit_event_object", "audit_event", ["object_type", "object_id"], unique=False)
    op.create_index("ix_audit_event_subject", "audit_event", ["subject_id"], unique=False)
    op.create_index("ix_audit_event_actor", "audit_event", ["actor_id", "id"], unique=False)
    op.create_table(
        "county",
        sa.Column("number", sa.String(length=2), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_county")),
    )
    op.create_table(
        "health_trust",
        sa.Column("organisation_number", sa.String(length=9), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("type", sa.String(length=20), nullable=False),
        sa.Column("owner_number", sa.String(length=9), nullable=True),
        sa.PrimaryKeyConstraint("organisation_number", name=op.f("pk_health_trust")),
    )
    op.create_table(
        "login_attempt",
        sa.Column("state_hash", sa.LargeBinary(), nullable=False),
        sa.Column("browser_hash", sa.LargeBinary(), nullable=False),
        sa.Column("secrets_box", sa.LargeBinary(), nullable=False),
        sa.Column("issuer", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("state_hash", name=op.f("pk_login_attempt")),
    )
    op.create_index(op.f("ix_login_attempt_created_at"), "login_attempt", ["created_at"], unique=False)
    op.create_table(
        "organisation",
        sa.Column("number", sa.String(length=9), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("municipality", "health_trust", name="organisationkind", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("form", sa.String(length=10), nullable=False),
        sa.Column("address", sa.String(length=500), nullable=False),
        sa.Column("language", sa.Enum("nb", "nn", "en", name="language", native_enum=False, length=40), nullable=True),
        sa.Column("needs_check", sa.Boolean(), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind IN ('municipality', 'health_trust')", name=op.f("ck_organisation_kind_known")),
        sa.CheckConstraint("language IN ('nb', 'nn', 'en')", name=op.f("ck_organisation_language_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
        sa.UniqueConstraint("number", name=op.f("uq_organisation_number")),
    )
    op.create_table(
        "outbox_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("job", sa.String(length=100), nullable=False),
        sa.Column("arguments", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("once_key", sa.String(length=120), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("offered_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_failure", sa.String(length=200), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("set_aside_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_entry")),
        sa.UniqueConstraint("once_key", name=op.f("uq_outbox_entry_once_key")),
    )
    op.create_index(
        "ix_outbox_entry_due",
        "outbox_entry",
        ["due_at"],
        unique=False,
        postgresql_where="done_at IS NULL AND set_aside_at IS NULL",
    )
    op.create_table(
        "registry_unit",
        sa.Column("number", sa.String(length=9), nullable=False),
        sa.Column("is_known", sa.Boolean(), nullable=False),
        sa.Column("is_removed", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=True),
        sa.Column("form", sa.String(length=10), nullable=True),
        sa.Column("address", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("postal_code", sa.String(length=10), nullable=True),
        sa.Column("postal_place", sa.String(length=100), nullable=True),
        sa.Column("municipality_number", sa.String(length=4), nullable=True),
        sa.Column("parent_number", sa.String(length=9), nullable=True),
        sa.Column("language", sa.Enum("nb", "nn", "en", name="language", native_enum=False, length=40), nullable=True),
        sa.Column("is_bankrupt", sa.Boolean(), nullable=False),
        sa.Column("is_winding_up", sa.Boolean(), nullable=False),
        sa.Column("deleted_on", sa.Date(), nullable=True),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("language IN ('nb', 'nn', 'en')", name=op.f("ck_registry_unit_language_known")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_registry_unit")),
    )
    op.create_table(
        "access_application",
        sa.Column("reference", sa.String(length=12), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "draft",
                "submitted",
                "in_review",
                "waiting",
                "granted",
                "partly_granted",
                "declined",
                "withdrawn",
                name="applicationstatus",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("unit_number", sa.String(length=9), nullable=False),
        sa.Column("unit_name", sa.String(length=300), nullable=False),
        sa.Column("language", sa.Enum("nb", "nn", "en", name="language", native_enum=False, length=40), nullable=False),
        sa.Column("submitter_id", sa.Uuid(), nullable=False),
        sa.Column("submitter_name", sa.String(length=210), nullable=False),
        sa.Column("submitter_email", sa.String(length=254), nullable=False),
        sa.Column("submitter_mobile", sa.String(length=20), nullable=False),
        sa.Column("submitter_job_title", sa.String(length=100), nullable=False),
        sa.Column(
            "contact_kind",
            sa.Enum("submitter", "nominee", "other", name="contactkind", native_enum=False, length=40),
            nullable=True,
        ),
        sa.Column("contact_nominee_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Uuid(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("declaration", sa.Text(), nullable=True),
        sa.Column("snapshot", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("snapshot_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("right_confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("registry_verified", sa.Boolean(), nullable=False),
        sa.Column("replaces_id", sa.Uuid(), nullable=True),
        sa.Column("caseworker_id", sa.Uuid(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("has_new_answer", sa.Boolean(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("receipt_pdf", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "contact_kind IN ('submitter', 'nominee', 'other')", name=op.f("ck_access_application_contact_kind_known")
        ),
        sa.CheckConstraint("language IN ('nb', 'nn', 'en')", name=op.f("ck_access_application_language_known")),
        sa.CheckConstraint(
            "status <> 'withdrawn' OR withdrawn_at IS NOT NULL", name=op.f("ck_access_application_withdrawn_has_time")
        ),
        sa.CheckConstraint(
            "status = 'draft' OR (submitted_at IS NOT NULL AND snapshot IS NOT NULL)",
            name=op.f("ck_access_application_submitted_has_snapshot"),
        ),
        sa.CheckConstraint(
            "status IN ('draft', 'submitted', 'in_review', 'waiting', 'granted', 'partly_granted', 'declined', 'withdrawn')",
            name=op.f("ck_access_application_status_known"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('granted', 'partly_granted', 'declined') OR decided_at IS NOT NULL",
            name=op.f("ck_access_application_decided_has_time"),
        ),
        sa.ForeignKeyConstraint(
            ["caseworker_id"], ["account.id"], name=op.f("fk_access_application_caseworker_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["account.id"], name=op.f("fk_access_application_changed_by_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_access_application_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["replaces_id"],
            ["access_application.id"],
            name=op.f("fk_access_application_replaces_id_access_application"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["submitter_id"], ["account.id"], name=op.f("fk_access_application_submitter_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_application")),
        sa.UniqueConstraint("reference", name=op.f("uq_access_application_reference")),
    )
    op.create_index(op.f("ix_access_application_caseworker_id"), "access_application", ["caseworker_id"], unique=False)
    op.create_index(
        op.f("ix_access_application_organisation_id"), "access_application", ["organisation_id"], unique=False
    )
    op.create_index("ix_access_application_queue", "access_application", ["status", "due_on"], unique=False)
    op.create_index(op.f("ix_access_application_submitter_id"), "access_application", ["submitter_id"], unique=False)
    op.create_table(
        "audit_seal",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("previous_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["audit_event.id"], name=op.f("fk_audit_seal_event_id_audit_event")),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit_seal")),
        sa.UniqueConstraint("event_id", name=op.f("uq_audit_seal_event_id")),
    )
    op.create_table(
        "form_key",
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("location", sa.String(length=2000), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_form_key_account_id_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_form_key")),
    )
    op.create_index(op.f("ix_form_key_used_at"), "form_key", ["used_at"], unique=False)
    op.create_table(
        "held_form",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("fields_box", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_held_form_account_id_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_held_form")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_held_form_token_hash")),
    )
    op.create_index(op.f("ix_held_form_expires_at"), "held_form", ["expires_at"], unique=False)
    op.create_table(
        "identity",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_identity_account_id_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_identity_issuer_subject")),
    )
    op.create_index(op.f("ix_identity_account_id"), "identity", ["account_id"], unique=False)
    op.create_table(
        "login_session",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "anyone",
                "signed_in",
                "submitter",
                "organisation_user",
                "caseworker",
                "case_lead",
                "auditor",
                name="role",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("issuer", sa.String(length=200), nullable=False),
        sa.Column("provider_session_id", sa.String(length=255), nullable=True),
        sa.Column("authenticated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "role IN ('anyone', 'signed_in', 'submitter', 'organisation_user', 'caseworker', 'case_lead', 'auditor')",
            name=op.f("ck_login_session_role_known"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_login_session_account_id_account"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_login_session_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_login_session_token_hash")),
    )
    op.create_index(
        "ix_login_session_open_account",
        "login_session",
        ["account_id"],
        unique=False,
        postgresql_where="ended_at IS NULL",
    )
    op.create_index(op.f("ix_login_session_organisation_id"), "login_session", ["organisation_id"], unique=False)
    op.create_index(
        "ix_login_session_provider_session", "login_session", ["issuer", "provider_session_id"], unique=False
    )
    op.create_table(
        "municipality",
        sa.Column("number", sa.String(length=4), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("official_name", sa.String(length=200), nullable=False),
        sa.Column("county_number", sa.String(length=2), nullable=False),
        sa.Column("organisation_number", sa.String(length=9), nullable=False),
        sa.Column("language", sa.Enum("nb", "nn", "en", name="language", native_enum=False, length=40), nullable=True),
        sa.CheckConstraint("language IN ('nb', 'nn', 'en')", name=op.f("ck_municipality_language_known")),
        sa.ForeignKeyConstraint(
            ["county_number"], ["county.number"], name=op.f("fk_municipality_county_number_county")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_municipality")),
        sa.UniqueConstraint("organisation_number", name=op.f("uq_municipality_organisation_number")),
    )
    op.create_index(op.f("ix_municipality_county_number"), "municipality", ["county_number"], unique=False)
    op.create_table(
        "setting",
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["account.id"], name=op.f("fk_setting_changed_by_id_account")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_setting")),
    )
    op.create_table(
        "staff_member",
        sa.Column("name", sa.String(length=210), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "anyone",
                "signed_in",
                "submitter",
                "organisation_user",
                "caseworker",
                "case_lead",
                "auditor",
                name="role",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("national_id_box", sa.LargeBinary(), nullable=True),
        sa.Column("national_id_index", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "role IN ('anyone', 'signed_in', 'submitter', 'organisation_user', 'caseworker', 'case_lead', 'auditor')",
            name=op.f("ck_staff_member_role_known"),
        ),
        sa.CheckConstraint("role IN ('caseworker', 'case_lead', 'auditor')", name=op.f("ck_staff_member_staff_role")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_staff_member_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_member")),
        sa.UniqueConstraint("account_id", name=op.f("uq_staff_member_account_id")),
        sa.UniqueConstraint("national_id_index", name=op.f("uq_staff_member_national_id_index")),
    )
    op.create_index(op.f("ix_staff_member_national_id_index"), "staff_member", ["national_id_index"], unique=False)
    op.create_table(
        "contact_person",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("given_name", sa.String(length=100), nullable=False),
        sa.Column("family_name", sa.String(length=100), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("mobile", sa.String(length=20), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("national_id_box", sa.LargeBinary(), nullable=True),
        sa.Column("national_id_index", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["access_application.id"],
            name=op.f("fk_contact_person_application_id_access_application"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_person")),
        sa.UniqueConstraint("application_id", name=op.f("uq_contact_person_application_id")),
    )
    op.create_index(op.f("ix_contact_person_national_id_index"), "contact_person", ["national_id_index"], unique=False)
    op.create_table(
        "decision",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column(
            "status",
            sa.Enum("proposed", "final", "returned", name="decisionstatus", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("outcomes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("letter", sa.Text(), nullable=False),
        sa.Column("language", sa.Enum("nb", "nn", "en", name="language", native_enum=False, length=40), nullable=False),
        sa.Column("proposed_by_id", sa.Uuid(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by_id", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("language IN ('nb', 'nn', 'en')", name=op.f("ck_decision_language_known")),
        sa.CheckConstraint("status <> 'final' OR decided_at IS NOT NULL", name=op.f("ck_decision_final_has_time")),
        sa.CheckConstraint("status IN ('proposed', 'final', 'returned')", name=op.f("ck_decision_status_known")),
        sa.CheckConstraint(
            "approved_by_id IS NULL OR approved_by_id <> proposed_by_id", name=op.f("ck_decision_two_people")
        ),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["access_application.id"],
            name=op.f("fk_decision_application_id_access_application"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["approved_by_id"], ["account.id"], name=op.f("fk_decision_approved_by_id_account")),
        sa.ForeignKeyConstraint(["proposed_by_id"], ["account.id"], name=op.f("fk_decision_proposed_by_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    op.create_index(op.f("ix_decision_application_id"), "decision", ["application_id"], unique=False)
    op.create_index(
        "uq_decision_one_proposed", "decision", ["application_id"], unique=True, postgresql_where="status = 'proposed'"
    )
    op.create_table(
        "health_trust_area",
        sa.Column("organisation_number", sa.String(length=9), nullable=False),
        sa.Column("municipality_number", sa.String(length=4), nullable=False),
        sa.ForeignKeyConstraint(
            ["municipality_number"],
            ["municipality.number"],
            name=op.f("fk_health_trust_area_municipality_number_municipality"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_number"],
            ["health_trust.organisation_number"],
            name=op.f("fk_health_trust_area_organisation_number_health_trust"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organisation_number", "municipality_number", name=op.f("pk_health_trust_area")),
    )
    op.create_table(
        "internal_note",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["access_application.id"],
            name=op.f("fk_internal_note_application_id_access_application"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["author_id"], ["account.id"], name=op.f("fk_internal_note_author_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_internal_note")),
    )
    op.create_index(op.f("ix_internal_note_application_id"), "internal_note", ["application_id"], unique=False)
    op.create_table(
        "nominee",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("given_name", sa.String(length=100), nullable=False),
        sa.Column("family_name", sa.String(length=100), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("mobile", sa.String(length=20), nullable=False),
        sa.Column("job_title", sa.String(length=100), nullable=False),
        sa.Column(
            "access_level",
            sa.Enum("reader", "recruiter", "user_administrator", name="accesslevel", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column(
            "outcome",
            sa.Enum("pending", "granted", "declined", name="nomineeoutcome", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column(
            "granted_level",
            sa.Enum("reader", "recruiter", "user_administrator", name="accesslevel", native_enum=False, length=40),
            nullable=True,
        ),
        sa.Column("decline_reason", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("national_id_box", sa.LargeBinary(), nullable=True),
        sa.Column("national_id_index", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "access_level IN ('reader', 'recruiter', 'user_administrator')", name=op.f("ck_nominee_access_level_known")
        ),
        sa.CheckConstraint(
            "granted_level IN ('reader', 'recruiter', 'user_administrator')",
            name=op.f("ck_nominee_granted_level_known"),
        ),
        sa.CheckConstraint("outcome IN ('pending', 'granted', 'declined')", name=op.f("ck_nominee_outcome_known")),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["access_application.id"],
            name=op.f("fk_nominee_application_id_access_application"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nominee")),
        sa.UniqueConstraint(
            "application_id", "national_id_index", name=op.f("uq_nominee_application_id_national_id_index")
        ),
    )
    op.create_index(op.f("ix_nominee_national_id_index"), "nominee", ["national_id_index"], unique=False)
    op.create_index("uq_nominee_application_email", "nominee", ["application_id", "email"], unique=True)
    op.create_table(
        "question",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column(
            "status",
            sa.Enum("open", "answered", "withdrawn", name="questionstatus", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("opened_steps", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("asked_by_id", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_by_id", sa.Uuid(), nullable=True),
        sa.Column("answered_by_name", sa.String(length=210), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "status <> 'answered' OR (answered_at IS NOT NULL AND answer IS NOT NULL)",
            name=op.f("ck_question_answered_has_answer"),
        ),
        sa.CheckConstraint("status IN ('open', 'answered', 'withdrawn')", name=op.f("ck_question_status_known")),
        sa.ForeignKeyConstraint(["answered_by_id"], ["account.id"], name=op.f("fk_question_answered_by_id_account")),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["access_application.id"],
            name=op.f("fk_question_application_id_access_application"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["asked_by_id"], ["account.id"], name=op.f("fk_question_asked_by_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question")),
    )
    op.create_index(
        "uq_question_one_open", "question", ["application_id"], unique=True, postgresql_where="status = 'open'"
    )
    op.create_table(
        "access_grant",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("nominee_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column(
            "level",
            sa.Enum("reader", "recruiter", "user_administrator", name="accesslevel", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column(
            "granted_level",
            sa.Enum("reader", "recruiter", "user_administrator", name="accesslevel", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum("invited", "active", "ended", name="grantstatus", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confidentiality_text", sa.Text(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_login_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "ended_as",
            sa.Enum(
                "removed",
                "expired",
                "organisation_ended",
                "not_reconfirmed",
                name="grantend",
                native_enum=False,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column("ended_by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(status = 'ended') = (ended_at IS NOT NULL)", name=op.f("ck_access_grant_ended_has_time")),
        sa.CheckConstraint(
            "ended_as IN ('removed', 'expired', 'organisation_ended', 'not_reconfirmed')",
            name=op.f("ck_access_grant_ended_as_known"),
        ),
        sa.CheckConstraint(
            "granted_level IN ('reader', 'recruiter', 'user_administrator')",
            name=op.f("ck_access_grant_granted_level_known"),
        ),
        sa.CheckConstraint(
            "level IN ('reader', 'recruiter', 'user_administrator')", name=op.f("ck_access_grant_level_known")
        ),
        sa.CheckConstraint(
            "status <> 'active' OR (account_id IS NOT NULL AND accepted_at IS NOT NULL)",
            name=op.f("ck_access_grant_active_has_account"),
        ),
        sa.CheckConstraint("status IN ('invited', 'active', 'ended')", name=op.f("ck_access_grant_status_known")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_access_grant_account_id_account")),
        sa.ForeignKeyConstraint(["ended_by_id"], ["account.id"], name=op.f("fk_access_grant_ended_by_id_account")),
        sa.ForeignKeyConstraint(["nominee_id"], ["nominee.id"], name=op.f("fk_access_grant_nominee_id_nominee")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_access_grant_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_grant")),
        sa.UniqueConstraint("nominee_id", name=op.f("uq_access_grant_nominee_id")),
    )
    op.create_index(op.f("ix_access_grant_account_id"), "access_grant", ["account_id"], unique=False)
    op.create_index("ix_access_grant_organisation_status", "access_grant", ["organisation_id", "status"], unique=False)
    op.create_index(
        "uq_access_grant_one_active",
        "access_grant",
        ["organisation_id", "account_id"],
        unique=True,
        postgresql_where="status = 'active'",
    )
    op.create_table(
        "invitation",
        sa.Column("grant_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "queued",
                "sent",
                "undeliverable",
                "accepted",
                "expired",
                "revoked",
                name="invitationstatus",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("language", sa.Enum("nb", "nn", "en", name="language", native_enum=False, length=40), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("renewal_requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("language IN ('nb', 'nn', 'en')", name=op.f("ck_invitation_language_known")),
        sa.CheckConstraint(
            "status <> 'accepted' OR accepted_at IS NOT NULL", name=op.f("ck_invitation_accepted_has_time")
        ),
        sa.CheckConstraint("status <> 'sent' OR sent_at IS NOT NULL", name=op.f("ck_invitation_sent_has_time")),
        sa.CheckConstraint(
            "status IN ('queued', 'sent', 'undeliverable', 'accepted', 'expired', 'revoked')",
            name=op.f("ck_invitation_status_known"),
        ),
        sa.ForeignKeyConstraint(["created_by_id"], ["account.id"], name=op.f("fk_invitation_created_by_id_account")),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["access_grant.id"], name=op.f("fk_invitation_grant_id_access_grant"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitation_token_hash")),
    )
    op.create_index("ix_invitation_status_expires", "invitation", ["status", "expires_at"], unique=False)
    op.create_index(
        "uq_invitation_one_live",
        "invitation",
        ["grant_id"],
        unique=True,
        postgresql_where="status IN ('queued', 'sent', 'undeliverable')",
    )
    op.create_table(
        "message",
        sa.Column(
            "kind",
            sa.Enum(
                "application_received",
                "more_information",
                "application_granted",
                "application_declined",
                "appeal_upheld",
                "invitation",
                "invitation_reminder",
                "invitation_expired",
                "invitation_accepted",
                "new_invitation_requested",
                "access_ended",
                "reconfirmation_due",
                name="messagekind",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("recipient", sa.String(length=254), nullable=False),
        sa.Column("language", sa.Enum("nb", "nn", "en", name="language", native_enum=False, length=40), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=True),
        sa.Column("invitation_id", sa.Uuid(), nullable=True),
        sa.Column(
            "status",
            sa.Enum("queued", "sent", "undeliverable", "cancelled", name="messagestatus", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("refusal", sa.String(length=60), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('application_received', 'more_information', 'application_granted', 'application_declined', 'appeal_upheld', 'invitation', 'invitation_reminder', 'invitation_expired', 'invitation_accepted', 'new_invitation_requested', 'access_ended', 'reconfirmation_due')",
            name=op.f("ck_message_kind_known"),
        ),
        sa.CheckConstraint("language IN ('nb', 'nn', 'en')", name=op.f("ck_message_language_known")),
        sa.CheckConstraint("status <> 'sent' OR sent_at IS NOT NULL", name=op.f("ck_message_sent_has_time")),
        sa.CheckConstraint(
            "status IN ('queued', 'sent', 'undeliverable', 'cancelled')", name=op.f("ck_message_status_known")
        ),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["access_application.id"],
            name=op.f("fk_message_application_id_access_application"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["invitation_id"], ["invitation.id"], name=op.f("fk_message_invitation_id_invitation"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("kind", "key", name=op.f("uq_message_kind_key")),
    )
    op.create_index(op.f("ix_message_application_id"), "message", ["application_id"], unique=False)
    op.create_index(op.f("ix_message_invitation_id"), "message", ["invitation_id"], unique=False)
    op.create_index("ix_message_queued", "message", ["created_at"], unique=False, postgresql_where="status = 'queued'")
    op.create_foreign_key(  # the two tables name each other, so this one comes last
        "fk_access_application_contact_nominee",
        "access_application",
        "nominee",
        ["contact_nominee_id"],
        ["id"],
        ondelete="SET NULL",
    )
