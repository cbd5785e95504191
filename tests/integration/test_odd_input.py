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


OF_A_LINK = ("endpoint=x", "_method=PUT", "_scheme=javascript&_external=1", "_anchor=x", "application_id=x")
"""What the maker of an address takes besides the names of a page's own fields."""


@pytest.mark.parametrize("query", OF_A_LINK)
def test_a_filter_passes_on_no_more_than_its_fields(make, client_for, query):
    case_lead = client_for(make.staff(Role.CASE_LEAD), Role.CASE_LEAD)
    grant = make.user(AccessLevel.USER_ADMINISTRATOR)
    administrator = client_for(grant.person, Role.ORGANISATION_USER, make.organisation())
    person = client_for(make.professional().person, Role.PROFESSIONAL)
    for client, path in (
        (case_lead, "/sak?sok=a"),
        (case_lead, "/personvernsaker?type=access"),
        (case_lead, "/logg?for=999999999"),
        (administrator, "/virksomhet/logg?for=999999999"),
        (person, "/min-side/innsyn?side=2"),
    ):
        client.get(path)  # what reading leaves is there to read
        answer = client.get(f"{path}&{query}")
        assert answer.status_code == 200 and "javascript:" not in answer.text, path


ODD_SEARCHES = (
    *("etter=x", "etter=", "etter=" + "A" * 10_000, "innen=%C2%B2", "innen=" + "9" * 5_000, "sorter=x"),
    *("yrke=" + "x" * 10_000, "yrke[]=SP", "yrke=SP&yrke=SP&yrke=SP", "spesialitet=99999999999", "bosted=0"),
    *("fra=0000-01-01", "fra=0001-01-01&innen=30", "fra=9999-12-31&innen=120", "fra=" + "1" * 5_000),
    *("start=", "bekreftet=", "bekreftet=7&bekreftet=14", "tid=night%26x", "x=%26yrke%3DSP", "fylke=%F0%9F%92%A9"),
)


@pytest.mark.parametrize("page", ["", "/kart", "/rapport", "/rapport.csv"])
def test_odd_searches_never_fail(make, client_for, page):
    make.professional()
    client = client_for(make.user().person, Role.ORGANISATION_USER, make.organisation())
    for query in ODD_SEARCHES:
        assert client.get(f"/register{page}?{query}").status_code in (200, 400, 422), query[:40]


@pytest.mark.parametrize("path", ["/sak", "/personvernsaker", "/logg/stikkprover", "/tilganger"])
def test_a_page_number_of_five_thousand_digits_never_fails(make, client_for, path):
    client = client_for(make.staff(Role.CASE_LEAD), Role.CASE_LEAD)
    assert client.get(f"{path}?side={'9' * 5_000}").status_code == 200
