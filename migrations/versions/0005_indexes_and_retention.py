"""Every foreign key leads an index; audit events are forgotten after five years, as counts of a month; since when
somebody was listed whom only time has hidden; longer keys of alarms."""

import sqlalchemy as sa
from alembic import context, op

revision = "0005"
down_revision = "0004"

INDEXED = (
    ("access_application", "changed_by_id"),
    ("access_application", "contact_nominee_id"),
    ("access_application", "replaces_id"),
    ("access_grant", "ended_by_id"),
    ("alarm", "account_id"),
    ("alarm", "closed_by_id"),
    ("decision", "approved_by_id"),
    ("decision", "proposed_by_id"),
    ("form_key", "account_id"),
    ("held_form", "account_id"),
    ("hpr_alarm", "closed_by_id"),
    ("internal_note", "author_id"),
    ("invitation", "created_by_id"),
    ("invitation", "grant_id"),
    ("log_review", "reviewed_by_id"),
    ("login_session", "account_id"),
    ("person_lookup", "actor_id"),
    ("person_lookup", "erasure_id"),
    ("privacy_case", "caseworker_id"),
    ("question", "answered_by_id"),
    ("question", "application_id"),
    ("question", "asked_by_id"),
    ("register_export", "shortlist_id"),
    ("shortlist", "created_by_id"),
    ("shortlist_entry", "added_by_id"),
    ("stop", "lifted_by_id"),
    ("stop", "set_by_id"),
)


def upgrade() -> None:
    for table, column in INDEXED:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
    op.add_column("professional", sa.Column("listed_since", sa.DateTime(timezone=True), nullable=True))
    op.alter_column("alarm", "once_key", type_=sa.String(length=160))
    op.create_table(
        "audit_beginning",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("forgotten_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit_beginning")),
    )
    op.create_table(
        "audit_month",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("month", "action", name=op.f("pk_audit_month")),
    )
    _let_old_events_go()


def _let_old_events_go() -> None:
    """The one way in which audit events may go: the oldest, five years old, in the order of the chain."""
    role = '"' + context.config.attributes["application_role"].replace('"', '""') + '"'
    op.execute("""
        CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' AND current_setting('audit.forgets', true) = 'on' THEN
                RETURN NULL;
            END IF;
            RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
        END $$
    """)
    op.execute("""
        CREATE FUNCTION forget_audit_events(years integer, most integer) RETURNS bigint
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        DECLARE
            limit_at timestamptz := now() - make_interval(years => greatest(years, 5));
            last_seal bigint;
            forgotten bigint;
        BEGIN
            PERFORM pg_advisory_xact_lock(4711002);  -- as sealing takes: two at once would count what goes twice
            SELECT max(oldest.sequence) INTO last_seal FROM (
                SELECT first.sequence, bool_and(event.at < limit_at) OVER (ORDER BY first.sequence) AS is_over
                FROM (SELECT sequence, event_id FROM audit_seal ORDER BY sequence LIMIT most) first
                JOIN audit_event event ON event.id = first.event_id
            ) oldest WHERE oldest.is_over;
            IF last_seal IS NULL THEN
                RETURN 0;
            END IF;
            INSERT INTO audit_month (month, action, count)
                SELECT date_trunc('month', event.at AT TIME ZONE 'Europe/Oslo')::date, event.action, count(*)
                FROM audit_event event JOIN audit_seal seal ON seal.event_id = event.id
                WHERE seal.sequence <= last_seal GROUP BY 1, 2
                ON CONFLICT (month, action) DO UPDATE SET count = audit_month.count + excluded.count;
            INSERT INTO audit_beginning (sequence, hash, forgotten_at)
                SELECT sequence, hash, now() FROM audit_seal WHERE sequence = last_seal;
            DELETE FROM log_review USING audit_seal seal
                WHERE seal.event_id = log_review.event_id AND seal.sequence <= last_seal;
            PERFORM set_config('audit.forgets', 'on', true);
            WITH gone AS (DELETE FROM audit_seal WHERE sequence <= last_seal RETURNING event_id)
                DELETE FROM audit_event USING gone WHERE audit_event.id = gone.event_id;
            GET DIAGNOSTICS forgotten = ROW_COUNT;
            PERFORM set_config('audit.forgets', 'off', true);
            RETURN forgotten;
        END $$
    """)
    op.execute("REVOKE ALL ON FUNCTION forget_audit_events FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION forget_audit_events TO {role}")
    op.execute(f"REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON audit_beginning, audit_month FROM {role}")
