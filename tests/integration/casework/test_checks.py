"""The panel «Kontroller»."""

from datetime import timedelta

import pytest

from extensions import clock
from extensions.database import db
from models.application import AccessApplication
from models.enums import GrantEnd, GrantStatus, Language
from services import case_checks
from services.case_checks import CheckState, belongs_to


@pytest.mark.parametrize(
    ("domain", "name"),
    [
        ("trondheim.kommune.no", "Trondheim kommune"),
        ("trondheim-kommune.example", "Trondheim kommune"),
        ("kautokeino.kommune.no", "Guovdageainnu suohkan / Kautokeino kommune"),
        ("stolav.no", "St. Olavs hospital HF"),
        ("sykehuset-innlandet.no", "SYKEHUSET INNLANDET HF"),
        ("helse-sorost.no", "Helse Sør-Øst RHF"),
        ("as.kommune.no", "Ås kommune"),
        ("baerum.kommune.no", "Bærum kommune"),
        ("nord-fron.kommune.no", "Nord-Fron kommune"),
    ],
)
def test_own_domains(domain, name):
    assert belongs_to(domain, name)


@pytest.mark.parametrize(
    ("domain", "name"),
    [
        ("trondheim.evil.example", "Trondheim kommune"),
        ("gmail.com", "Gmailia kommune"),
        ("kommune.no", "Trondheim kommune"),
        ("bergen.kommune.no", "Trondheim kommune"),
        ("as.com", "Trondheim kommune"),
        ("no", "Trondheim kommune"),
        ("", "Trondheim kommune"),
    ],
)
def test_other_domains(domain, name):
    assert not belongs_to(domain, name) or domain in case_checks.FREE_MAIL


def checks_of(application):
    found = case_checks.of(db.session.get_one(AccessApplication, application.id))
    return {check.key: check for check in found}


def looks(application):
    return {key for key, check in checks_of(application).items() if check.state is CheckState.LOOK}


def test_a_plain_case_is_in_order(context, case):
    assert looks(case) == set()


def test_the_page_says_when_everything_is_in_order(desk, case):
    page = desk.get(f"/sak/{case.id}")
    assert "Alle kontrollene er i orden. Du kan fatte vedtaket på én side." in page.text
    assert page.text.count("I orden") == 5


def test_unlisted_trust_and_unverified_unit(context, make):
    trust = make.organisation("310000043", "Fjellheimen sykehus HF", kind="health_trust", needs_check=True)
    unverified = make.organisation("310000019", "Stillevik kommune", verified_at=None)
    assert "registry" in looks(make.application("submitted", organisation=trust))
    assert "registry" in looks(make.application("submitted", organisation=unverified))


def test_an_unconfirmed_right(context, make):
    assert "right" in looks(make.application("submitted", right_confirmed_at=None))


def test_free_mail_and_foreign_domains(context, make, case):
    make.nominee(case, email="jonas@gmail.com", family_name="Privat")
    make.nominee(case, email="jonas@skylapp.example", family_name="Fremmed")
    lines = checks_of(case)["addresses"].lines
    assert [line for line in lines if "Privat har en privat e-postadresse (gmail.com)" in line]
    assert [line for line in lines if "skylapp.example" in line]


def test_a_domain_the_organisations_users_have_is_known(context, make, case):
    user = make.user(organisation=make.organisation())
    user = db.session.merge(user)
    user.nominee.email = "b@skylapp.example"
    db.session.commit()
    make.nominee(case, email="jonas@skylapp.example")
    assert "addresses" not in looks(case)


def test_earlier_access_here_and_elsewhere(context, make, case):
    here = make.user(organisation=make.organisation(), account=make.account("Nora", case.people[0].number))
    elsewhere = make.organisation("940101808", "Tromsø kommune")
    make.user(organisation=elsewhere, account=make.account("Jonas", case.people[1].number))
    lines = checks_of(case)["earlier_access"].lines
    assert "Nora Vintereple har allerede tilgang for virksomheten." in lines
    assert "Jonas Havregress har også tilgang for Tromsø kommune." in lines
    here = db.session.merge(here)
    here.status, here.ended_at, here.ended_as = GrantStatus.ENDED, clock.now(), GrantEnd.REMOVED
    db.session.commit()
    assert any("Nora Vintereple har hatt tilgang" in line for line in checks_of(case)["earlier_access"].lines)


def test_duplicates_by_organisation_and_by_person(context, make, case):
    make.application("submitted", organisation=make.organisation(), nominees=0)
    other = make.application("in_review", organisation=make.organisation("940101808", "Tromsø kommune"), nominees=0)
    make.nominee(other, case.people[0].number)
    make.application("declined", organisation=make.organisation(), nominees=0)
    lines = checks_of(case)["duplicates"].lines
    assert len(lines) == 2
    assert any("Nora Vintereple står også i søknad" in line and "Tromsø kommune" in line for line in lines)


def test_an_old_confirmation_is_in_order_but_not_fresh(context, make):
    old = make.organisation("310000019", "Stillevik kommune", verified_at=clock.now() - timedelta(hours=25))
    application = make.application("in_review", organisation=old, language=Language.NYNORSK)
    assert "registry" not in looks(application)
    assert not case_checks.is_registry_fresh(old)
