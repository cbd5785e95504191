"""The second provider: the same account, answers that are not mixed up, confirmations and logouts with the provider the
session was opened with, and a way in when HelseID is away (security.md C1–C5, C9; integrations.md 2)."""

from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import func, select

from extensions.database import db
from models.account import Account, Identity, LoginSession
from stubs.testing import CLIENT_ID
from tests.pages import Page

MIDWIFE = "professional_midwife"


@pytest.fixture
def log_in_with(submit, provider_answer):
    """log_in_with("helseid", client, "stranger"): press the provider's button, sign in there, come back."""

    def go(provider, client, key, next="", fresh=False, acr=None):
        query = {"next": next} | ({"ny": "1"} if fresh else {})
        started = submit(client, f"/logg-inn?{httpx.QueryParams(query)}", med=provider)
        assert started.status_code == 303, started.text
        return client.get(provider_answer(started.headers["Location"], key, acr))

    return go


def test_the_page_offers_both_and_says_what_each_tells_us(client):
    page = client.get("/logg-inn")
    assert "Logg inn med ID-porten" in page.text and "Logg inn med HelseID" in page.text
    assert "får vi også navnet og HPR-nummeret ditt" in page.text


def test_without_its_settings_there_is_no_helseid(app, client, submit, monkeypatch):
    monkeypatch.setattr(app.extensions["agencies"], "helseid", None)
    assert "HelseID" not in client.get("/logg-inn").text
    assert submit(client, "/logg-inn", med="helseid").status_code == 400
    for path in ("/logg-inn/helseid/tilbake?state=x&code=y", "/logg-ut/helseid?iss=x&sid=y"):
        assert client.get(path).status_code == 404
    assert client.post("/logg-ut/helseid", data={"logout_token": "x"}).status_code == 404


def test_a_form_of_ours_may_lead_to_both_providers(app, client):
    settings = app.extensions["settings"]
    policy = client.get("/logg-inn").headers["Content-Security-Policy"]
    allowed = policy.split("form-action ")[1].split(";")[0].split()
    assert allowed == ["'self'", settings.idporten_issuer, settings.helseid.issuer]


def test_both_providers_lead_to_the_same_account(app, log_in_with, stubs):
    assert log_in_with("idporten", app.test_client(), MIDWIFE).headers["Location"] == "/velkommen"
    with app.app_context():
        assert db.session.scalars(select(Account)).one().name is None
    client = app.test_client()
    assert log_in_with("helseid", client, MIDWIFE).headers["Location"] == "/velkommen"
    assert "Du er logget inn som Ragnhild Sildrebekk." in client.get("/velkommen").text
    with app.app_context():
        account = db.session.scalars(select(Account)).one()
        known = {identity.issuer: identity.hpr_number for identity in account.identities}
    assert known == {stubs.url("idporten"): None, stubs.url("helseid"): "9900133"}


def test_the_number_decides_also_when_somebody_else_was_signed_in(app, client, log_in_with):
    """HelseID names another person than the session is: the session is dead, and the accounts are two."""
    log_in_with("idporten", client, "stranger")
    log_in_with("helseid", client, MIDWIFE, fresh=True)
    assert "Logget inn som Ragnhild Sildrebekk" in client.get("/velkommen").text
    with app.app_context():
        assert db.session.scalar(select(func.count(Account.id))) == 2
    assert _sessions(app) == 1


@pytest.mark.parametrize(("asked", "answering"), [("idporten", "helseid"), ("helseid", "idporten")])
def test_an_answer_at_the_other_providers_address_is_refused(app, client, submit, provider_answer, asked, answering):
    """Mix-up: the attempt knows whom it was started with, and stays for the right answer."""
    started = submit(client, "/logg-inn", med=asked)
    path = provider_answer(started.headers["Location"], "stranger")
    mixed = client.get(path.replace(asked, answering, 1))
    assert mixed.status_code == 400 and "Logg inn på nytt" in mixed.text
    assert _sessions(app) == 0
    assert client.get(path).status_code == 303


def test_an_answer_that_names_the_other_issuer_is_refused(app, client, submit, provider_answer, stubs):
    started = submit(client, "/logg-inn", med="helseid")
    path = provider_answer(started.headers["Location"], "stranger")
    helseid, idporten = (httpx.QueryParams({"iss": stubs.url(name)}) for name in ("helseid", "idporten"))
    assert str(helseid) in path
    assert client.get(path.replace(str(helseid), str(idporten))).status_code == 400
    assert _sessions(app) == 0 and not [entry for entry in stubs.log("helseid") if entry["path"] == "/connect/token"]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("level_3", "Denne tjenesten krever sikkerhetsnivå høyt."),
        ("low_assurance", "Denne tjenesten krever sikkerhetsnivå høyt."),
        ("missing_pid", "Vi fikk ikke fødselsnummeret ditt"),
    ],
)
def test_a_lower_level_or_no_number_is_no_session(app, client, log_in_with, stubs, fault, words):
    stubs.control("helseid", fault, count=1)
    answer = log_in_with("helseid", client, MIDWIFE)
    assert answer.status_code == 403 and words in answer.text
    assert _sessions(app) == 0


