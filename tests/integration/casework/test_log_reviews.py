"""Looks by the Directorate's own people, drawn and gone over by somebody else (security.md B12, C27)."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from extensions import clock
from extensions.database import db
from models.audit import AuditEvent, LogReview
from models.enums import ReviewVerdict, Role
from models.organisation import Setting
from services import audit, log_reviews
from services.errors import Conflict, Forbidden
from services.settings import Key
from services.words import REVIEW_VERDICT
from tests.builders import Builders
from tests.pages import Page

LIST = "/logg/stikkprover"


@pytest.fixture
def share(app: Flask) -> Any:
    """share(percent): how many are drawn; ten again afterwards."""

    def set_to(percent: int) -> None:
        with app.app_context():
            db.session.get_one(Setting, Key.SAMPLED_PERCENT.value).value = percent
            db.session.commit()

    yield set_to
    set_to(10)


def look(make: Builders, account: Any, subject_id: Any = None, action: str = "person.viewed", **facts: Any) -> None:
    actor = make.actor(account, facts.pop("role", Role.CASEWORKER))
    audit.record(actor, action, subject_id=subject_id, purpose="Ringte om innlogging", **facts)


def test_a_share_is_drawn_which_nobody_can_foresee_and_each_look_once(
    app: Flask, make: Builders, worker: Any, share: Any
) -> None:
    with app.app_context():
        for number in range(200):
            look(make, worker, action=sorted(log_reviews.DRAWN_FROM)[number % 4])
        for action in ("application.viewed", "listing.shown"):
            look(make, worker, action=action)
        look(make, make.account(), role=Role.ORGANISATION_USER, action="profile.opened")
        db.session.commit()
        first = log_reviews.draw()
        db.session.commit()
        assert 5 <= first <= 45, "about one of ten"
        assert log_reviews.draw() == 0
        with clock.at(clock.now() + timedelta(days=30)):
            look(make, worker)
            db.session.commit()
    share(100)
    with app.app_context():
        assert log_reviews.draw() == 200 - first + 1
        db.session.commit()
        drawn = set(db.session.scalars(select(AuditEvent.action).join(LogReview)))
        assert drawn == set(log_reviews.DRAWN_FROM)
    share(0)
    with app.app_context(), clock.at(clock.now() + timedelta(days=31)):
        look(make, worker)
        db.session.commit()
        assert log_reviews.draw() == 0


def test_somebody_else_goes_over_it_and_says_what_was_found(
    app: Flask, make: Builders, worker: Any, share: Any, client_for: Any, submit: Any
) -> None:
    lead = make.staff(Role.CASE_LEAD, "Liv Lederø")
    person = make.professional(given_name="Per", family_name="Papirlund")
    share(100)
    with app.app_context():
        with clock.at(datetime(2027, 3, 6, 23, tzinfo=clock.OSLO)):
            look(make, worker, person.person.id, "person.looked_up")  # type: ignore[attr-defined]
            look(make, worker, person.person.id)  # type: ignore[attr-defined]
            look(make, lead, person.person.id, role=Role.CASE_LEAD)  # type: ignore[attr-defined]
            db.session.commit()
            assert log_reviews.draw() == 3
        db.session.commit()
    browser = client_for(lead, Role.CASE_LEAD)
    page = browser.get(LIST).text
    assert "3 stikkprøver venter." in page and page.count("Ditt eget oppslag.") == 1
    assert page.count("Samme etternavn som personen") == 2 and page.count("Utenfor vanlig arbeidstid") == 3
    assert page.count("2 oppslag på samme person siste 30 dager") == 1
    assert "Ringte om innlogging" in page and "Per " not in page
    first, second = re.findall(rf'href="({LIST}/[0-9a-f-]{{36}})"', page)
    assert submit(browser, first).status_code == 422
    assert submit(browser, first, verdict="fine").status_code == 422
    assert submit(browser, first, verdict="fine", note="Henger sammen med saken.").status_code == 303
    assert submit(browser, second, verdict="follow_up", note="Tas opp med Saga.").status_code == 303
    assert "1 stikkprøve venter." in browser.get(LIST).text
    done = browser.get(f"{LIST}?vis=ferdige").text
    assert "Følges opp" in done and "Henger sammen med saken." in done and "Liv Lederø" in done
    assert "Henger sammen med saken." in browser.get(first).text
    with app.app_context():
        made = select(AuditEvent).where(AuditEvent.action == "log_review.made").order_by(AuditEvent.id)
        assert [event.facts["verdict"] for event in db.session.scalars(made)] == ["fine", "follow_up"]


def test_ones_own_looks_are_left_to_others_and_the_first_verdict_stands(
    app: Flask, make: Builders, share: Any, client_for: Any
) -> None:
    lead, auditor = make.staff(Role.CASE_LEAD, "Liv Lederø"), make.staff(Role.AUDITOR, "Roar Revisor")
    share(100)
    with app.app_context():
        look(make, lead, role=Role.CASE_LEAD)
        db.session.commit()
        log_reviews.draw()
        db.session.commit()
        review_id = db.session.scalars(select(LogReview.id)).one()
        with pytest.raises(Forbidden):
            log_reviews.review(make.actor(lead, Role.CASE_LEAD), review_id, ReviewVerdict.FINE, "Min egen")
        reader = make.actor(auditor, Role.AUDITOR)
        log_reviews.review(reader, review_id, ReviewVerdict.FINE, "I orden")
        db.session.commit()
        with pytest.raises(Conflict):
            log_reviews.review(reader, review_id, ReviewVerdict.FOLLOW_UP, "Ombestemte meg")
    other = client_for(make.staff(Role.AUDITOR, "Rut Revisor"), Role.AUDITOR)
    fields = Page(other.get(LIST).text).form_to("/logg-ut").values  # from before the verdict
    written = {**fields, "verdict": "follow_up", "note": "Dette må vi se på"}
    assert other.post(f"{LIST}/{review_id}", data=written).status_code == 409
    late = other.get(f"{LIST}/{review_id}").text
    assert "I orden" in late and "Dette skrev du. Det er ikke lagret:" in late and "Dette må vi se på" in late
    own = client_for(lead, Role.CASE_LEAD)
    assert own.get(f"{LIST}/{review_id}").status_code == 403
    done = own.get(f"{LIST}?vis=ferdige").text
    assert "Ditt eget oppslag. Vurderingen vises bare for andre." in done
    found = ("I orden", "Roar Revisor", str(REVIEW_VERDICT[ReviewVerdict.FINE][0]))
    theirs = client_for(auditor, Role.AUDITOR).get(f"{LIST}?vis=ferdige").text
    assert [word in theirs for word in found] == [True] * 3
    assert [word in done.partition("<main")[2] for word in found] == [False] * 3


def test_a_caseworker_sees_no_samples(desk: Any, make: Builders, client_for: Any) -> None:
    assert desk.get(LIST).status_code == 403 and f'href="{LIST}"' not in desk.get("/logg").text
    auditor = client_for(make.staff(Role.AUDITOR), Role.AUDITOR)
    assert f'href="{LIST}"' in auditor.get("/logg").text and "Ingen stikkprøver venter." in auditor.get(LIST).text
