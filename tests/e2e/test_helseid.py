"""In and out with HelseID in a real browser: the page's policy lets the form through, and the logout's frame in."""

from collections.abc import Callable

from stubs.people import by_key
from tests.e2e.conftest import Visitor
from tests.site import Site


def test_signing_in_and_out_with_helseid(visitor: Callable[..., Visitor], clean_site: Site) -> None:
    person, nurse = visitor(), by_key("professional_nurse")
    person.open("/logg-inn?next=/velkommen")
    person.press("Logg inn med HelseID")
    person.follow(person.page.get_by_role("button", name=nurse.name))
    person.page.wait_for_url("**/velkommen")
    assert person.page.get_by_text(f"Logget inn som {nurse.name}", exact=True).is_visible()
    person.open("/logg-inn?ny=1&next=/velkommen")
    person.looks_right("bekreft innloggingen")
    assert person.page.get_by_role("button", name="Logg inn med").all_inner_texts() == ["Logg inn med HelseID"]
    elsewhere = person.page.context.new_page()
    elsewhere.goto(f"{clean_site.url}/velkommen")
    person.open("/velkommen")
    person.press("Logg ut")
    assert person.heading() == "Logg ut av HelseID"
    with person.page.expect_response("**/logg-ut/helseid?*") as told:
        person.press("Logg ut")
    assert told.value.status == 200
    elsewhere.reload()
    assert elsewhere.url.startswith(f"{clean_site.url}/logg-inn")
    clean_site.stubs.control("helseid", "http500", path="/connect/par")
    person.open("/logg-inn?next=/velkommen")
    person.press("Logg inn med HelseID")
    assert person.heading() == "HelseID svarer ikke"
    person.looks_right("helseid nede")
    person.press("Logg inn med ID-porten")
    assert person.heading() == "Velg hvem du logger inn som"
