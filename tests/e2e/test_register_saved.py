"""Saving a search, and stopping what it sends, in a browser."""

from collections.abc import Callable

from flask import Flask

from services import links
from stubs.people import by_key
from tests.builders import Builders
from tests.e2e.conftest import Visitor, count
from tests.site import Site


def test_a_search_is_saved_and_its_alerts_stopped(
    clean_site: Site, app: Flask, make: Builders, visitor: Callable[..., Visitor]
) -> None:
    reader = by_key("reader")
    organisation = make.organisation(name="Trondheim kommune")
    grant = make.user(account=make.account(reader.name, reader.national_id), organisation=organisation)
    make.professional()
    person = visitor(width=320)
    person.sign_in("reader", "/register/sok")
    person.looks_right("saved searches, none")
    person.open("/register?yrke=SP&tid=night&tid=day")
    person.press("Lagre søket")
    person.press("Lagre søket")
    person.looks_right("save a search, refused")
    person.fill(Navn_på_søket="Sykepleiere til natten i hjemmetjenesten på Byåsen, vinterhalvåret")
    person.choose("Hver uke")
    person.press("Lagre søket")
    make.professional()
    person.open("/register/sok")
    assert "2 treff, 1 ny siden" in person.page.locator("main").inner_text()
    person.looks_right("saved searches")
    person.follow(person.page.get_by_role("link", name="Endre"))
    person.looks_right("change a saved search")
    person.open("/register/sok")
    person.follow(person.page.get_by_role("link", name="Slett"))
    person.looks_right("delete a saved search")

    with app.app_context():
        path = links.alerts_path(grant.id)
    stranger = visitor(width=320)
    stranger.open(path)
    stranger.looks_right("stop the alerts")
    stranger.press("Stopp varslene")
    assert stranger.heading() == "Varslene er stoppet"
    assert count(clean_site, "SELECT count(*) FROM saved_search WHERE frequency = 'never'") == 1
