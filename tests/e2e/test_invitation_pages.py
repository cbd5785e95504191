"""Sign-in, the invitation's link and the organisation's pages, in each of their states, looked at in a browser."""

from datetime import timedelta

import pytest

from extensions import clock
from extensions.database import db
from models.account import LoginSession
from models.enums import AccessLevel, GrantStatus, InvitationStatus
from models.grant import Grant, Invitation
from stubs.people import by_key

LONG_NAME = {"given_name": "Áŋŋe Jusste Bjørg", "family_name": "Čeđŧá-Šuoržæråsjø Langenavnsen"}


@pytest.fixture
def invitation(make):
    """An invitation to one of the made-up people, who has never signed in."""
    nominee = by_key("nominee_municipality_1")
    organisation = make.organisation("942110464", "Trondheim kommune")
    account = make.account(None, nominee.national_id)
    return make.invitation(
        make.user(AccessLevel.RECRUITER, account=account, organisation=organisation, status="invited")
    )


def test_signing_in_and_out(visitor, clean_site):
    person = visitor()
    person.open("/logg-inn")
    person.looks_right("logg inn")
    person.sign_in_by_hand("stranger")
    assert person.heading() == "Hva vil du gjøre?"
    person.looks_right("velkommen")
    person.press("Logg ut")
    assert person.heading() == "Du er logget ut" and person.page.url.endswith("/logget-ut?state=nb")
    person.looks_right("logget ut")
    person.open("/logg-inn")
    person.press("Logg inn med ID-porten")
    person.press("Avbryt")
    assert person.heading() == "Du avbrøt innloggingen"
    person.looks_right("avbrutt")
    clean_site.stubs.control("idporten", "low_acr", count=1)
    person.sign_in_by_hand("stranger")
    assert person.heading() == "Innloggingen er ikke sikker nok"
    person.looks_right("for lavt nivå")
    person.open("/logg-inn/idporten/tilbake?state=x")
    person.looks_right("start på nytt")
    clean_site.stubs.control("idporten", "http500", path="/par")
    person.open("/logg-inn")
    person.press("Logg inn med ID-porten")
    assert person.heading() == "ID-porten svarer ikke"
    person.looks_right("idporten nede")


def test_taking_an_invitation_into_use(visitor, make, invitation):
    person = visitor()
    person.open(f"/i/{invitation.token}")
    person.looks_right("invitasjon")
    person.press("Logg inn og ta imot")
    person.follow(person.page.get_by_role("button", name=by_key("nominee_municipality_1").name))
    person.page.wait_for_url("**/i/*")
    assert person.heading() == "Ta i bruk tilgangen"
    person.looks_right("ta i bruk")
    person.press("Ta i bruk tilgangen")
    assert person.page.title().startswith("Feil: Ta i bruk tilgangen")
    person.looks_right("ta i bruk, feil")
    person.choose("Jeg har taushetsplikt")
    person.press("Ta i bruk tilgangen")
    assert person.heading() == "Trondheim kommune"
    assert person.page.get_by_text("Tilgangen er tatt i bruk.").is_visible()
    person.looks_right("virksomhet")
    person.open(f"/i/{invitation.token}")
    assert person.page.get_by_text("Tilgangen er allerede tatt i bruk.").is_visible()
    person.looks_right("allerede i bruk")
    other = visitor()
    other.open(f"/i/{invitation.token}")
    other.looks_right("brukt")


def test_without_scripts(visitor, invitation):
    person = visitor(scripts=False)
    person.open(f"/i/{invitation.token}")
    person.press("Logg inn og ta imot")
    person.follow(person.page.get_by_role("button", name=by_key("nominee_municipality_1").name))
    person.page.wait_for_url("**/i/*")
    person.choose("Jeg har taushetsplikt")
    person.press("Ta i bruk tilgangen")
    assert person.heading() == "Trondheim kommune"


def test_links_that_do_not_open(visitor, app, make, invitation):
    person = visitor()
    person.sign_in("stranger", f"/logg-inn?next=/i/{invitation.token}")
    assert person.heading() == "Invitasjonen er til en annen person"
    person.looks_right("en annens")
    person.open("/i/" + "x" * 43)
    person.looks_right("gjelder ikke")
    with app.app_context():
        db.session.get_one(Invitation, invitation.id).expires_at = clock.now() - timedelta(days=1)
        db.session.commit()
    person.open(f"/i/{invitation.token}")
    person.looks_right("utløpt")
    person.press("Be om ny invitasjon")
    assert person.heading() == "Du har bedt om ny invitasjon"
    person.looks_right("ny er bestilt")


