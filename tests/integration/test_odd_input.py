"""What no browser of ours sends, and other sites' leftovers: an answer below 500, always."""

import pytest

from models.enums import AccessLevel, Role


@pytest.mark.parametrize("cookie", ["a/b=1", "AMCV@Adobe=1; x=2", "{x}=1", "=", "okt"])
def test_a_cookie_of_another_site_on_the_domain_stops_nobody(app, cookie):
    client = app.test_client(use_cookies=False)
    assert client.get("/", headers={"Cookie": cookie}).status_code == 200
    assert client.get("/sak", headers={"Cookie": cookie}).status_code == 303


@pytest.mark.parametrize(
    "path", ["/sak?sok=%00", "/logg?hva=%00", "/logg?til=9999-12-31&fra=0001-01-01", "/logg?for=" + "9" * 30]
)
def test_odd_filters_never_fail(make, client_for, path):
    assert client_for(make.staff(), Role.CASEWORKER).get(path).status_code in (200, 400)


@pytest.mark.parametrize("query", ["side=" + "9" * 30, "side=-1", "side=x", "vis=%00", "vis=&side="])
def test_odd_pages_of_the_samples_never_fail(make, client_for, query):
    client = client_for(make.staff(Role.AUDITOR), Role.AUDITOR)
    assert client.get(f"/logg/stikkprover?{query}").status_code in (200, 400)


@pytest.mark.parametrize("query", ["hva=%00", "til=9999-12-31&fra=0001-01-01", "for=" + "9" * 30, "hvem=x&hvem=y"])
def test_odd_filters_of_an_organisations_log_never_fail(make, client_for, query):
    grant = make.user(AccessLevel.USER_ADMINISTRATOR)
    client = client_for(grant.person, Role.ORGANISATION_USER, make.organisation())
    assert client.get(f"/virksomhet/logg?{query}").status_code in (200, 400)


def test_an_odd_session_id_from_the_provider_does_not_fail(app, client):
    asked = {"iss": app.extensions["settings"].idporten_issuer, "sid": "\0"}
    assert client.get("/logg-ut/idporten", query_string=asked).status_code == 400
