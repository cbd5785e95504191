"""What Enhetsregisteret says, how long it is believed, and what area is an organisation's own (design.md D5, D6)."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from adapters.errors import Unavailable
from extensions import clock
from extensions.database import db
from models.enums import Language, OrganisationKind
from models.organisation import HealthTrust, HealthTrustArea, Organisation, RegistryUnit
from services import organisations
from services.organisations import NotEligible

TRONDHEIM, ST_OLAV, HELSE_MIDT, SOUTH_EAST = "942110464", "883974832", "983658776", "991324968"


@pytest.mark.parametrize(
    ("number", "top", "kind", "language", "needs_check", "name"),
    [
        (TRONDHEIM, TRONDHEIM, "municipality", None, False, "Trondheim kommune"),
        ("945475056", "945475056", "municipality", Language.BOKMAL, False, "Kautokeino kommune"),
        ("997506499", "958935420", "municipality", None, False, "Oslo kommune"),
        ("310000027", "310000019", "municipality", Language.NYNORSK, False, "STILLEVIK KOMMUNE"),
        (ST_OLAV, ST_OLAV, "health_trust", None, False, "St. Olavs hospital HF"),
        ("310000183", "310000043", "health_trust", Language.BOKMAL, True, "FJELLHEIMEN SYKEHUS HF"),
        (SOUTH_EAST, SOUTH_EAST, "health_trust", None, False, "Helse Sør-Øst RHF"),
    ],
)
def test_a_unit_is_judged_by_its_top(context, number, top, kind, language, needs_check, name):
    found = organisations.resolve(number)
    assert (found.unit.number, found.top.number, found.kind, found.name) == (number, top, kind, name)
    assert (found.language, found.needs_check, found.is_confirmed) == (language, needs_check, True)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("310000086", "aksjeselskap"),
        ("310000094", "aksjeselskap"),
        ("920717152", "fylkeskommune"),
        ("310000078", "interkommunalt"),
        ("310000051", "ikke et helseforetak"),
        ("310000175", "kommunalt foretak"),
        ("310000116", "konkurs"),
        ("310000124", "under avvikling"),
        ("310000132", "slettet i Enhetsregisteret 31. desember 2025"),
        ("310000140", "fjernet fra Enhetsregisteret"),
        ("310000159", "hvilken virksomhet enheten hører til"),
        ("999999999", "Vi finner ikke organisasjonsnummeret"),
        ("ikke et tall", "Vi finner ikke organisasjonsnummeret"),
    ],
)
def test_everything_else_is_refused_with_its_own_reason(context, number, words):
    if not number.isdigit():
        number = "12345678"
    with pytest.raises(NotEligible) as refusal:
        organisations.resolve(number)
    assert words in refusal.value.reason


@pytest.mark.parametrize(
    ("form", "name", "is_listed", "kind"),
    [
        ("KOMM", "LILLEBY KOMMUNE", False, OrganisationKind.MUNICIPALITY),
        ("SÆR", "NYE SYKEHUS HF", False, OrganisationKind.HEALTH_TRUST),
        ("SÆR", "HELSE NYE RHF", False, OrganisationKind.HEALTH_TRUST),
        ("SÆR", "SYKEHUSAPOTEKENE HF ", False, OrganisationKind.HEALTH_TRUST),
        ("SÆR", "HF STIFTELSEN", False, None),
        ("SÆR", "BERGHF", False, None),
        ("AS", "FALSKT HF", False, None),
        ("STAT", "ET FORETAK", True, OrganisationKind.HEALTH_TRUST),
        ("FYLK", "INNLANDET FYLKESKOMMUNE", False, None),
        ("", "", False, None),
    ],
)
def test_what_a_form_and_a_name_are(form, name, is_listed, kind):
    assert organisations.kind_of(form, name, is_listed=is_listed) is kind


def asked(stubs, number):
    return sum(number in str(entry) for entry in stubs.log("enhetsregisteret"))


def test_an_answer_is_believed_for_a_day(context, stubs):
    organisations.resolve(TRONDHEIM)
    once = asked(stubs, TRONDHEIM)
    organisations.resolve(TRONDHEIM)
    assert asked(stubs, TRONDHEIM) == once
    context.rollback()
    with clock.at(clock.now() + timedelta(hours=24, minutes=1)):
        assert organisations.resolve(TRONDHEIM).is_confirmed
    assert asked(stubs, TRONDHEIM) > once


def test_a_no_is_believed_for_an_hour(context, stubs):
    for _ in range(2):
        with pytest.raises(NotEligible):
            organisations.resolve("999999999")
    once = asked(stubs, "999999999")
    context.rollback()
    with clock.at(clock.now() + timedelta(minutes=61)), pytest.raises(NotEligible):
        organisations.resolve("999999999")
    assert asked(stubs, "999999999") > once


def test_a_refusal_is_remembered_though_the_request_is_rolled_back(context):
    with pytest.raises(NotEligible):
        organisations.resolve("310000140")
    context.rollback()
    assert db.session.get_one(RegistryUnit, "310000140").is_removed


@pytest.mark.parametrize("mode", ["http503", "html", "reset"])
def test_an_old_answer_is_used_for_thirty_days_while_it_is_away(context, stubs, mode):
    before = organisations.resolve(TRONDHEIM)
    context.rollback()
    stubs.control("enhetsregisteret", mode)
    with clock.at(clock.now() + timedelta(days=29)):
        found = organisations.resolve(TRONDHEIM)
        assert not found.is_confirmed and found.fetched_at == before.fetched_at
        with pytest.raises(Unavailable):
            organisations.resolve(ST_OLAV)
    with clock.at(clock.now() + timedelta(days=31)), pytest.raises(Unavailable):
        organisations.resolve(TRONDHEIM)


def test_asking_again_brings_our_row_up_to_date(context, make, stubs):
    organisation = make.organisation(TRONDHEIM, "Gammelt navn", address="Gammel adresse", verified_at=None)
    organisation = db.session.get_one(Organisation, organisation.id)
    assert organisations.reverify(organisation)
    assert (organisation.name, organisation.address) == ("Trondheim kommune", "Munkegata 1, 7013 TRONDHEIM")
    assert organisation.verified_at is not None and clock.now() - organisation.verified_at < timedelta(minutes=1)
    stubs.control("enhetsregisteret", "http503")
    assert not organisations.reverify(organisation)


def test_an_ended_organisation_is_not_verified(context, make):
    organisation = make.organisation("310000124", "Storskog kommune")
    with pytest.raises(NotEligible, match="under avvikling"):
        organisations.reverify(organisation)


def area(make, number, kind):
    organisation = make.organisation(number, number, kind=kind)
    return {municipality.name for municipality in organisations.area(organisation)}


def test_areas(context, make):
    trust = OrganisationKind.HEALTH_TRUST
    assert area(make, TRONDHEIM, OrganisationKind.MUNICIPALITY) == {"Trondheim"}
    own = area(make, ST_OLAV, trust)
    assert "Trondheim" in own and "Oslo" not in own
    region = area(make, HELSE_MIDT, trust)
    assert own < region
    assert area(make, "310000043", trust) == set()
    assert area(make, "310000019", OrganisationKind.MUNICIPALITY) == set()


def test_a_trust_without_a_catchment_has_its_owners(context, make):
    owned = select(HealthTrust).where(
        HealthTrust.owner_number == HELSE_MIDT,
        HealthTrust.organisation_number.not_in(select(HealthTrustArea.organisation_number)),
    )
    trust = db.session.scalars(owned).first()
    assert trust is not None, "the reference data hold such a trust: a pharmacy or a support unit"
    trusts = OrganisationKind.HEALTH_TRUST
    assert area(make, trust.organisation_number, trusts) == area(make, HELSE_MIDT, trusts)