@pytest.mark.parametrize(
    ("fault", "path"),
    [("http503", "/connect/par"), ("invalid_client", None), ("nonce_refused", "/connect/token"), ("hid_1004", None)],
)
def test_helseid_away_is_said_so_and_id_porten_remains(client, submit, provider_answer, stubs, fault, path):
    if fault == "nonce_refused":
        answer = provider_answer(submit(client, "/logg-inn", med="helseid").headers["Location"], MIDWIFE)
        stubs.control("helseid", fault, path=path)
        page = client.get(answer)
    else:
        stubs.control("helseid", fault, path=path)
        page = submit(client, "/logg-inn?next=/velkommen", med="helseid")
    assert page.status_code == 503 and "HelseID svarer ikke" in page.text
    form = Page(page.text).form_to("/logg-inn")
    started = client.post("/logg-inn", data=form.values)
    assert started.headers["Location"].startswith(stubs.url("idporten"))
    assert client.get(provider_answer(started.headers["Location"], MIDWIFE)).headers["Location"] == "/velkommen"


def test_a_sign_in_is_confirmed_with_the_provider_it_was_made_with(app, log_in_with, stubs):
    for mine, other in (("HelseID", "ID-porten"), ("ID-porten", "HelseID")):
        client = app.test_client()
        log_in_with(mine.lower().replace("-", ""), client, MIDWIFE)
        page = client.get("/logg-inn?ny=1&next=/velkommen").text
        assert f"Logg inn med {mine}" in page and f"Logg inn med {other}" not in page
        assert Page(page).form().values["ny"] == "1"
    assert log_in_with("helseid", client, MIDWIFE, next="/velkommen", fresh=True).status_code == 303
    assert [entry["form"]["prompt"] for entry in stubs.log("helseid") if "prompt" in entry["form"]] == ["login"]


def test_signing_out_ends_the_session_at_helseid(app, client, log_in_with, submit, stubs):
    log_in_with("helseid", client, MIDWIFE)
    answer = submit(client, "/velkommen", to="/logg-ut")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{stubs.url('helseid')}/connect/endsession")
    assert _sessions(app) == 0
    log_in_with("helseid", client, MIDWIFE)
    everywhere = submit(client, "/velkommen", to="/logg-ut/alle")
    assert urlsplit(everywhere.headers["Location"]).path == "/connect/endsession"


def test_signing_out_of_a_provider_we_no_longer_have_stays_here(app, client, log_in_with, submit, monkeypatch):
    log_in_with("helseid", client, MIDWIFE)
    monkeypatch.setattr(app.extensions["agencies"], "helseid", None)
    assert submit(client, "/velkommen", to="/logg-ut").headers["Location"] == "/logget-ut"


@pytest.mark.parametrize("channel", ["front", "back"])
def test_helseid_ends_sessions_through_either_channel(app, client, log_in_with, stubs, channel):
    log_in_with("helseid", client, MIDWIFE)
    with app.app_context():
        session_id = db.session.scalars(select(LoginSession.provider_session_id)).one()
    server = app.test_client()

    def tell(issuer, sid):
        if channel == "front":
            return server.get("/logg-ut/helseid", query_string={"iss": issuer, "sid": sid}).status_code
        token = stubs.helseid.logout_token(CLIENT_ID, sid, iss=issuer)
        return server.post("/logg-ut/helseid", data={"logout_token": token}).status_code

    wrong = tell(stubs.url("idporten"), session_id)
    assert wrong == (200 if channel == "front" else 400) and _sessions(app) == 1
    assert tell(stubs.url("helseid"), "another-session") == 200 and _sessions(app) == 1
    assert tell(stubs.url("helseid"), session_id) == 200 and _sessions(app) == 0
    assert client.get("/velkommen").headers["Location"].startswith("/logg-inn")


def test_a_logout_token_of_one_provider_ends_nothing_of_the_others(app, client, log_in_with, stubs):
    log_in_with("idporten", client, MIDWIFE)
    with app.app_context():
        session_id = db.session.scalars(select(LoginSession.provider_session_id)).one()
        assert db.session.scalars(select(Identity.issuer)).one() == stubs.url("idporten")
    token = stubs.helseid.logout_token(CLIENT_ID, session_id)
    assert app.test_client().post("/logg-ut/helseid", data={"logout_token": token}).status_code == 200
    assert app.test_client().post("/logg-ut/idporten", data={"logout_token": token}).status_code == 400
    assert app.test_client().post("/logg-ut/helseid").status_code == 400
    assert _sessions(app) == 1


def _sessions(app):
    with app.app_context():
        return db.session.scalar(select(func.count(LoginSession.id)).where(LoginSession.ended_at.is_(None)))
