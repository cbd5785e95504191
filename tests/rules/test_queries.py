"""No page asks the database more than six times (design.md section 9): the Directorate's pages, the applicant's and
the organisation's, for a case with three persons, two questions, a decision and users."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from extensions import clock
from extensions.database import db
from models.account import Account
from models.application import AccessApplication, Decision, InternalNote
from models.enums import (
    AccessLevel,
    ApplicationStatus,
    DecisionStatus,
    GrantStatus,
    Language,
    NomineeOutcome,
    ProfessionalStatus,
    QuestionStatus,
    Role,
)
from models.grant import Grant
from models.professional import Professional
from stubs.people import by_key
from tests.builders import Builders

MOST = 6


@contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    """The statements sent to the database meanwhile, without BEGIN and COMMIT."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    engine = app.extensions["engine"]
    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


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
def world(app: Flask, make: Builders) -> World:
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
        with app.app_context():
            db.session.add(
                Decision(
                    application_id=row.id,
                    status=decision,
                    outcomes=[
                        {"nominee_id": str(person.id), "outcome": outcome, "level": "reader", "reason": ""}
                        for person in row.people  # type: ignore[attr-defined]
                    ],
                    letter="# Vedtak\n\nTekst.",
                    language=Language.BOKMAL,
                    proposed_by_id=colleague.id,
                    approved_by_id=make.staff(name="Gry Godkjenner").id,
                    proposed_at=clock.now(),
                    decided_at=clock.now() if decision is DecisionStatus.FINAL else None,
                )
            )
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


@pytest.mark.parametrize("case", ["under_review", "waiting", "granted", "declined"])
@pytest.mark.parametrize("page", ["", "/personer", "/meldinger", "/historikk"])
def test_a_page_of_a_case(app, desk, world, case, page):
    ask_little(app, desk, [f"/sak/{getattr(world, case).id}{page}"])


@pytest.mark.parametrize(
    ("case", "page"),
    [
        ("under_review", "vedtak?endre"),
        ("under_review", "sporsmal"),
        ("under_review", "gi"),
        ("proposed", "vedtak/godkjenning"),
        ("waiting", "sporsmal/frist"),
        ("granted", "vedtak/brev"),
        ("declined", "vedtak/brev"),
        ("declined", "klage"),
    ],
)
def test_an_act_in_a_case(app, desk, world, case, page):
    ask_little(app, desk, [f"/sak/{getattr(world, case).id}/{page}"])


@pytest.mark.parametrize("case", ["under_review", "waiting"])
def test_a_decision_on_one_page(app, desk, world, case):
    """Seven: besides the case and the trace of having seen it, both what the checks read (earlier access, other
    applications) and, for the letter at their side, how long one may appeal."""
    ask_little(app, desk, [f"/sak/{getattr(world, case).id}/vedtak"], most=7)


def test_a_persons_number(app, desk, world):
    person = world.under_review.people[0]
    ask_little(app, desk, [f"/sak/{world.under_review.id}/personer/{person.id}/nummer"])


@pytest.mark.parametrize(
    "path", ["/sak", "/sak?status=alle&sok=trond", "/logg", "/tilganger", "/tilganger/sok", "/tilganger/{organisation}"]
)
def test_a_list_of_the_directorates(app, desk, world, path):
    ask_little(app, desk, [path.format(organisation=world.organisation.id)])


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


@pytest.mark.parametrize("act", ["stopp", "fodselsnummer"])
def test_an_act_on_a_user(app, desk, world, act):
    ask_little(app, desk, [f"/tilganger/bruker/{world.administrator.id}/{act}"])


@pytest.mark.parametrize(
    ("case", "page"),
    [
        ("under_review", "status"),
        ("waiting", "status"),
        ("granted", "status"),
        ("declined", "status"),
        ("granted", "brukere"),
        ("granted", "vedtak"),
        ("waiting", "svar"),
    ],
)
def test_a_page_of_the_applicants(app, client_for, world, case, page):
    client = client_for(world.submitter, Role.SUBMITTER)
    ask_little(app, client, [f"/soknad/{getattr(world, case).id}/{page}"])


@pytest.mark.parametrize("path", ["", "/brukere", "/brukere/{grant}", "/brukere/{grant}/stopp"])
def test_a_page_of_the_organisations(app, client_for, world, path):
    client = client_for(world.administrator.person, Role.ORGANISATION_USER, world.organisation)
    ask_little(app, client, ["/virksomhet" + path.format(grant=world.administrator.id)])


@pytest.mark.parametrize(
    "page",
    [
        *("", "/opplysninger", "/skjul", "/skjul?sok=herøy", "/registrer/samtykke"),
        *("/kompetanse", "/tilgjengelighet", "/omrader", "/omrader/kart", "/omrader/kart/50"),
    ],
)
def test_a_page_of_min_side(app, client_for, make, page):
    account = make.account("Pia Pleier")
    make.professional(account, employer="Trondheim kommune")
    ask_little(app, client_for(account, Role.PROFESSIONAL), [f"/min-side{page}"])


@pytest.mark.parametrize("step", ["samtykke", "om-deg", "kompetanse", "tilgjengelighet", "omrader", "se-over"])
def test_a_step_of_a_registration(app, client_for, make, step):
    account = make.account("Pia Pleier")
    row = make.professional(account, employer="Trondheim kommune")
    with app.app_context():
        found = db.session.get(Professional, row.id)
        found.status, found.completed_at = ProfessionalStatus.STARTED, None
        db.session.commit()
    ask_little(app, client_for(account, Role.PROFESSIONAL), [f"/min-side/registrer/{step}"])
