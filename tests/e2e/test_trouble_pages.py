"""Pages nobody hopes to see, looked at like the others."""

from collections.abc import Callable

from stubs.people import by_key
from tests.e2e.conftest import Visitor
from tests.pages import Page as Html
from tests.site import Site


def test_wrong_addresses_and_answers(visitor: Callable[..., Visitor]) -> None:
    person = visitor()
    for path, name in (
        ("/logg-ut", "405"),
        ("/logg-inn/idporten/tilbake?state=x&code=y", "400 sign-in"),
        ("/soknad-finnes-ikke", "404"),
        ("/i/ukjent", "invitation gone"),
    ):
        person.open(path)
        person.looks_right(f"trouble {name}")


def test_altinn_away_and_a_right_that_was_lost(clean_site: Site, visitor: Callable[..., Visitor]) -> None:
    key = "submitter_municipality"
    early, late = visitor(), visitor()
    clean_site.stubs.control("altinn", "http503")
    early.sign_in(key, "/soknad/ny")
    assert "Altinn" in early.page.locator("main").inner_text()
    early.looks_right("trouble Altinn away")
    clean_site.stubs.control("altinn", "ok")

    late.sign_in(key, "/soknad/ny")
    late.choose("Trondheim kommune")
    late.press("Neste steg")
    draft = late.page.url
    number = by_key(key).national_id
    clean_site.stubs.control("altinn", "revoke", national_id=number, organisation="942110464")
    another = visitor()
    another.sign_in(key, "/velkommen")
    another.page.goto(draft)
    assert "Trondheim kommune" in another.page.locator("main").inner_text()
    another.looks_right("trouble right lost")


def test_too_much_and_too_often(clean_site: Site, visitor: Callable[..., Visitor]) -> None:
    person = visitor()
    person.open("/logg-inn")
    person.page.locator("input[name=next]").evaluate("(field) => { field.value = 'x'.repeat(2_000_000); }")
    person.press("Logg inn med ID-porten")
    assert person.heading() == "Det du sendte, er for stort"
    person.looks_right("trouble 413")
    person.open("/logg-inn")
    form = Html(person.page.content()).form().values | {"med": "ingen"}
    for _ in range(30):
        person.page.context.request.post(f"{clean_site.url}/logg-inn", form=form)
    person.press("Logg inn med ID-porten")
    assert person.heading() == "Du har prøvd mange ganger på kort tid"
    person.looks_right("trouble 429")
