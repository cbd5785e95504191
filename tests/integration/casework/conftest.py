"""A caseworker at the desk, and cases to work."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from models.account import Account
from models.application import AccessApplication
from models.enums import AccessLevel, ApplicationStatus, Role


@pytest.fixture
def worker(make: Any) -> Account:
    return make.staff(name="Saga Papirlund")


@pytest.fixture
def colleague(make: Any) -> Account:
    return make.staff(name="Bjørn Stempelås")


@pytest.fixture
def desk(client_for: Callable[..., FlaskClient], worker: Account) -> FlaskClient:
    """The caseworker's browser."""
    return client_for(worker, Role.CASEWORKER)


@pytest.fixture
def case(make: Any, worker: Account) -> AccessApplication:
    """A case under review with the caseworker: two persons with addresses of the municipality's."""
    organisation = make.organisation(name="Trondheim kommune")
    application = make.application(
        ApplicationStatus.IN_REVIEW, organisation=organisation, nominees=0, caseworker_id=worker.id
    )
    application.people = [
        make.nominee(application, email="nora@trondheim.kommune.no", given_name="Nora", family_name="Vintereple"),
        make.nominee(
            application,
            email="jonas@trondheim.kommune.no",
            given_name="Jonas",
            family_name="Havregress",
            access_level=AccessLevel.RECRUITER,
        ),
    ]
    return application
