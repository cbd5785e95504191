"""Who at the Directorate may do what: the table over every role, status and standing (security.md sections 8 and 9)."""

import pytest

from extensions.database import db
from models.application import AccessApplication, ContactPerson
from models.enums import ApplicationStatus, GrantStatus, Role
from services import case_rules, national_ids
from services.case_rules import RULES, CaseAction, Ground, Standing
from services.errors import Conflict, Forbidden

NOBODY_IN_PARTICULAR = Standing(ground=None, has_decided=False)
READING = {CaseAction.READ, CaseAction.READ_NOTES}
STATES = {
    CaseAction.READ: "submitted in_review waiting granted partly_granted declined withdrawn",
    CaseAction.READ_NOTES: "submitted in_review waiting granted partly_granted declined withdrawn",
    CaseAction.TAKE: "submitted in_review waiting",
    CaseAction.HAND_OVER: "submitted in_review waiting",
    CaseAction.NOTE: "submitted in_review waiting granted partly_granted declined withdrawn",
    CaseAction.CHECK_AGAIN: "submitted in_review waiting",
    CaseAction.SEE_NUMBER: "submitted in_review waiting granted partly_granted declined withdrawn",
    CaseAction.ASK: "in_review",
    CaseAction.CHANGE_QUESTION: "waiting",
    CaseAction.PROVISIONAL_REPLY: "submitted in_review waiting",
    CaseAction.DECIDE: "in_review waiting",
    CaseAction.UPHOLD_APPEAL: "declined",
}
"""The same table as in ux.md 5A, written a second time on purpose."""


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("action", CaseAction)
def test_every_role_and_status(context, role, action):
    for status in ApplicationStatus:
        application = AccessApplication(status=status, decisions=[])
        may = role in case_rules.DECIDING_ROLES or (role is Role.AUDITOR and action in READING)
        expected = may and status.value in STATES[action].split()
        problem = case_rules.refusal(role, action, application, NOBODY_IN_PARTICULAR)
        assert (problem is None) == expected, (role, action, status)
        if problem is not None:
            assert isinstance(problem, Conflict if may else Forbidden)


@pytest.mark.parametrize("action", CaseAction)
def test_a_party_may_read_and_hand_over_and_nothing_more(context, action):
    status = next(iter(RULES[action].statuses))
    party = Standing(Ground.NOMINEE, has_decided=False)
    problem = case_rules.refusal(Role.CASE_LEAD, action, AccessApplication(status=status, decisions=[]), party)
    assert (problem is None) == (action in (CaseAction.READ, CaseAction.HAND_OVER))


@pytest.mark.parametrize("action", CaseAction)
def test_an_appeal_is_anothers(context, action):
    status = next(iter(RULES[action].statuses))
    first = Standing(None, has_decided=True)
    problem = case_rules.refusal(Role.CASEWORKER, action, AccessApplication(status=status, decisions=[]), first)
    reserved = {
        CaseAction.TAKE,
        CaseAction.ASK,
        CaseAction.CHANGE_QUESTION,
        CaseAction.PROVISIONAL_REPLY,
        CaseAction.DECIDE,
        CaseAction.UPHOLD_APPEAL,
    }
    assert (problem is not None) == (action in reserved)


def standing_of(account, application):
    return case_rules.standing(account.id, db.session.get_one(AccessApplication, application.id))


def test_a_stranger_is_no_party(context, make, worker, case):
    assert standing_of(worker, case) == NOBODY_IN_PARTICULAR


def test_the_submitter_is_a_party(context, make, worker):
    own = make.application("in_review", submitter=worker)
    assert standing_of(worker, own).ground is Ground.SUBMITTER


def test_a_nominee_is_a_party_found_by_number(context, make, worker, case):
    make.nominee(case, worker.number)
    assert standing_of(worker, case).ground is Ground.NOMINEE


def test_the_contact_person_is_a_party_found_by_number(context, make, worker, case):
    contact = ContactPerson(
        id=case.id, application_id=case.id, given_name="Saga", family_name="P", email="s@k.no", mobile="+4791234567"
    )
    national_ids.put(contact, worker.number)
    db.session.add(contact)
    db.session.commit()
    assert standing_of(worker, case).ground is Ground.CONTACT


def test_a_user_of_the_organisation_is_a_party_until_the_access_ends(context, make, worker, case):
    organisation = make.organisation()
    grant = make.user(organisation=organisation, account=worker)
    assert standing_of(worker, case).ground is Ground.ORGANISATION
    grant = db.session.merge(grant)
    grant.status, grant.ended_at = GrantStatus.ENDED, grant.created_at
    db.session.commit()
    assert standing_of(worker, case).ground is None


def test_an_invited_person_is_a_party_before_accepting(context, make, worker, case):
    make.user(organisation=make.organisation(), account=worker, status=GrantStatus.INVITED)
    assert standing_of(worker, case).ground is Ground.ORGANISATION


def test_who_applied_for_the_organisation_before_is_a_party(context, make, worker, case):
    make.application("granted", submitter=worker, organisation=make.organisation())
    assert standing_of(worker, case).ground is Ground.ORGANISATION


def test_who_decided_before_is_known(context, make, worker, colleague, case):
    make.decision(case, worker, approved_by_id=colleague.id)
    assert standing_of(worker, case).has_decided and standing_of(colleague, case).has_decided


def test_pages_tell_a_party_why_and_stop_the_rest(make, client_for, worker):
    own = make.application("in_review", submitter=worker)
    desk = client_for(worker, Role.CASEWORKER)
    page = desk.get(f"/sak/{own.id}")
    assert "Du har sendt inn eller svart i saken." in page.text
    assert "Lag vedtak" not in page.text and "Ta saken" not in page.text
    assert desk.get(f"/sak/{own.id}/vedtak").status_code == 403
    assert desk.get(f"/sak/{own.id}/sporsmal").status_code == 403


@pytest.mark.parametrize(
    "path",
    ["/vedtak", "/sporsmal", "/gi", "/klage", "/personer/{nominee}/nummer", "/sporsmal/frist", "/vedtak/godkjenning"],
)
def test_the_auditor_reads_and_changes_nothing(make, client_for, case, path):
    reader = client_for(make.staff(Role.AUDITOR, "Kåre Kikkertsen"), Role.AUDITOR)
    for part in ("", "/personer", "/meldinger", "/historikk"):
        page = reader.get(f"/sak/{case.id}{part}")
        assert page.status_code == 200
        assert "Lag vedtak" not in page.text and "Lagre notatet" not in page.text
    assert reader.get(f"/sak/{case.id}{path.format(nominee=case.people[0].id)}").status_code == 403


@pytest.mark.parametrize("path", ["/sak", "/tilganger", "/logg", "/tilganger/sok"])
@pytest.mark.parametrize("role", [Role.SUBMITTER, Role.ORGANISATION_USER])
def test_the_doors_are_closed_to_everybody_else(make, client_for, path, role):
    grant = make.user()
    visitor = client_for(grant.person, role, make.organisation())
    assert visitor.get(path).status_code == 403
