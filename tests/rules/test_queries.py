"""No page asks the database more than six times (design.md section 9): the Directorate's pages, the applicant's and
the organisation's, for a case with three persons, two questions, a decision and users."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from extensions import clock
from extensions.database import db
from models.account import Account
from models.application import AccessApplication, InternalNote
from models.audit import AuditEvent, LogReview
from models.enums import (
    AccessLevel,
    AlertFrequency,
    ApplicationStatus,
    ContactPurpose,
    DecisionStatus,
    ExportFormat,
    GrantStatus,
    NomineeOutcome,
    OrganisationKind,
    ProfessionalStatus,
    QuestionStatus,
    Role,
)
from models.grant import Grant
from models.professional import Professional
from models.register import ShortlistEntry
from services import register_exports, saved_searches, shortlists
from services.register_columns import Column
from services.register_exports import Wanted
from services.search import Filters
from stubs.people import by_key
from tests.builders import Builders
from tests.statements import counted

MOST = 6


@dataclass(frozen=True)
class World:
    worker: Account
    under_review: AccessApplication
    waiting: AccessApplication
    proposed: AccessApplication
    granted: AccessApplication
    declined: AccessApplication
    organisation: Any
    administrator: Grant
    submitter: Account


@pytest.fixture
def world(app: Flask, make: Builders, once: Callable[..., World]) -> World:
    return once(lambda: a_municipality(app, make))


def a_municipality(app: Flask, make: Builders) -> World:
    """Four cases of one municipality, alike but for what became of them; and its users."""
    worker, colleague = make.staff(name="Saga Papirlund"), make.staff(name="Bjørn Stempelås")
    make.staff(name="Tuva Arkivdal")
    submitter = make.account(None, by_key("submitter_municipality").national_id)
    organisation = make.organisation(name="Trondheim kommune")
    administrator = make.user(AccessLevel.USER_ADMINISTRATOR, organisation=organisation)
    for _ in range(2):
        make.user(organisation=organisation)
    make.invitation(make.user(organisation=organisation, status=GrantStatus.INVITED))

    def case(status: ApplicationStatus, decision: DecisionStatus, *, is_open: bool = False) -> AccessApplication:
        row = make.application(
            status, organisation=organisation, submitter=submitter, nominees=3, caseworker_id=worker.id
        )
        answered = {
            "status": QuestionStatus.ANSWERED,
            "answer": "Fordi.",
            "answered_at": clock.now(),
            "answered_by_id": submitter.id,
            "answered_by_name": "Inger Innsender",
        }
        make.question(row, worker, **answered)
        make.question(row, worker, **({} if is_open else answered))
        outcome = NomineeOutcome.DECLINED if status is ApplicationStatus.DECLINED else NomineeOutcome.GRANTED
        make.decision(
            row,
            colleague,
            status=decision,
            outcomes=[
                {"nominee_id": str(person.id), "outcome": outcome, "level": "reader", "reason": ""}
                for person in row.people  # type: ignore[attr-defined]
            ],
            approved_by_id=make.staff(name="Gry Godkjenner").id,
            decided_at=clock.now() if decision is DecisionStatus.FINAL else None,
        )
        with app.app_context():
            for author in (worker, colleague):
                db.session.add(
                    InternalNote(application_id=row.id, author_id=author.id, text="Merk.", written_at=clock.now())
                )
            db.session.commit()
        return row

    granted = case(ApplicationStatus.GRANTED, DecisionStatus.FINAL)
    for person in granted.people:  # type: ignore[attr-defined]
        with app.app_context():
            grant = Grant(
                organisation_id=organisation.id,
                nominee_id=person.id,
                level=AccessLevel.READER,
                granted_level=AccessLevel.READER,
                created_at=clock.now(),
                confirmed_at=clock.now() - timedelta(days=170),
            )
            db.session.add(grant)
            db.session.commit()
            make.invitation(grant)
    return World(
        worker,
        case(ApplicationStatus.IN_REVIEW, DecisionStatus.RETURNED),
        case(ApplicationStatus.WAITING, DecisionStatus.RETURNED, is_open=True),
        case(ApplicationStatus.IN_REVIEW, DecisionStatus.PROPOSED),
        granted,
        case(ApplicationStatus.DECLINED, DecisionStatus.FINAL),
        organisation,
        administrator,
        submitter,
    )


def ask_little(app: Flask, client: FlaskClient, paths: list[str], most: int = MOST) -> None:
    """Look at each page twice, so that what fills a cache is not counted; tell of every page that asks too much."""
    asked: dict[str, list[str]] = {}
    for path in paths:
        assert client.get(path).status_code == 200, path
        with counted(app) as statements:
            assert client.get(path).status_code == 200
        asked[path] = statements
    too_much = {path: statements for path, statements in asked.items() if len(statements) > most}
    assert not too_much, "\n\n".join(
        f"{path}: {len(statements)}\n" + "\n".join(statements) for path, statements in too_much.items()
    )


@pytest.fixture
def desk(client_for: Callable[..., FlaskClient], world: World) -> FlaskClient:
    return client_for(world.worker, Role.CASEWORKER)


def test_the_pages_of_a_case(app, desk, world):
    cases = (world.under_review, world.waiting, world.granted, world.declined)
    parts = ("", "/personer", "/meldinger", "/historikk")
    ask_little(app, desk, [f"/sak/{case.id}{part}" for case in cases for part in parts])


def test_the_acts_in_a_case(app, desk, world):
    acts = {
        world.under_review: ("vedtak?endre", "sporsmal", "gi", f"personer/{world.under_review.people[0].id}/nummer"),
        world.proposed: ("vedtak/godkjenning",),
        world.waiting: ("sporsmal/frist",),
        world.granted: ("vedtak/brev",),
        world.declined: ("vedtak/brev", "klage"),
    }
    ask_little(app, desk, [f"/sak/{case.id}/{page}" for case, pages in acts.items() for page in pages])


def test_a_case_that_has_waited_long(app, client_for, make, desk, world):
    since = {"submitter": world.submitter, "submitted_at": clock.now() - timedelta(days=22)}
    late = make.application(ApplicationStatus.IN_REVIEW, organisation=world.organisation, nominees=3, **since)
    pages = ("", "/meldinger", "/forelopig-svar")
    ask_little(app, desk, ["/sak", *(f"/sak/{late.id}{page}" for page in pages)])


def test_a_decision_on_one_page(app, desk, world):
    """Seven: besides the case and the trace of having seen it, both what the checks read (earlier access, other
    applications) and, for the letter at their side, how long one may appeal."""
    ask_little(app, desk, [f"/sak/{case.id}/vedtak" for case in (world.under_review, world.waiting)], most=7)


def test_the_directorates_lists_and_users(app, desk, world):
    lists = (
        "/sak",
        "/sak?status=alle&sok=trond",
        "/logg",
        "/sak/varsler",
        "/sak/grenser",
        "/tilganger",
        "/tilganger/sok",
    )
    acts = [f"/tilganger/bruker/{world.administrator.id}/{act}" for act in ("stopp", "fodselsnummer")]
    ask_little(app, desk, [*lists, f"/tilganger/{world.organisation.id}", *acts])


def test_the_whole_log(app, client_for, make, desk, world):
    """Events of every sort: about cases, organisations and users, by several people."""
    lead = make.staff(Role.CASE_LEAD, "Liv Lederø")
    client = client_for(lead, Role.CASE_LEAD)
    for path in (
        f"/sak/{world.granted.id}",
        f"/tilganger/{world.organisation.id}",
        f"/tilganger/bruker/{world.administrator.id}/stopp",
    ):
        assert desk.get(path).status_code == 200
    client_for(world.administrator.person, Role.ORGANISATION_USER, world.organisation).get("/virksomhet/brukere")
    ask_little(app, client, ["/logg", f"/logg?hvem={world.worker.id}"])
    with app.app_context():
        for _ in range(3):
            looked = AuditEvent(
                at=clock.now(),
                action="person.viewed",
                actor_id=world.worker.id,
                actor_role=Role.CASEWORKER,
                object_type="",
            )
            db.session.add(LogReview(event=looked, drawn_at=clock.now()))
        db.session.commit()
        review_id = db.session.scalars(select(LogReview.id).limit(1)).one()
    ask_little(app, client, ["/logg/stikkprover", "/logg/stikkprover?vis=ferdige", f"/logg/stikkprover/{review_id}"])


def test_the_applicants_pages(app, client_for, world):
    pages = {
        world.under_review: ("status",),
        world.waiting: ("status", "svar"),
        world.granted: ("status", "brukere", "vedtak"),
        world.declined: ("status",),
    }
    client = client_for(world.submitter, Role.SUBMITTER)
    ask_little(app, client, [f"/soknad/{case.id}/{page}" for case, names in pages.items() for page in names])


def test_the_organisations_pages(app, client_for, world):
    client = client_for(world.administrator.person, Role.ORGANISATION_USER, world.organisation)
    user = f"/brukere/{world.administrator.id}"
    ask_little(
        app, client, [f"/virksomhet{page}" for page in ("", "/brukere", "/logg", "/endringer", user, f"{user}/stopp")]
    )


def test_the_organisations_shortlists(app, client_for, make, world):
    people = [make.professional() for _ in range(3)]
    row = make.shortlist(world.administrator, *people)
    make.shortlist(world.administrator, *people[:1], name="Høst")
    for place in row.places:
        with app.app_context():
            entry = db.session.get_one(ShortlistEntry, place)
            shortlists.write_note(entry, "Ring i morgen")
            db.session.commit()
    client = client_for(world.administrator.person, Role.ORGANISATION_USER, world.organisation)
    member = f"/{row.id}/{row.places[0]}"
    pages = ("", "/ny", f"/{row.id}", f"/{row.id}/navn", f"/{row.id}/slett", member, f"{member}/fjern")
    paths = [f"/register/kortlister{page}" for page in pages]
    ask_little(app, client, [*paths, f"/register/person/{people[0].id}/kortliste"])


def test_the_search_a_person_the_map_and_the_report(app, client_for, make):
    """For a trust over two counties, where a search finds people and where it finds nobody."""
    trust = make.organisation("983658776", kind=OrganisationKind.HEALTH_TRUST, form="ORGL")
    client = client_for(make.user(organisation=trust).person, Role.ORGANISATION_USER, trust)
    person = make.professional(reach__counties=["50"])
    ask_little(app, client, [f"/register/person/{person.id}"])
    queries = ("", "?innen=60&sorter=avstand", "?yrke=JO&tid=night&bekreftet=7")
    ask_little(app, client, [f"/register{query}" for query in queries])
    ask_little(app, client, [f"/register/kart{query}" for query in ("", "?yrke=SP&bekreftet=alle", "?fylke=50")])
    ask_little(app, client, [f"/register/rapport{kind}" for kind in ("", ".pdf", ".csv")])


def test_the_saved_searches(app, client_for, make):
    organisation, user = make.organisation(), make.user()
    actor = make.actor(user.person, Role.ORGANISATION_USER, organisation)
    make.professional()
    with app.app_context():
        filters = (Filters(), Filters(times=("night",)), Filters(municipalities=("0301",)))
        rows = [saved_searches.save(actor, one, "Søk", AlertFrequency.DAILY).id for one in filters]
        db.session.commit()
    pages = ("", "/nytt?yrke=SP", f"/{rows[0]}", f"/{rows[0]}/slett")
    ask_little(
        app, client_for(user.person, Role.ORGANISATION_USER, organisation), [f"/register/sok{page}" for page in pages]
    )


def test_people_taken_out_as_a_file(app, client_for, make, world):
    administrator = world.administrator.person
    row = make.shortlist(world.administrator, *(make.professional() for _ in range(3)))
    with app.app_context():
        actor = make.actor(administrator, Role.ORGANISATION_USER, world.organisation)
        asked = ContactPurpose.STAFF_NOW, ExportFormat.XLSX, (Column.NAME, Column.PHONE)
        exports = [
            register_exports.ask(actor, Wanted(*asked, filters=Filters())).id,
            register_exports.ask(actor, Wanted(*asked, shortlist_id=row.id)).id,
        ]
        db.session.flush()  # so that the job finds it
        register_exports.make(exports[0])
        db.session.commit()
    new = ("/ny", "/ny?yrke=SP", f"/ny?kortliste={row.id}")
    pages = ("", *new, *(f"/{export_id}" for export_id in exports))
    client = client_for(administrator, Role.ORGANISATION_USER, world.organisation)
    ask_little(app, client, ["/register/kontaktliste", *(f"/register/eksport{page}" for page in pages)])


def test_the_pages_of_min_side(app, client_for, make):
    account = make.account("Pia Pleier")
    make.professional(account, employer="Trondheim kommune")
    pages = (
        *("", "/opplysninger", "/skjul", "/skjul?sok=herøy", "/registrer/samtykke"),
        *("/kompetanse", "/tilgjengelighet", "/omrader", "/omrader/kart", "/omrader/kart/50"),
    )
    ask_little(app, client_for(account, Role.PROFESSIONAL), [f"/min-side{page}" for page in pages])


def test_the_steps_of_a_registration(app, client_for, make):
    account = make.account("Pia Pleier")
    row = make.professional(account, employer="Trondheim kommune")
    with app.app_context():
        found = db.session.get(Professional, row.id)
        found.status, found.completed_at = ProfessionalStatus.STARTED, None
        db.session.commit()
    steps = ("samtykke", "om-deg", "kompetanse", "tilgjengelighet", "omrader", "se-over")
    ask_little(app, client_for(account, Role.PROFESSIONAL), [f"/min-side/registrer/{step}" for step in steps])
