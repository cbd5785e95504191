"""Each system as the adapters meet it: the stand-in, or the agency's test environment when its settings are given."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from adapters import http
from adapters.altinn import Altinn
from adapters.enhetsregisteret import Enhetsregisteret
from adapters.helseid import HelseId
from adapters.hpr import Hpr
from adapters.idporten import IdPorten
from adapters.maskinporten import Maskinporten
from stubs.testing import Stubs, start_stubs
from tests.contract.support import (
    AUTHORITIES,
    BASE_URL,
    HELSEID_REDIRECT_URI,
    HPR_SCOPES,
    REDIRECT_URI,
    AltinnCase,
    HprCase,
    Login,
    altinn_at,
    helseid_at,
    hpr_at,
    idporten_at,
    key_of,
    maskinporten_at,
    real,
    remembered_key,
)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs_real_env(system): settles a fact at the agency's test environment")
    config.addinivalue_line("markers", "needs_stand_in: uses the fault switch or the made-up people")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what the settings given do not allow; deselected and counted, never skipped."""
    here = Path(__file__).parent
    out = [item for item in items if item.path.is_relative_to(here) and not _is_possible(item)]
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in out]


def _is_possible(item: pytest.Item) -> bool:
    if wanted := item.get_closest_marker("needs_real_env"):
        return all(real(system) for system in wanted.args)
    if item.get_closest_marker("needs_stand_in"):
        return real(item.path.stem.removeprefix("test_")) is None
    return True


@pytest.fixture(scope="session")
def shared_stubs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stubs]:
    with start_stubs(tmp_path_factory.mktemp("keys"), BASE_URL) as stubs:
        yield stubs


@pytest.fixture
def stubs(shared_stubs: Stubs) -> Iterator[Stubs]:
    """The stand-ins, without faults at the start of each test."""
    yield shared_stubs
    shared_stubs.reset()


@pytest.fixture
def impatient(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Time-outs, pauses and keys quick enough for a test."""
    monkeypatch.setattr("joserfc.jwk.RSAKey.import_key", remembered_key)
    parameters = request.node.callspec.params if hasattr(request.node, "callspec") else {}
    if "timeout" in parameters.values():
        monkeypatch.setattr(http, "READ_SECONDS", 0.5)
    monkeypatch.setattr("random.uniform", lambda *_: 0.0)


@pytest.fixture
def login(request: pytest.FixtureRequest, impatient: None) -> Iterator[Login]:
    with httpx.Client(verify=AUTHORITIES) as browser:
        if settings := real("idporten"):
            uri = settings["REDIRECT_URI"]
            key = key_of(settings["KEY_FILE"])
            adapter = IdPorten(settings["ISSUER"], settings["CLIENT_ID"], key, uri, allow_test_users=True)
            yield Login(adapter, browser, uri, settings["PERSON"], None)
        else:
            stubs: Stubs = request.getfixturevalue("stubs")
            adapter = idporten_at(stubs)
            yield Login(adapter, browser, REDIRECT_URI, stubs.person("submitter_municipality").national_id, stubs)


@pytest.fixture
def helseid(request: pytest.FixtureRequest, impatient: None) -> Iterator[Login]:
    with httpx.Client(verify=AUTHORITIES) as browser:
        if settings := real("helseid"):
            uri = settings["REDIRECT_URI"]
            key = key_of(settings["KEY_FILE"])
            real_one = HelseId(settings["ISSUER"], settings["CLIENT_ID"], key, uri, allow_test_users=True)
            yield Login(real_one, browser, uri, settings["PERSON"], None, "4", settings["SIGN_IN"])
        else:
            stubs: Stubs = request.getfixturevalue("stubs")
            person = stubs.person("professional_midwife").national_id
            yield Login(helseid_at(stubs), browser, HELSEID_REDIRECT_URI, person, stubs, "4")


@pytest.fixture
def maskinporten(request: pytest.FixtureRequest, impatient: None) -> Maskinporten:
    if settings := real("maskinporten"):
        return Maskinporten(settings["ISSUER"], settings["CLIENT_ID"], key_of(settings["KEY_FILE"]))
    return maskinporten_at(request.getfixturevalue("stubs"))


@pytest.fixture
def altinn(request: pytest.FixtureRequest, maskinporten: Maskinporten) -> AltinnCase:
    if settings := real("altinn"):
        adapter = Altinn(settings["URL"], maskinporten, settings["RESOURCE"], settings.get("SUBSCRIPTION_KEY"))
        return AltinnCase(adapter, settings["PERSON"], settings["ORGANISATION"], settings["OTHER_ORGANISATION"])
    stubs: Stubs = request.getfixturevalue("stubs")
    person = stubs.person("submitter_municipality")
    return AltinnCase(altinn_at(stubs), person.national_id, person.rights[0], "883974832")


@pytest.fixture
def enhetsregisteret(request: pytest.FixtureRequest, impatient: None) -> Enhetsregisteret:
    if settings := real("enhetsregisteret"):
        return Enhetsregisteret(settings["URL"])
    return Enhetsregisteret(request.getfixturevalue("stubs").url("enhetsregisteret"))


@pytest.fixture
def hpr(request: pytest.FixtureRequest, maskinporten: Maskinporten) -> HprCase:
    if settings := real("hpr"):
        adapter = Hpr(settings["URL"], maskinporten, HPR_SCOPES)
        return HprCase(adapter, settings["PERSON"], settings["PERSON_NOT_IN_HPR"])
    stubs: Stubs = request.getfixturevalue("stubs")
    nurse, nobody = stubs.person("professional_nurse"), stubs.person("professional_not_in_hpr")
    return HprCase(hpr_at(stubs), nurse.national_id, nobody.national_id)
