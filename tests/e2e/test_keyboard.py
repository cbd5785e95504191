"""From the skip link to the receipt without a mouse, with the focus always to be seen."""

from collections.abc import Callable

from stubs.people import by_key
from tests.e2e.conftest import Visitor
from tests.site import Site

FOCUS = """() => {
    const here = document.activeElement;
    const label = here.labels?.[0] ?? here.closest("button, a, summary") ?? here;
    const marked = (node) => {
        const style = node && getComputedStyle(node);
        return style && (style.outlineStyle !== "none" || style.boxShadow !== "none");
    };
    const box = here.getBoundingClientRect();
    return {
        text: (here.getAttribute("aria-label") || label.innerText || "").trim().replace(/\\s+/g, " "),
        tag: here.tagName,
        // A card of one choice is marked as a whole; the skip link is seen because it appears.
        seen: marked(here) || marked(here.closest(".ds-field")) || here.matches(".ds-skip-link"),
        inside: box.bottom > 0 && box.top < innerHeight && box.width > 0,
    };
}"""


class Keyboard:
    """Hands on the keyboard only."""

    def __init__(self, visitor: Visitor) -> None:
        self.page = visitor.page

    def to(self, words: str, backwards: bool = False) -> None:
        """Tab until the focus stands on what begins with these words; it must be seen all the way."""
        met = []
        for _ in range(90):
            self.page.keyboard.press("Shift+Tab" if backwards else "Tab")
            here = self.page.evaluate(FOCUS)
            met.append(here["text"][:30])
            if here["tag"] == "BODY":
                continue
            assert here["seen"], f"no visible focus on {here}"
            assert here["inside"], f"the focus is out of sight on {here}"
            if here["text"].startswith(words):
                return
        raise AssertionError(f"{words!r} cannot be reached; met {met}")

    def press(self, words: str, key: str = "Enter") -> None:
        self.to(words)
        with self.page.expect_navigation():
            self.page.keyboard.press(key)

    def press_link_to_field(self, words: str) -> None:
        """Follow a link of the error summary into its field."""
        self.to(words)
        self.page.keyboard.press("Enter")
        assert self.page.evaluate("document.activeElement.tagName") == "INPUT"

    def write(self, words: str, text: str) -> None:
        self.to(words)
        self.page.keyboard.type(text)

    def tick(self, words: str) -> None:
        self.to(words)
        self.page.keyboard.press("Space")

    def choose(self, first: str, steps: int) -> None:
        """Go to a group of radio buttons and walk down it with the arrow."""
        self.to(first)
        self.page.keyboard.press("Space")
        for _ in range(steps):
            self.page.keyboard.press("ArrowDown")


def test_from_skip_link_to_receipt(clean_site: Site, visitor: Callable[..., Visitor]) -> None:
    somebody = visitor()
    keys = Keyboard(somebody)
    person, nominee = by_key("submitter_municipality"), by_key("nominee_municipality_1")
    somebody.open("/logg-inn?next=/soknad/ny")
    keys.to("Hopp til hovedinnholdet")
    somebody.page.keyboard.press("Enter")
    keys.press("Logg inn med ID-porten")
    keys.press(person.name)
    somebody.page.wait_for_url(f"{clean_site.url}/**")

    keys.tick("Trondheim kommune")
    keys.press("Neste steg")
    keys.press("Neste steg")
    summary = somebody.page.evaluate(FOCUS)
    assert "For å gå videre må du rette opp følgende feil" in summary["text"], "the summary takes the focus"
    keys.press_link_to_field("Skriv e-postadressen.")
    somebody.page.keyboard.type("innsender@kommune.example")
    keys.write("Mobil", "91234567")
    keys.write("Stilling", "Personalrådgiver")
    keys.press("Neste steg")

    keys.press("Legg til person")
    given, family = nominee.name.split(" ", 1)
    keys.write("Fornavn", given)
    keys.write("Etternavn", family)
    keys.write("Fødselsnummer", nominee.national_id)
    keys.write("E-post i jobben", nominee.email or "")
    keys.write("Mobil", "98765432")
    keys.write("Stilling", "Rådgiver")
    keys.choose("Søke i registeret", 1)
    keys.press("Lagre person")
    keys.press("Neste steg")

    keys.choose("Jeg", 0)
    keys.press("Neste steg")
    keys.tick("Jeg bekrefter at opplysningene er riktige")
    keys.press("Signer og send inn")
    assert "Søknaden er sendt inn" in somebody.page.locator("main").inner_text()
