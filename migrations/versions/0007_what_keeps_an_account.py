"""Who did something long ago keeps no account; a consent that was given or withdrawn is never changed."""

from alembic import context, op

revision = "0007"
down_revision = "0006"

EMPTIED = (
    ("access_grant", "ended_by_id"),
    ("alarm", "account_id"),
    ("alarm", "closed_by_id"),
    ("hpr_alarm", "closed_by_id"),
    ("invitation", "created_by_id"),
    ("log_review", "reviewed_by_id"),
    ("privacy_case", "caseworker_id"),
    ("setting", "changed_by_id"),
    ("shortlist", "created_by_id"),
    ("shortlist_entry", "added_by_id"),
    ("stop", "lifted_by_id"),
    ("stop", "set_by_id"),
)
WERE_REQUIRED = (
    ("invitation", "created_by_id"),
    ("shortlist", "created_by_id"),
    ("shortlist_entry", "added_by_id"),
    ("stop", "set_by_id"),
)


def upgrade() -> None:
    for table, column in EMPTIED:
        name = op.f(f"fk_{table}_{column}_account")
        op.drop_constraint(name, table, type_="foreignkey")
        op.create_foreign_key(name, table, "account", [column], ["id"], ondelete="SET NULL")
    for table, column in WERE_REQUIRED:
        op.alter_column(table, column, nullable=True)
    name = op.f("ck_log_review_reviewed_has_verdict")
    op.drop_constraint(name, "log_review")
    op.create_check_constraint(
        name,
        "log_review",
        "(verdict IS NULL) = (reviewed_at IS NULL) AND (verdict IS NOT NULL OR reviewed_by_id IS NULL)",
    )
    _never_change_a_consent()


def _never_change_a_consent() -> None:
    """A consent is added, and goes with the registration; nothing else (security.md section 6)."""
    role = '"' + context.config.attributes["application_role"].replace('"', '""') + '"'
    op.execute(f"REVOKE UPDATE ON consent_event FROM {role}")
    op.execute("""
        CREATE TRIGGER consent_event_append_only BEFORE UPDATE OR TRUNCATE ON consent_event
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)
