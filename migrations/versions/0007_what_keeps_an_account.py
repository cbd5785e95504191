"""Who did something long ago keeps no account; a consent that was given or withdrawn is never changed; what organisations
own is kept apart by row-level security."""

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
)
WERE_REQUIRED = (
    ("invitation", "created_by_id"),
    ("shortlist", "created_by_id"),
    ("shortlist_entry", "added_by_id"),
    ("stop", "set_by_id"),
)
OWNED = ("recipient_notice", "register_export", "reveal", "saved_search", "shortlist")
OWNED_THROUGH = (
    ("register_export_person", "export_id", "register_export"),
    ("shortlist_entry", "shortlist_id", "shortlist"),
)
ORGANISATION = "nullif(current_setting('app.organisation', true), '')"


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
    role = '"' + context.config.attributes["application_role"].replace('"', '""') + '"'
    _never_change_a_consent(role)
    _keep_organisations_apart(role)


def _never_change_a_consent(role: str) -> None:
    """A consent is added, and goes with the registration; nothing else (security.md section 6)."""
    op.execute(f"REVOKE UPDATE ON consent_event FROM {role}")
    op.execute("""
        CREATE TRIGGER consent_event_append_only BEFORE UPDATE OR TRUNCATE ON consent_event
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)


def _keep_organisations_apart(role: str) -> None:
    """Whoever acts for an organisation reaches its rows alone; without one, as jobs are, all of them (C12)."""
    is_own = f"organisation_id = {ORGANISATION}::uuid"
    mine = dict.fromkeys(OWNED, is_own)
    for table, column, owner in OWNED_THROUGH:
        mine[table] = f"{column} IN (SELECT id FROM {owner} WHERE {is_own})"
    for table, is_mine in mine.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_organisation ON {table} TO {role} USING ({ORGANISATION} IS NULL OR {is_mine})")