def test_an_organisations_users(visitor, app, make):
    organisation = make.organisation("883974832", "St. Olavs hospital HF", kind="health_trust", form="SÆR")
    administrator = make.account("Turid Tilgangsstyrer", by_key("user_administrator").national_id)
    own = make.user(AccessLevel.USER_ADMINISTRATOR, account=administrator, organisation=organisation)
    make.user(account=administrator, organisation=make.organisation("942110464", "Trondheim kommune"))
    users = [make.user(AccessLevel.RECRUITER, organisation=organisation) for _ in range(3)]
    for status in (
        InvitationStatus.SENT,
        InvitationStatus.UNDELIVERABLE,
        InvitationStatus.EXPIRED,
        InvitationStatus.REVOKED,
    ):
        make.invitation(make.user(organisation=organisation, status=GrantStatus.INVITED), status)
    with app.app_context():
        for user in users[:2]:
            grant = db.session.get_one(Grant, user.id)
            grant.confirmed_at = clock.now() - timedelta(days=170)
            grant.last_login_at = clock.now()
            for name, value in LONG_NAME.items():
                setattr(grant.nominee, name, value)
        db.session.commit()
    person = visitor()
    person.sign_in("user_administrator", "/virksomhet")
    assert person.heading() == "Hvem vil du gjøre noe på vegne av?"
    person.looks_right("velg")
    person.press("Gå videre")
    person.looks_right("velg, feil")
    person.choose("St. Olavs hospital HF")
    person.press("Gå videre")
    assert person.heading() == "St. Olavs hospital HF"
    person.looks_right("virksomhet, helseforetak")
    person.press("Brukere")
    person.looks_right("brukere, halvårskontroll")
    person.press("Bekreft tilgangene")
    person.looks_right("brukere, feil")
    person.page.get_by_role("checkbox").first.check()
    person.press("Bekreft tilgangene")
    person.follow(person.page.get_by_role("link", name="Endre Áŋŋe").first)
    person.looks_right("endre bruker")
    person.choose("Søke i registeret")
    person.press("Lagre")
    person.looks_right("brukere, endret")
    person.follow(person.page.get_by_role("link", name="Stopp tilgangen til Áŋŋe").first)
    person.looks_right("stopp bruker")
    person.press("Stopp tilgangen")
    assert person.heading() == "Brukere"
    person.open(f"/virksomhet/brukere/{own.id}/stopp")
    person.press("Stopp tilgangen")
    person.looks_right("stopp bruker, siste")
    reader = visitor()
    make.user(account=make.account("Lars Leser", by_key("reader").national_id), organisation=organisation)
    reader.sign_in("reader", "/virksomhet/brukere")
    reader.looks_right("brukere, leser")


def test_the_applicants_page_of_users(visitor, app, make):
    organisation = make.organisation("942110464", "Trondheim kommune")
    grant = make.user(AccessLevel.RECRUITER, organisation=organisation)
    with app.app_context():
        row = db.session.get_one(Grant, grant.id)
        row.confirmed_at = clock.now() - timedelta(days=170)
        application_id = row.nominee.application_id
        db.session.commit()
    person = visitor()
    person.sign_in("submitter_municipality", f"/soknad/{application_id}/status")
    person.press("Bekreft eller stopp tilganger")
    person.looks_right("søknadens brukere")
    person.choose("Nora")
    person.press("Bekreft tilgangene")
    person.looks_right("søknadens brukere, bekreftet")
    person.follow(person.page.get_by_role("link", name="Stopp tilgangen til Nora"))
    person.looks_right("søknadens brukere, stopp")


def test_what_was_chosen_survives_the_session(visitor, app, make):
    organisation = make.organisation("942110464", "Trondheim kommune")
    account = make.account("Turid Tilgangsstyrer", by_key("user_administrator").national_id)
    make.user(AccessLevel.USER_ADMINISTRATOR, account=account, organisation=organisation)
    grant = make.user(AccessLevel.RECRUITER, organisation=organisation)
    person = visitor()
    person.sign_in("user_administrator", f"/virksomhet/brukere/{grant.id}")
    person.choose("Søke i registeret")
    with app.app_context():
        db.session.query(LoginSession).update({"ended_at": clock.now()})
        db.session.commit()
    person.press("Lagre")
    assert person.heading() == "Logg inn"
    person.looks_right("logg inn, tatt vare på")
    person.press("Logg inn med ID-porten")  # the sign-on at ID-porten is still there
    assert person.page.get_by_text("Du ble logget ut. Vi tok vare på det du skrev.").is_visible()
    assert person.page.get_by_label("Søke i registeret").is_checked()
    person.looks_right("tatt vare på")
    person.press("Lagre")
    assert person.heading() == "Brukere"
