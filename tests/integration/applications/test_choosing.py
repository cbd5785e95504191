"""Whom one may apply for: Altinn's list, Enhetsregisteret's judgement, refusals before any form (ux.md A2)."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from extensions import clock
from extensions.database import db
from models.application import AccessApplication
from models.enums import GrantStatus, Language
from models.organisation import Organisation, RegistryUnit
from services import representation
from stubs.people import by_key
from tests.integration.applications.conftest import TRONDHEIM, Journey
from tests.pages import Page


def count(app, table=AccessApplication):
    with app.app_context():
        return len(db.session.scalars(select(table)).all())


def test_the_organisation_is_told_with_number_kind_and_reason(browser):
    page = browser().get("/soknad/ny").text
    assert "Trondheim kommune" in page
    assert "Org.nr. 942\N{NO-BREAK SPACE}110\N{NO-BREAK SPACE}464 · Kommune · Du er utfyller/innsender" in page
    assert "checked" not in page.split("<main", 1)[1].split("</main>")[0]


def test_nothing_chosen(browser, submit):
    response = submit(browser(), "/soknad/ny")
    assert response.status_code == 422
    assert response.text.count("Velg virksomheten du søker på vegne av.") == 2
    assert "<title>Feil: Hvem søker du på vegne av?" in response.text


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("private_company", "Virksomheten er et aksjeselskap."),
        ("county", "Virksomheten er en fylkeskommune."),
        ("iks", "Virksomheten er et interkommunalt selskap."),
        ("special_law", "men er ikke et helseforetak."),
    ],
)
def test_refused_with_the_reason_before_any_form(app, browser, key, reason):
    client = browser(key)
    page = client.get("/soknad/ny").text
    assert "Du kan ikke søke for noen virksomhet" in page
    assert "Virksomheter som ikke kan søke" in page
    assert reason in page
    assert 'name="party"' not in page
    assert page.index(reason) < page.index("Jobber du også i en kommune eller et helseforetak?") < page.index("Be om")
    assert count(app) == 0


@pytest.mark.parametrize("key", ["private_company", "county", "iks", "special_law"])
def test_a_forged_choice_of_a_refused_organisation_begins_nothing(app, browser, key):
    client = browser(key)
    token = Page(client.get("/soknad/ny").text).form_to("/logg-ut").values["csrf_token"]
    client.post("/soknad/ny", data={"csrf_token": token, "party": by_key(key).rights[0]})
    assert count(app) == 0


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("310000124", "Virksomheten er under avvikling."),
        ("310000132", "Virksomheten ble slettet i Enhetsregisteret 31. desember 2025."),
        ("310000159", "Enhetsregisteret viser ikke hvilken virksomhet enheten hører til."),
    ],
)
def test_an_ended_or_circular_unit_is_refused_when_chosen(app, browser, submit, number, reason):
    response = submit(browser("ended_units"), "/soknad/ny", party=number)
    assert response.status_code == 422
    assert reason in response.text
    assert count(app) == 0


def test_the_ended_company_is_refused_with_the_others(browser):
    page = browser("ended_units").get("/soknad/ny").text
    assert "MÅNELYST SYKEHJEM AS" in page
    assert "Virksomheten er et kommunalt foretak. Kommunen må søke." in page


def test_one_without_rights_is_told_who_can_give_them(browser):
    page = browser("no_right").get("/soknad/ny").text
    assert "Du kan ikke søke for noen virksomhet" in page
    assert "rollen Utfyller/innsender eller tilgangspakken «Helsetjenester»" in page
    assert "Daglig leder eller den som styrer tilganger i Altinn" in page
    assert "Sjekk på nytt" in page and "Jobber du også" not in page
    link = page.split('href="mailto:?', 1)[1].split('"', 1)[0]
    person = by_key("no_right")
    assert person.name.split()[0] not in link and person.national_id not in page


def test_checking_again_asks_altinn_anew(browser, stubs, submit):
    client, person = browser("no_right"), by_key("no_right")
    assert "kan ikke søke" in client.get("/soknad/ny").text
    stubs.control("altinn", "grant", national_id=person.national_id, organisation=TRONDHEIM)
    assert "kan ikke søke" in client.get("/soknad/ny").text  # the answer is kept up to five minutes
    assert "Trondheim kommune" in client.get("/soknad/ny?sjekk=1").text


def test_an_organisation_not_listed_cannot_be_chosen(app, browser, submit):
    response = submit(browser(), "/soknad/ny", party="883974832")
    assert response.status_code == 422
    assert "Velg virksomheten du søker på vegne av." in response.text
    assert count(app) == 0


def test_many_are_shown_in_parts_and_found_by_search(browser):
    client = browser("submitter_many")
    page = client.get("/soknad/ny").text
    assert page.count('type="radio"') == 6
    assert "Vis flere" in page
    assert client.get("/soknad/ny?vis=26").text.count('type="radio"') > 6
    found = client.get("/soknad/ny?sok=innlandet").text
    assert found.count('type="radio"') == 1 and "Sykehuset Innlandet HF" in found
    assert "1 treff" in found
    by_number = client.get("/soknad/ny?sok=883 974 832").text
    assert by_number.count('type="radio"') == 1 and "St. Olavs hospital HF" in by_number
    assert client.get("/soknad/ny?sok=finnesikke").text.count('type="radio"') == 0


def test_three_thousand_are_a_page_like_any_other(browser):
    response = browser("three_thousand").get("/soknad/ny")
    assert response.status_code == 200
    assert response.text.count('type="radio"') <= 6


def test_deleted_parties_are_hidden(browser, stubs):
    stubs.control("altinn", "deleted_parties")
    assert "Trondheim kommune" not in browser().get("/soknad/ny").text


def test_a_unit_is_recorded_on_the_municipality_above_it(journey, row):
    trip = journey("submitter_subunit").begin("310000027")
    found = row(trip.id)
    assert (found.organisation.number, found.unit_number) == ("310000019", "310000027")
    assert found.unit_name == "STILLEVIK KOMMUNE SJUKEHEIM"
    assert "Du søker for" in trip.get("innsender").text


def test_a_health_trust_off_the_list_may_apply_and_is_marked(journey, row):
    assert row(journey("submitter_new_trust").begin("310000043").id).organisation.needs_check
    assert not row(journey("submitter_trust").begin("883974832").id).organisation.needs_check


@pytest.mark.parametrize(
    ("key", "number", "prefix", "language"),
    [
        ("submitter_nynorsk", "922121893", "", Language.NYNORSK),  # decided
        ("submitter_municipality", TRONDHEIM, "/nn", Language.NYNORSK),  # neutral: as applied in
        ("submitter_municipality", TRONDHEIM, "", Language.BOKMAL),
        ("submitter_sami", "945475056", "/nn", Language.BOKMAL),  # decided bokmål
    ],
)
def test_the_language_of_correspondence(browser, submit, row, key, number, prefix, language):
    client = browser(key)
    response = submit(client, f"{prefix}/soknad/ny", party=number)
    assert response.status_code == 303
    trip = Journey(client, submit)
    trip.id = response.location.removeprefix(prefix).split("/")[2]
    assert row(trip.id).language is language


def test_the_submitters_name_is_altinns(journey, row):
    trip = journey("submitter_sami").begin("945475056")
    assert row(trip.id).submitter_name == "Áŋŋe Čeđŧá Šuoržæråsjø"
    page = trip.get("innsender").text
    assert "Logget inn som Áŋŋe Čeđŧá Šuoržæråsjø" in page
    assert "På vegne av Kautokeino kommune" in page


def test_altinn_says_no_at_the_start(app, browser, stubs, submit):
    client = browser()
    client.get("/soknad/ny")
    stubs.control("altinn", "deny")
    response = submit(client, "/soknad/ny", party=TRONDHEIM)
    assert response.status_code == 403
    assert "Trondheim kommune" in response.text and "Be om rettigheten" in response.text
    assert count(app) == 0


def test_altinn_away_is_told_on_the_list_and_the_choice(browser, stubs):
    client = browser()
    stubs.control("altinn", "http503")
    choice = client.get("/soknad/ny")
    assert choice.status_code == 503 and "Prøv igjen" in choice.text and "Altinn svarer ikke" in choice.text
    overview = client.get("/soknad")
    assert overview.status_code == 200 and "Altinn svarer ikke" in overview.text
    stubs.control("altinn", "ok")
    assert client.get("/soknad/ny").status_code == 200


def test_enhetsregisteret_away_keeps_the_choice(app, browser, stubs, submit):
    client = browser()
    stubs.control("enhetsregisteret", "http503")
    response = submit(client, "/soknad/ny", party=TRONDHEIM)
    assert response.status_code == 503
    assert "Enhetsregisteret svarer ikke" in response.text and "Prøv igjen" in response.text
    assert Page(response.text).form(0).values["party"] == TRONDHEIM
    assert count(app) == 0
    stubs.control("enhetsregisteret", "ok")
    assert submit(client, "/soknad/ny", party=TRONDHEIM).status_code == 303


def age_registry(app, age):
    with app.app_context():
        for unit in db.session.scalars(select(RegistryUnit)):
            unit.fetched_at = clock.now() - age
        db.session.commit()


def test_an_old_answer_is_used_and_marked_while_the_register_is_away(app, journey, stubs, row):
    journey().begin()
    age_registry(app, timedelta(days=29))
    stubs.control("enhetsregisteret", "http503")
    client = journey("submitter_colleague").client
    trip = Journey(client, journey().submit)
    found = trip.submit(client, "/soknad/ny", party=TRONDHEIM)
    assert "utkast=" in found.location  # offered the colleague's draft first
    start = trip.submit(client, found.location, form=0)
    trip.id = start.location.split("/")[2]
    assert not row(trip.id).registry_verified
    page = trip.get("innsender").text
    assert "er ikke bekreftet" in page
    stubs.control("enhetsregisteret", "ok")
    retried = trip.submit(client, f"{trip.path}/innsender", to="enhetsregisteret")
    assert retried.status_code == 303
    assert row(trip.id).registry_verified
    assert "er ikke bekreftet" not in trip.get("innsender").text


def test_an_answer_over_thirty_days_old_is_no_answer(app, browser, stubs, submit, journey):
    journey("submitter_colleague").begin()
    age_registry(app, timedelta(days=31))
    stubs.control("enhetsregisteret", "http503")
    assert submit(browser(), "/soknad/ny", party=TRONDHEIM).status_code == 503


def test_a_young_answer_is_not_asked_for_again(journey, stubs):
    journey().begin()
    asked = len(stubs.log("enhetsregisteret"))
    colleague = journey("submitter_colleague")
    colleague.submit(colleague.client, "/soknad/ny", party=TRONDHEIM)
    assert not [entry for entry in stubs.log("enhetsregisteret")[asked:] if TRONDHEIM in str(entry)]


def test_a_draft_is_offered_first(app, journey, browser, submit, row):
    trip = journey().begin().fill_submitter()
    client = browser("submitter_colleague")
    response = submit(client, "/soknad/ny", party=TRONDHEIM)
    assert response.status_code == 303
    page = client.get(response.location).text
    assert "Det finnes en påbegynt søknad for Trondheim kommune, sist endret" in page
    assert "av Kari Multeglans." in page
    assert f'href="{trip.path}"' in page
    assert count(app) == 1
    started = submit(client, response.location)
    assert started.status_code == 303
    assert count(app) == 2  # the old one is kept until the new one is sent
    assert row(started.location.split("/")[2]).replaces_id == trip.id


def test_one_cannot_start_over_in_place_of_another_organisations_draft(journey, browser, submit, app):
    other = journey("submitter_trust").begin("883974832")
    client = browser()
    page = Page(client.get("/soknad/ny").text).form(0)
    response = client.post("/soknad/ny", data={**page.values, "party": TRONDHEIM, "replaces": str(other.id)})
    with app.app_context():
        mine = db.session.scalars(select(AccessApplication).where(AccessApplication.unit_number == TRONDHEIM)).one()
        assert response.location.endswith(f"{mine.id}/innsender")
        assert mine.replaces_id is None


def test_an_organisation_with_access_is_told(make, journey, app):
    trip = journey().begin()
    assert "har allerede tilgang" not in trip.get("innsender").text
    with app.app_context():
        organisation = db.session.scalars(select(Organisation).where(Organisation.number == "883974832")).first()
        assert organisation is None
    trust = make.organisation("883974832", "St. Olavs hospital HF", kind="health_trust", form="SÆR")
    make.user(organisation=trust, status=GrantStatus.ACTIVE)
    other = journey("submitter_trust").begin("883974832")
    assert (
        "St. Olavs hospital HF har allerede tilgang. Denne søknaden legger til flere personer."
        in other.get("innsender").text
    )


def test_the_answer_of_altinn_is_kept_at_most_five_minutes(app, make, person, stubs, context):
    account = person("submitter_municipality")
    actor = make.actor(account)
    first = representation.parties(actor)
    stubs.control("altinn", "http503")
    assert representation.parties(actor) is first
    with clock.at(clock.now() + timedelta(minutes=5, seconds=1)), pytest.raises(Exception, match="altinn"):
        representation.parties(actor)


def test_reading_writes_nothing(app, browser):
    client = browser("submitter_many")
    for path in ("/soknad", "/soknad/ny", "/soknad/ny?sok=tromsø"):
        assert client.get(path).status_code == 200
    assert count(app) == count(app, Organisation) == count(app, RegistryUnit) == 0
