"""To everybody else an application does not exist: every address answers as an unknown one does (security.md C13)."""

from uuid import uuid4

import pytest

from models.enums import Role
from tests.pages import Page

PAGES = (
    "", "/innsender", "/personer", "/personer/ny", "/personer/1", "/personer/1/fjern", "/kontaktperson", "/kontroller",
    "/kvittering", "/kvittering.pdf", "/status", "/svar", "/endre", "/trekk", "/slett",
)  # fmt: skip
READ_ONLY = ("", "/kvittering", "/kvittering.pdf", "/status")
POSTS = (*(page for page in PAGES if page not in READ_ONLY), "/enhetsregisteret", "/personer/1/inviter")
CHANGING = ("Feil-id", "soknad/", "token", "form_key")


def alike(text: str) -> str:
    """A page without what differs from one showing to the next."""
    return "\n".join(line for line in text.splitlines() if not any(word in line for word in CHANGING))


@pytest.mark.parametrize("sent", [False, True])
def test_another_organisations_application_looks_like_none(journey, browser, row, sent):
    trip = journey().fill()
    if sent:
        trip.send()
    before = row(trip.id)
    client = browser("submitter_trust")
    unknown = client.get(f"/soknad/{uuid4()}/status")
    token = Page(client.get("/soknad").text).form_to("/logg-ut").values["csrf_token"]
    for page in PAGES:
        response = client.get(f"{trip.path}{page}")
        assert response.status_code == 404, page
        assert alike(response.text) == alike(unknown.text)
    for page in POSTS:
        body = {"csrf_token": token, "form_key": str(uuid4()), "declaration": "y", "choice": "innsender"}
        response = client.post(f"{trip.path}{page}", data=body)
        assert response.status_code == 404, page
    after = row(trip.id)
    assert (after.version, after.status) == (before.version, before.status)
    assert trip.path not in client.get("/soknad").text


@pytest.mark.parametrize("key", ["no_right", "stranger", "nominee_municipality_1", "contact"])
def test_nor_does_it_exist_for_people_without_the_right(journey, browser, key):
    trip = journey().fill()
    trip.send()
    client = browser(key)
    assert [client.get(f"{trip.path}{page}").status_code for page in PAGES] == [404] * len(PAGES)


def test_a_units_holder_sees_not_the_whole_municipality(journey, browser):
    whole = journey("caseworker_2").begin("310000019")
    part = journey("submitter_subunit").begin("310000027")
    assert browser("submitter_subunit").get(f"{whole.path}/innsender").status_code == 404
    assert browser("caseworker_2").get(f"{part.path}/innsender").status_code == 200  # the whole holds its parts


def test_the_addresses_ask_for_a_sign_in(client, journey):
    trip = journey().fill()
    for page in PAGES:
        response = client.get(f"{trip.path}{page}")
        assert response.status_code == 303 and "/logg-inn" in response.location


def test_staff_and_users_do_not_come_in_by_this_door(journey, make, client_for):
    trip = journey().fill()
    for role in (Role.CASEWORKER, Role.CASE_LEAD, Role.AUDITOR):
        client = client_for(make.staff(role), role=role)
        assert client.get(f"{trip.path}/status").status_code == 303  # asked which role to act in
    user = make.user()
    client = client_for(user.person, role=Role.ORGANISATION_USER, organisation=make.organisation())
    assert client.get(f"{trip.path}/status").status_code == 303
