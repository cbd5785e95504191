"""No page asks the database more than six times (design.md section 9)."""

import pytest

from tests.statements import counted

MOST = 6


@pytest.mark.parametrize("page", ["innsender", "personer", "personer/ny", "personer/1", "kontaktperson", "kontroller"])
def test_a_step_page_asks_little(app, journey, page):
    trip = journey().fill(nominees=3)
    with counted(app) as statements:
        assert trip.get(page).status_code == 200
    assert len(statements) <= MOST, "\n".join(statements)


def test_a_saved_step_asks_little(app, journey):
    trip = journey().fill(nominees=3)
    form = trip.form("innsender")
    with counted(app) as statements:
        assert trip.client.post(f"{trip.path}/innsender", data=form.values).status_code == 303
    assert len(statements) <= MOST, "\n".join(statements)


@pytest.mark.parametrize("page", ["kvittering", "status"])
def test_a_page_after_submission_asks_little(app, journey, page):
    trip = journey().fill(nominees=3)
    trip.send()
    with counted(app) as statements:
        assert trip.get(page).status_code == 200
    assert len(statements) <= MOST, "\n".join(statements)
