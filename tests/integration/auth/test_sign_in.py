"""Signing in and out over HTTP against ID-porten's stand-in (security.md C1–C7, C45, C70, C71; integrations.md
1.4–1.6)."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import func, select

from config import Environment
from extensions import clock
from extensions.agencies import Agencies
from extensions.database import db
from models.account import Account, Identity, LoginSession
from models.enums import AccessLevel, Role
from models.grant import Grant
from services import national_ids, staff
from tests.statements import counted


def test_a_stranger_signs_in_and_is_told_what_to_do_here(app, client, log_in):
    answer = log_in(client, "stranger")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/velkommen")
    page = client.get("/velkommen")
    assert "Hva vil du gjøre?" in page.text and "Er du invitert?" in page.text
    with app.app_context():
        assert db.session.scalar(select(func.count(Account.id))) == 1


def test_min_side_is_open_to_everybody_and_where_the_registered_begin(app, make, client, log_in, stubs):
    assert log_in(client, "stranger", next="/nn/min-side/registrer/samtykke").status_code == 303
    assert _role(app) is Role.PROFESSIONAL
    make.professional(make.account("Tuva Lyngmark", stubs.person("professional_nurse").national_id))
    assert log_in(app.test_client(), "professional_nurse").headers["Location"] == "/min-side"
    assert log_in(app.test_client(), "professional_nurse", next="/soknad").headers["Location"] == "/soknad"
    assert _role(app) is Role.SUBMITTER


def test_the_sign_in_page_says_what_we_learn(client):
    page = client.get("/logg-inn")
    assert "Du kan bruke BankID og andre elektroniske ID-er. Vi får fødselsnummeret ditt." in page.text
    assert "Logg inn med ID-porten" in page.text


def test_the_first_page_confirms_who_is_signed_in(app, make, client, log_in, stubs):
    person = stubs.person("caseworker_1")
    with app.app_context():
        staff.add(person.name, person.national_id, Role.CASEWORKER)
        db.session.commit()
    log_in(client, "caseworker_1", next="/velkommen")
    page = client.get("/velkommen").text
    assert f"Du er logget inn som {person.name}." in page and f"Logget inn som {person.name}" in page


def test_the_confirmation_is_in_the_language_of_the_page(make, client, log_in, stubs):
    person = stubs.person("caseworker_1")
    make.account(person.name, person.national_id)
    log_in(client, "caseworker_1", "/en/velkommen")
    assert f"You are logged in as {person.name}." in client.get("/en/velkommen").text


def test_the_wanted_page_comes_after_the_sign_in_with_its_language(client, log_in):
    wanted = client.get("/nn/velkommen?a=b").headers["Location"]
    assert wanted == "/nn/logg-inn?next=/nn/velkommen%3Fa%3Db"
    assert log_in(client, "stranger", next="/nn/velkommen?a=b").headers["Location"] == "/nn/velkommen?a=b"


@pytest.mark.parametrize(
    "evil",
    [
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "/%09/evil.example\t",
        "/\n/evil.example",
        "http:///evil.example",
        "",
        "evil.example",
        "/" * 3 + "evil.example",
    ],
)
def test_next_never_leads_away(client, log_in, evil):
    assert log_in(client, "stranger", next=evil).headers["Location"] == "/velkommen"


def test_an_unknown_host_is_refused_and_a_forwarded_one_ignored(client, submit):
    assert client.get("/logg-inn", headers={"Host": "evil.example"}).status_code == 400
    page = client.get("/logg-inn", headers={"X-Forwarded-Host": "evil.example"})
    assert page.status_code == 200 and "evil.example" not in page.text
    assert client.get("/velkommen", headers={"X-Forwarded-Host": "evil.example"}).headers["Location"].startswith("/")


def test_the_request_to_the_provider_is_pushed_with_pkce_state_and_nonce(client, submit, stubs):
    url = submit(client, "/logg-inn").headers["Location"]
    assert set(parse_qs(urlsplit(url).query)) == {"client_id", "request_uri"}
    pushed = next(entry["form"] for entry in stubs.log("idporten") if entry["path"] == "/par")
    assert pushed["code_challenge_method"] == "S256" and pushed["acr_values"] == "idporten-loa-high"
    assert len(pushed["state"]) >= 43 and len(pushed["nonce"]) >= 43


# -- C1: the answer belongs to this browser, once, within ten minutes


def test_an_unknown_state_opens_nothing(app, client):
    answer = client.get("/logg-inn/idporten/tilbake?code=x&state=made-up&iss=x")
    assert answer.status_code == 400 and "Logg inn på nytt" in answer.text
    assert _sessions(app) == 0


def test_an_answer_works_once(app, client, submit, provider_answer):
    path = provider_answer(submit(client, "/logg-inn").headers["Location"], "stranger")
    assert client.get(path).status_code == 303
    again = client.get(path)
    assert again.status_code == 400 and "åpnet to ganger" in again.text
    assert _sessions(app) == 1


def test_another_browsers_answer_is_refused_and_the_right_one_may_still_use_it(app, client, submit, provider_answer):
    path = provider_answer(submit(client, "/logg-inn").headers["Location"], "stranger")
    other = app.test_client()
    submit(other, "/logg-inn")
    assert other.get(path).status_code == 400
    assert app.test_client().get(path).status_code == 400
    assert client.get(path).status_code == 303


def test_an_answer_after_ten_minutes_is_too_late(client, submit, provider_answer):
    path = provider_answer(submit(client, "/logg-inn").headers["Location"], "stranger")
    with clock.at(clock.now() + timedelta(minutes=10, seconds=1)):
        assert client.get(path).status_code == 400


def test_two_tabs_may_sign_in_at_once(client, submit, provider_answer):
    first = submit(client, "/logg-inn").headers["Location"]
    second = submit(client, "/logg-inn").headers["Location"]
    assert client.get(provider_answer(first, "stranger")).status_code == 303
    assert client.get(provider_answer(second, "stranger")).status_code == 303


@pytest.mark.parametrize(
    "fault", ["wrong_nonce", "alg_none", "bad_signature", "wrong_aud", "expired", "token_wrong_iss"]
)
def test_a_forged_token_opens_nothing(app, client, log_in, stubs, fault):
    stubs.control("idporten", fault, count=1)
    assert log_in(client, "stranger").status_code == 400
    assert _sessions(app) == 0


@pytest.mark.parametrize("fault", ["wrong_iss", "missing_iss", "altered_state", "invalid_grant"])
def test_a_changed_answer_opens_nothing(app, client, log_in, stubs, fault):
    stubs.control("idporten", fault, count=1)
    assert log_in(client, "stranger").status_code == 400
    assert _sessions(app) == 0


# -- C4: level, and step-up


@pytest.mark.parametrize(
    ("acr", "words"),
    [
        ("idporten-loa-substantial", "Denne tjenesten krever sikkerhetsnivå høyt."),
        ("idporten-loa-low", "Denne tjenesten krever sikkerhetsnivå høyt."),
        ("selfregistered-email", "Denne tjenesten krever sikkerhetsnivå høyt."),
    ],
)
def test_a_lower_level_is_no_session(app, client, log_in, acr, words):
    answer = log_in(client, "stranger", acr=acr)
    assert answer.status_code == 403 and words in answer.text
    assert _sessions(app) == 0


def test_a_login_without_a_number_is_no_session(app, client, log_in, stubs):
    stubs.control("idporten", "missing_pid", count=1)
    answer = log_in(client, "stranger")
    assert answer.status_code == 403 and "Vi fikk ikke fødselsnummeret ditt" in answer.text
    assert _sessions(app) == 0


def test_a_number_that_is_nobodys_is_no_session(app, client, log_in, settings):
    """Made-up numbers are people only where the settings say so (C10, C47)."""
    settings(allow_synthetic_id=False)
    answer = log_in(client, "stranger")
    assert answer.status_code == 403 and "Du må ha norsk fødselsnummer" in answer.text
    assert _sessions(app) == 0


@pytest.mark.parametrize("provider", ["idporten", "helseid"])
def test_a_test_login_opens_nothing_in_production(app, settings, provider):
    adapter = Agencies.from_settings(settings(environment=Environment.PRODUCTION)).providers[provider]
    assert not adapter._allow_test_users
    assert app.extensions["agencies"].providers[provider]._allow_test_users


def test_cancelling_is_said_kindly(client, log_in, stubs):
    stubs.control("idporten", "access_denied", count=1)
    answer = log_in(client, "stranger")
    assert answer.status_code == 200 and "Du avbrøt innloggingen" in answer.text


@pytest.mark.parametrize("path", ["/par", "/token"])
def test_the_provider_away_is_a_page_with_a_way_on(client, submit, provider_answer, stubs, path):
    if path == "/token":
        answer_path = provider_answer(submit(client, "/logg-inn").headers["Location"], "stranger")
        stubs.control("idporten", "http500", path=path)
        page = client.get(answer_path)
    else:
        stubs.control("idporten", "http500", path=path)
        page = submit(client, "/logg-inn?next=/velkommen")
    assert page.status_code == 503 and "https://status.digdir.no/" in page.text


# -- C5: one account a human


def test_the_same_person_keeps_one_account_also_with_a_new_subject(app, client, log_in, stubs):
    log_in(client, "stranger")
    with app.app_context():
        db.session.scalars(select(Identity)).one().subject = "an-older-subject"
        db.session.commit()
    log_in(app.test_client(), "stranger")
    with app.app_context():
        account = db.session.scalars(select(Account)).one()
        assert len(account.identities) == 2


def test_a_new_number_for_the_same_subject_keeps_the_account(app, make, client, log_in, stubs):
    log_in(client, "stranger")
    with app.app_context():
        account = db.session.scalars(select(Account)).one()
        national_ids.put(account, make.account().number)
        db.session.rollback()
        other = db.session.scalars(select(Account).order_by(Account.created_at)).first()
        from tests.builders import synthetic_number

        national_ids.put(other, synthetic_number())
        db.session.commit()
        kept = other.id
    log_in(app.test_client(), "stranger")
    with app.app_context():
        assert national_ids.read(db.session.get_one(Account, kept)) == stubs.person("stranger").national_id


def test_a_staff_member_is_found_by_number_at_the_first_sign_in(app, client, log_in, stubs):
    person = stubs.person("caseworker_1")
    with app.app_context():
        staff.add(person.name, person.national_id, Role.CASEWORKER)
        db.session.commit()
    assert log_in(client, "caseworker_1").headers["Location"] == "/sak"


# -- C6, C7: the session is new, and so is its cookie


def test_a_session_planted_before_sign_in_is_dead(app, make, client, client_for, log_in):
    """Fixation: the attacker's own session is put into the victim's browser."""
    attacker = client_for(make.account("Anders Angriper"))
    planted = attacker.get_cookie("okt").value
    client.set_cookie("okt", planted)
    log_in(client, "stranger", fresh=True)
    assert client.get_cookie("okt").value != planted
    with app.app_context():
        assert db.session.get_one(LoginSession, attacker.login_session_id).ended_at is not None
    assert attacker.get("/velkommen").status_code == 303


def test_the_form_secret_is_new_after_sign_in(client, log_in):
    client.get("/logg-inn")
    with client.session_transaction() as session:
        before = session["csrf_token"]
    log_in(client, "stranger")
    client.get("/velkommen")
    with client.session_transaction() as session:
        assert session["csrf_token"] != before


def test_signing_in_to_min_side_is_no_use_of_an_access(app, make, client, log_in, stubs):
    account = make.account("Tuva Lyngmark", stubs.person("professional_nurse").national_id)
    make.professional(account)
    grant = make.user(account=account)
    for page, is_used in (("/min-side", False), ("/virksomhet", True)):
        before = clock.now()
        log_in(app.test_client(), "professional_nurse", next=page)
        with app.app_context():
            assert db.session.get_one(Account, account.id).last_login_at > before
            assert (db.session.get_one(Grant, grant.id).last_login_at is not None) is is_used, page


def test_signing_in_again_locks_registration_and_access_before_the_account(app, make, client, log_in, stubs):
    """As whoever ends an access or leaves the register does: else each could wait for the other."""
    account = make.account("Marit To", stubs.person("stranger").national_id)
    make.user(account=account)
    make.professional(account)
    log_in(client, "stranger", next="/virksomhet")
    with counted(app) as statements:
        log_in(client, "stranger", next="/virksomhet", fresh=True)
    begins = "UPDATE professional", "UPDATE access_grant", "SELECT account.id"
    locked = [one for one in statements if one.startswith(begins[:2]) or "FOR NO KEY UPDATE" in one]
    assert [one.startswith(begin) for one, begin in zip(locked, begins, strict=False)] == [True] * 3


def test_signing_in_again_goes_on_in_the_same_role(app, make, client, log_in, stubs, submit):
    """Two organisations: after a step-up nobody is asked again whom he or she acts for."""
    person = make.account("Marit To", stubs.person("stranger").national_id)
    make.user(AccessLevel.USER_ADMINISTRATOR, account=person)
    make.user(account=person, organisation=make.organisation("945475056", "KAUTOKEINO KOMMUNE"))
    log_in(client, "stranger", next="/virksomhet")
    assert client.get("/virksomhet").headers["Location"] == "/virksomhet/velg?next=/virksomhet"
    chosen = submit(client, "/virksomhet/velg?next=/virksomhet", acting=str(make.organisation().id))
    assert chosen.headers["Location"] == "/virksomhet"
    assert log_in(client, "stranger", next="/virksomhet/brukere", fresh=True).status_code == 303
    assert ">KOMMUNE 942110464</a>" in client.get("/virksomhet/brukere").text


def test_the_cookies_are_out_of_reach_of_scripts_and_other_sites(app, client, submit, log_in):
    log_in(client, "stranger")
    started = submit(app.test_client(), "/logg-inn")
    opened = client.get("/velkommen")
    for cookie in [*started.headers.getlist("Set-Cookie"), *opened.headers.getlist("Set-Cookie")]:
        assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/" in cookie and "Domain" not in cookie


def test_over_https_the_cookies_are_host_bound_and_secure(app, settings, submit, monkeypatch):
    settings(base_url="https://localhost")
    monkeypatch.setitem(app.config, "SESSION_COOKIE_NAME", "__Host-okt")
    monkeypatch.setitem(app.config, "SESSION_COOKIE_SECURE", True)
    client = app.test_client()
    page = client.get("/logg-inn", base_url="https://localhost")
    cookie = page.headers["Set-Cookie"]
    assert cookie.startswith("__Host-okt=") and "Secure" in cookie and "Path=/" in cookie
    from tests.pages import Page

    started = client.post("/logg-inn", data=Page(page.text).form().values, base_url="https://localhost")
    attempt = next(c for c in started.headers.getlist("Set-Cookie") if "innlogging" in c)
    assert attempt.startswith("__Host-innlogging=") and "Secure" in attempt


def test_a_signed_in_page_is_never_kept_by_the_browser(client, log_in):
    log_in(client, "stranger")
    assert client.get("/velkommen").headers["Cache-Control"] == "no-store"


# -- signing out


def test_signing_out_ends_our_session_then_the_providers(app, client, log_in, submit):
    log_in(client, "stranger")
    kept = client.get_cookie("okt").value
    answer = submit(client, "/velkommen", to="/logg-ut")
    assert answer.status_code == 303
    target = urlsplit(answer.headers["Location"])
    assert target.path == "/logout"
    query = parse_qs(target.query)
    assert query["post_logout_redirect_uri"] == ["http://localhost/logget-ut"] and "id_token_hint" not in query
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    client.set_cookie("okt", kept)
    assert client.get("/velkommen").headers["Location"].startswith("/logg-inn")
    assert _sessions(app) == 0


def test_the_way_back_from_the_provider_keeps_the_language(client, log_in, submit):
    log_in(client, "stranger")
    answer = submit(client, "/nn/velkommen", to="/logg-ut")
    state = parse_qs(urlsplit(answer.headers["Location"]).query)["state"]
    assert state == ["nn"]
    assert client.get("/logget-ut?state=nn").headers["Location"] == "/nn/logget-ut"
    for path in ("/nn/logget-ut?state=nn", "/logget-ut?state=nb", "/logget-ut?state=//annet.example"):
        assert client.get(path).status_code == 200


def test_signing_out_works_while_the_provider_is_away(app, client, log_in, submit, stubs):
    log_in(client, "stranger")
    app.extensions["agencies"].idporten._metadata = None
    stubs.control("idporten", "http500")
    answer = submit(client, "/velkommen", to="/logg-ut")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/logget-ut")
    assert _sessions(app) == 0


def test_signing_out_twice_is_fine(client, log_in, submit):
    log_in(client, "stranger")
    from tests.pages import Page

    form = Page(client.get("/velkommen").text).form_to("/logg-ut")
    assert client.post("/logg-ut", data=form.values).status_code == 303
    again = client.post("/logg-ut", data=form.values)
    assert (again.status_code, again.headers["Location"]) == (303, "/logget-ut")


@pytest.mark.parametrize("slash", ["", "/"])
def test_the_provider_ends_sessions_through_the_front_channel(app, client, log_in, slash):
    log_in(client, "stranger")
    with app.app_context():
        sid = db.session.scalars(select(LoginSession.provider_session_id)).one()
    frame = app.test_client()
    issuer = app.extensions["settings"].idporten_issuer
    for wrong in ({"iss": "https://evil.example", "sid": sid}, {"iss": issuer, "sid": "unknown"}, {"iss": issuer}, {}):
        answer = frame.get("/logg-ut/idporten", query_string=wrong)
        assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    assert _sessions(app) == 1
    answer = frame.get("/logg-ut/idporten", query_string={"iss": issuer + slash, "sid": sid})
    assert answer.status_code == 200
    assert issuer in answer.headers["Content-Security-Policy"].split("frame-ancestors")[1]
    assert client.get("/velkommen").headers["Location"].startswith("/logg-inn")


def test_a_form_from_another_site_is_refused(client, log_in):
    log_in(client, "stranger")
    from tests.pages import Page

    form = Page(client.get("/velkommen").text).form_to("/logg-ut")
    elsewhere = (("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "same-site"))
    for name, value in elsewhere:
        assert client.post("/logg-ut", data=form.values, headers={name: value}).status_code == 403
    assert client.get("/velkommen").status_code == 200


def test_the_sign_in_form_survives_a_lost_cookie(client, submit):
    from tests.pages import Page

    form = Page(client.get("/logg-inn?next=/velkommen").text).form()
    client.delete_cookie("okt")
    answer = client.post("/logg-inn", data=form.values)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/logg-inn?next=/velkommen")


def _role(app):
    with app.app_context():
        return db.session.scalars(select(LoginSession.role).order_by(LoginSession.last_seen_at.desc())).first()


def _sessions(app):
    with app.app_context():
        return db.session.scalar(select(func.count(LoginSession.id)).where(LoginSession.ended_at.is_(None)))
