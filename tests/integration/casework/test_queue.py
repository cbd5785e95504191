"""B1: the queue, its filters, order and pages."""

import re
from datetime import timedelta

import pytest

from extensions import clock
from models.enums import ApplicationStatus, OrganisationKind, Role


def references(page):
    return [re.sub(r"\s", "", found) for found in re.findall(r'class="ds-link handling ref"[^>]*>([^<]+)<', page.text)]


@pytest.fixture
def due(make):
    def make_one(days, status="submitted", **facts):
        return make.application(status, due_on=clock.today() + timedelta(days=days), **facts)

    return make_one


def test_oldest_deadline_first_and_own_new_answers_before_all(due, desk, worker):
    late, soon, later = due(-2), due(1), due(9)
    answered = due(20, "in_review", caseworker_id=worker.id, has_new_answer=True)
    page = desk.get("/sak")
    assert references(page) == [a.reference for a in (answered, late, soon, later)]
    assert "Nytt svar" in page.text and "Over fristen" in page.text
    assert "2 dager over fristen" in page.text and "1 dag igjen" in page.text


def test_a_case_that_waits_is_sorted_by_the_answers_deadline(due, make, desk, worker):
    waiting, other = due(1, "waiting"), due(5)
    make.question(waiting, worker, due_on=clock.today() + timedelta(days=10))
    assert references(desk.get("/sak")) == [other.reference, waiting.reference]


def test_drafts_and_decided_cases_are_not_in_the_open_queue(make, desk):
    draft, open_, granted = (make.application(status) for status in ("draft", "submitted", "granted"))
    assert references(desk.get("/sak")) == [open_.reference]
    assert draft.reference not in references(desk.get("/sak?status=alle"))
    assert references(desk.get("/sak?status=granted")) == [granted.reference]
    assert references(desk.get("/sak?status=draft")) == []


def test_filters(make, due, desk, worker, colleague):
    trust = make.organisation("883974832", "St. Olavs hospital HF", kind=OrganisationKind.HEALTH_TRUST, form="SÆR")
    mine = due(3, "in_review", caseworker_id=worker.id)
    theirs = due(4, "in_review", caseworker_id=colleague.id, organisation=trust)
    nobodys = due(-1)
    assert references(desk.get("/sak?saksbehandler=mine")) == [mine.reference]
    assert references(desk.get("/sak?saksbehandler=uten")) == [nobodys.reference]
    assert references(desk.get("/sak?type=health_trust")) == [theirs.reference]
    assert references(desk.get("/sak?frist=over")) == [nobodys.reference]
    assert references(desk.get("/sak?sok=olavs")) == [theirs.reference]
    assert references(desk.get("/sak?sok=883 974 832")) == [theirs.reference]
    grouped = f"{mine.reference[:4]} {mine.reference[4:8]} {mine.reference[8:]}"
    assert references(desk.get(f"/sak?sok={grouped.lower()}")) == [mine.reference]


def test_search_takes_its_text_literally(make, due, desk):
    due(1)
    assert references(desk.get("/sak?sok=%25")) == []
    assert references(desk.get("/sak?sok=_")) == []


def test_nonsense_in_the_address_is_no_error(due, desk):
    due(1)
    page = desk.get("/sak?status=tull&saksbehandler=tull&type=x&frist=x&side=-4&sok=" + "a" * 5000)
    assert page.status_code == 200
    assert desk.get("/sak?side=99999999999999").status_code == 200


def test_empty_filter_offers_to_reset(desk):
    page = desk.get("/sak?sok=finnesikke")
    assert "Ingen saker passer til filteret." in page.text and "Nullstill filter" in page.text
    assert "Ingen saker venter." in desk.get("/sak").text


def test_the_list_has_pages(make, desk):
    organisation, submitter = make.organisation(), make.account("Inger")
    for _ in range(27):
        make.application("submitted", organisation=organisation, submitter=submitter, nominees=0)
    first, second = desk.get("/sak"), desk.get("/sak?side=2")
    assert len(references(first)) == 25 and len(references(second)) == 2
    assert not set(references(first)) & set(references(second))
    assert "27 saker" in first.text and "side 2 av 2" in second.text


@pytest.mark.parametrize("role", [Role.CASEWORKER, Role.CASE_LEAD, Role.AUDITOR])
def test_all_staff_see_the_queue(make, client_for, role):
    make.application(ApplicationStatus.SUBMITTED)
    assert len(references(client_for(make.staff(role), role).get("/sak"))) == 1
