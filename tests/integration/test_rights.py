"""One's rights: consents, requests with a month to answer, restriction at once, and who has looked (ux.md D12, D13)."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from extensions import clock
from extensions.database import db
from models.audit import AuditEvent
from models.enums import (
    ConsentPurpose,
    ContactPurpose,
    GrantStatus,
    MessageKind,
    PrivacyCaseKind,
    PrivacyCaseStatus,
    Role,
)
from models.listing import Listing
from models.message import Message
from models.privacy import ErasureRecord, PrivacyCase
from models.professional import Professional
from services import audit, consents, insight, privacy_cases, privacy_casework
from services.errors import Conflict, Forbidden, TooMany
from services.insight import DIRECTORATE, Period
from services.privacy_casework import CaseFilter


@pytest.fixture
def account(make):
    return make.account("Kari Prøve")


@pytest.fixture
def client(make, account, client_for):
    make.professional(account)
    return client_for(account, Role.PROFESSIONAL)


def count(app, table, *conditions):
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(table).where(*conditions))


class TestConsents:
    def test_given_and_withdrawn_by_one_press_each(self, app, client, submit):
        def in_force():
            with app.app_context():
                person = db.session.scalars(select(Professional)).one()
                return consents.in_force(person, clock.now())

        def press(what, purpose):
            page = client.get("/min-side/samtykke").text
            token = page.split('name="csrf_token" value="')[1].split('"')[0]
            version = {"versjon": consents.current(clock.today()).name} if what == "gi" else {}
            return client.post(
                f"/min-side/samtykke/{what}", data={"csrf_token": token, "samtykke": purpose.value, **version}
            )

        assert in_force() == {ConsentPurpose.REGISTER, ConsentPurpose.SHOWN_TO_ORGANISATIONS}
        assert press("gi", ConsentPurpose.VACANCY_ALERTS).status_code == 303
        assert ConsentPurpose.VACANCY_ALERTS in in_force()
        assert 'lang="nb">Jeg samtykker' in client.get("/nn/min-side/samtykke").text, "as it was given"
        press("gi", ConsentPurpose.VACANCY_ALERTS)
        assert client.get("/min-side/samtykke").text.count("Gi samtykket<") == 2
        press("trekk", ConsentPurpose.SHOWN_TO_ORGANISATIONS)
        assert count(app, Listing) == 0
        assert ConsentPurpose.SHOWN_TO_ORGANISATIONS not in in_force()
        assert "Trukket" in client.get("/min-side/samtykke").text
        press("gi", ConsentPurpose.SHOWN_TO_ORGANISATIONS)
        assert count(app, Listing) == 1

    def test_the_first_one_leads_to_what_goes_and_what_stays(self, client, submit):
        answer = submit(client, "/min-side/samtykke")
        assert answer.headers["Location"] == "/min-side/slett"
        page = client.get("/min-side/slett").text
        for text in ("Vil du trekke samtykket og slette profilen?", "uten navn og innhold, i 5 år", "notater"):
            assert text in page
        assert "knyttes til deg" not in page

    def test_whoever_has_had_another_role_reads_that_the_account_stays(self, client_for, make):
        user = make.user(status=GrantStatus.ENDED)
        make.professional(user.person)
        page = client_for(user.person, Role.PROFESSIONAL).get("/min-side/slett").text
        assert "beholder vi kontoen din med navn og fødselsnummer" in page and "loggen knyttes til deg" in page

    def test_forged_or_old_choices_change_nothing(self, app, client, submit):
        assert submit(client, "/min-side/samtykke", to="/trekk", samtykke="noe annet").status_code == 400
        answer = submit(client, "/min-side/samtykke", to="/gi", versjon="2020-01")
        assert answer.status_code == 303
        assert "Teksten er ny" in client.get("/min-side/samtykke").text


class TestLeaving:
    def test_the_receipt_stands_where_nobody_is_signed_in(self, app, client, submit, run_jobs, stubs):
        answer = submit(client, "/min-side/slett")
        assert answer.status_code == 303
        assert answer.headers["Clear-Site-Data"]
        with app.app_context():
            reference = db.session.scalars(select(ErasureRecord.reference)).one()
        receipt = client.get("/logget-ut").text
        assert "Profilen er slettet." in receipt
        assert " ".join(reference[i : i + 4] for i in range(0, 12, 4)) in receipt
        back = client.get("/min-side/slett")
        assert client.get(back.headers["Location"]).headers["Location"] == "/logget-ut"
        run_jobs()
        assert count(app, Professional) == 0
        assert [mail["subject"] for mail in stubs.mail()] == ["Profilen din er slettet"]
        assert client.get("/min-side").headers["Location"].startswith("/logg-inn")


class TestRequests:
    @pytest.mark.parametrize(("place", "hidden"), [("rett", False), ("begrens", True), ("protester", True)])
    def test_a_request_is_a_case_with_a_month(self, app, client, submit, run_jobs, stubs, place, hidden):
        empty = submit(client, f"/min-side/personvern/{place}", text="")
        assert empty.status_code == 422
        answer = submit(client, f"/min-side/personvern/{place}", text="Noe er galt, og slik skal det være.")
        assert answer.status_code == 303
        with app.app_context():
            case = db.session.scalars(select(PrivacyCase)).one()
            person = db.session.scalars(select(Professional)).one()
        assert case.due_at - case.received_at == timedelta(days=30)
        assert (person.restricted_at is not None) == hidden
        assert count(app, Listing) == (0 if hidden else 1)
        page = client.get(answer.headers["Location"]).text
        assert "Noe er galt, og slik skal det være." in page
        assert ("Du er skjult for alle" in page) == hidden
        assert "Til behandling" in client.get("/min-side/personvern").text
        run_jobs()
        mail = stubs.mail()[-1]
        assert mail["subject"].startswith("Vi har mottatt saken")
        assert "Noe er galt" not in mail["text"]
        if hidden:
            submit(client, answer.headers["Location"])
            assert count(app, Listing) == 1

    def test_a_number_in_the_text_is_stopped(self, client, account, submit):
        answer = submit(client, "/min-side/personvern/rett", text=f"Nummeret mitt er {account.number}")
        assert answer.status_code == 422
        assert "fødselsnummer" in answer.text

    def test_somebody_elses_case_is_not_there(self, app, client, make, client_for):
        other = make.account("Annen Person")
        make.professional(other)
        with app.app_context():
            case = privacy_cases.open_case(make.actor(other, Role.PROFESSIONAL), PrivacyCaseKind.RECTIFY, "Tekst")
            db.session.commit()
        assert client.get(f"/min-side/personvern/{case.id}").status_code == 404

    def test_ten_at_a_time(self, context, make, account):
        make.professional(account)
        actor = make.actor(account, Role.PROFESSIONAL)
        for _ in range(10):
            privacy_cases.open_case(actor, PrivacyCaseKind.RECTIFY, "Tekst")
        with pytest.raises(TooMany):
            privacy_cases.open_case(actor, PrivacyCaseKind.RECTIFY, "Tekst")

    def test_what_was_typed_in_one_too_many_is_kept(self, client, submit, monkeypatch):
        monkeypatch.setattr(privacy_cases, "MOST_OPEN", 0)
        page = "/min-side/personvern/rett"
        assert submit(client, page, text="Etternavnet mitt er feil").status_code == 429
        assert "Etternavnet mitt er feil" in client.get(page).text


class TestAnswering:
    @pytest.fixture
    def case(self, context, make, account):
        make.professional(account)
        return privacy_cases.open_case(make.actor(account, Role.PROFESSIONAL), PrivacyCaseKind.RESTRICT, "Begrens")

    @pytest.fixture
    def worker(self, make):
        return make.actor(make.staff(), Role.CASEWORKER)

    def test_taken_extended_once_and_answered(self, case, worker, run_jobs, stubs):
        with pytest.raises(Conflict):
            privacy_casework.answer(worker, case, "Svar")
        privacy_casework.take(worker, case)
        due = case.due_at
        privacy_casework.extend(worker, case, "Vi venter på et arkiv.")
        assert case.due_at == due + timedelta(days=60)
        with pytest.raises(Conflict):
            privacy_casework.extend(worker, case, "Én gang til")
        privacy_casework.answer(worker, case, "Vi beholder begrensningen.", keep=True)
        assert case.status is PrivacyCaseStatus.ANSWERED
        db.session.commit()
        assert db.session.scalar(select(Professional.restricted_at)) is not None
        run_jobs()
        assert [mail["subject"].split(" saken")[0] for mail in stubs.mail()] == [
            "Vi har mottatt",
            "Vi trenger mer tid til",
            "Vi har svart på",
        ]
        with pytest.raises(Conflict):
            privacy_casework.take(worker, case)

    def test_no_extension_after_the_month(self, case, worker):
        privacy_casework.take(worker, case)
        with clock.at(case.due_at + timedelta(seconds=1)), pytest.raises(Conflict):
            privacy_casework.extend(worker, case, "For sent")

    def test_an_answer_lifts_only_its_own_restriction(self, case, worker, make, account):
        actor = make.actor(account, Role.PROFESSIONAL)
        other = privacy_cases.open_case(actor, PrivacyCaseKind.OBJECT, "Protest")
        person = db.session.scalars(select(Professional)).one()
        for one, still_hidden in ((case, True), (other, False)):
            privacy_casework.take(worker, one)
            privacy_casework.answer(worker, one, "Svar", keep=False)
            assert (person.restricted_at is not None) == still_hidden
        assert db.session.scalar(select(func.count()).select_from(Listing)) == 1

    def test_not_ones_own_and_not_an_auditors(self, case, make, account):
        own = make.actor(account, Role.CASEWORKER)
        auditor = make.actor(make.staff(Role.AUDITOR), Role.AUDITOR)
        for actor in (own, auditor):
            with pytest.raises(Forbidden):
                privacy_casework.take(actor, case)
        assert privacy_casework.find(auditor, case.id) is case

    def test_the_nearest_deadline_first(self, case, worker, make):
        later = make.account("Senere Person")
        make.professional(later)
        with clock.at(clock.now() + timedelta(days=1)):
            privacy_cases.open_case(make.actor(later, Role.PROFESSIONAL), PrivacyCaseKind.RECTIFY, "Rett")
        rows, total = privacy_casework.cases(worker, CaseFilter(), 1)
        assert total == 2
        assert [row.kind for row in rows] == [PrivacyCaseKind.RESTRICT, PrivacyCaseKind.RECTIFY]
        with clock.at(clock.now() + timedelta(days=21)):
            assert [row.is_soon for row in privacy_casework.cases(worker, CaseFilter(), 1)[0]] == [True, True]
        with clock.at(clock.now() + timedelta(days=31)):
            assert privacy_casework.cases(worker, CaseFilter(), 1)[0][0].is_overdue

    def test_on_the_pages(self, case, make, client_for, submit):
        case_id = case.id
        db.session.commit()
        client = client_for(make.staff(name="Sara Saksbehandler"), Role.CASEWORKER)
        path = f"/personvernsaker/{case_id}"
        assert path in client.get("/personvernsaker").text
        submit(client, path, to="/ta")
        assert "Saken er din." in client.get(path).text
        assert submit(client, f"{path}/svar", text="Svar").status_code == 422
        assert submit(client, f"{path}/utsett", reason="Vi må spørre HPR.").status_code == 303
        assert submit(client, f"{path}/svar", text="Svar", restriction="opphev").status_code == 303
        assert "Besvart" in client.get(path).text
        assert path in client.get("/personvernsaker?status=answered").text
        looks = select(func.count()).where(AuditEvent.action == "privacy_case.viewed")
        assert db.session.scalar(looks) >= 4
        assert db.session.scalar(select(func.count()).select_from(Listing)) == 1


class TestInsight:
    @pytest.fixture
    def actor(self, context, make, account):
        make.professional(account)
        return make.actor(account, Role.PROFESSIONAL)

    def look(self, by, actor, action, **more):
        audit.record(by, action, subject_id=actor.account_id, **more)

    def test_every_look_by_organisation_and_role(self, context, make, actor):
        trondheim = make.organisation()
        reader = make.actor(make.account("Leif Leser"), Role.ORGANISATION_USER, trondheim)
        worker = make.actor(make.staff(), Role.CASEWORKER)
        for _ in range(3):
            audit.record(reader, "listing.shown", shown=[str(actor.account_id), "x"])
        audit.record(reader, "listing.shown", shown=["x"])
        with clock.at(clock.now() - timedelta(days=2)):
            audit.record(reader, "listing.shown", shown=[str(actor.account_id)])
            self.look(reader, actor, "contact.revealed", purpose="Vikar i uke 30")
        self.look(worker, actor, "person.viewed", purpose="Ringte oss")
        self.look(actor, actor, "profile.opened")  # one's own
        self.look(None, actor, "profile.opened")  # the system's
        self.look(reader, actor, "note.written")  # shows nothing of the person
        db.session.commit()
        looks, more = insight.read(actor, Period())
        assert not more
        assert {(look.organisation, look.role, look.what, look.times, look.purpose) for look in looks} == {
            ("KOMMUNE 942110464", "Bruker i virksomhet", "Treff i søk", 3, None),
            ("KOMMUNE 942110464", "Bruker i virksomhet", "Treff i søk", 1, None),
            ("KOMMUNE 942110464", "Bruker i virksomhet", "Så kontaktinformasjon", 1, "Vikar i uke 30"),
            ("Helsedirektoratet", "Saksbehandler", "Så det du ser på Min side", 1, "Ringte oss"),
        }
        assert len(insight.read(actor, Period(organisation=DIRECTORATE))[0]) == 1
        assert len(insight.read(actor, Period(organisation=str(trondheim.id)))[0]) == 3
        assert len(insight.read(actor, Period(until=clock.today() - timedelta(days=1)))[0]) == 2
        assert len(insight.read(actor, Period(since=clock.today()))[0]) == 2
        assert [viewer.name for viewer in insight.viewers(actor)] == ["Helsedirektoratet", "KOMMUNE 942110464"]

    def test_the_page_and_a_question_about_a_look(self, app, make, account, client_for, submit):
        make.professional(account)
        with app.app_context():
            actor = make.actor(account, Role.PROFESSIONAL)
            reader = make.actor(make.account("Leif Leser"), Role.ORGANISATION_USER, make.organisation())
            self.look(reader, actor, "profile.opened", purpose=ContactPurpose.STAFF_NOW.value)
            db.session.commit()
        client = client_for(account, Role.PROFESSIONAL)
        page = client.get("/min-side/innsyn").text
        assert "Åpnet profil" in page
        assert "Bemanne nå" in page
        assert "Leif" not in page
        link = page.split('href="/min-side/innsyn/sporsmal?')[1].split('"')[0].replace("&amp;", "&")
        question = client.get(f"/min-side/innsyn/sporsmal?{link}").text
        assert "KOMMUNE 942110464, Åpnet profil" in question
        assert submit(client, "/min-side/innsyn/sporsmal", text="Hvem var det?").status_code == 303
        assert count(app, PrivacyCase, PrivacyCase.kind == PrivacyCaseKind.LOOK_UP) == 1
        assert client.get("/min-side/innsyn/sporsmal?oppslag=999999").status_code == 404
        assert "Ingen oppslag passer" in client.get("/min-side/innsyn?fra=2099-01-01&virksomhet=x").text
        assert client.get("/min-side/innsyn?fra=2027-02-01&til=2027-01-01").status_code == 422

    def test_nobody_has_looked(self, client):
        assert "Ingen har sett opplysningene dine ennå." in client.get("/min-side/innsyn").text


def test_a_mail_about_a_case_names_nothing_but_its_reference(context, make, account):
    make.professional(account)
    privacy_cases.open_case(make.actor(account, Role.PROFESSIONAL), PrivacyCaseKind.RECTIFY, "Hemmelig")
    message = db.session.scalars(select(Message).where(Message.kind == MessageKind.PRIVACY_CASE_RECEIVED)).one()
    assert set(message.facts) == {"reference", "due_on"}
