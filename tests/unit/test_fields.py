"""The field library (ux.md 3.1): what is taken, how it is stored and shown, and the words of each refusal."""

from datetime import date

import pytest
from werkzeug.datastructures import MultiDict
from wtforms import Form

from extensions.language import show_mobile
from forms.fields import DateField, EmailField, LineField, LongTextField, MobileField, NameField, NationalIdField
from tests.builders import synthetic_number

NUMBER = synthetic_number(77)


class Everything(Form):
    name = NameField("Navn", "Skriv fornavnet.", "Fornavnet kan ikke inneholde tall.")
    email = EmailField("E-post")
    mobile = MobileField("Mobil")
    title = LineField("Stilling", "Skriv stillingen.")
    number = NationalIdField("Fødselsnummer")
    text = LongTextField("Svar", "Skriv svaret.", 20)
    day = DateField("Dag", None)


def tried(app, field, value):
    with app.test_request_context():
        form = Everything(MultiDict({field: value}))
        form.validate()
        return form[field].data, [str(error) for error in form[field].errors]


@pytest.mark.parametrize(
    ("field", "typed", "stored"),
    [
        ("name", "  Áŋŋe   Mária ", "Áŋŋe Mária"),
        ("name", "O'Brien-Čáhci", "O'Brien-Čáhci"),
        ("name", "A\u030angstro\u0308m", "Ångström"),
        ("email", " Kari.Nordmann@KOMMUNE.No ", "Kari.Nordmann@kommune.no"),
        ("mobile", "98 76 54 32", "+4798765432"),
        ("mobile", "+47 987-65-432", "+4798765432"),
        ("mobile", "0047 98765432", "+4798765432"),
        ("mobile", "+46 70 123 45 67", "+46701234567"),
        ("title", "Råd\u200bgiver\u202e", "Rådgiver"),
        ("number", f"{NUMBER[:6]} {NUMBER[6:]}", NUMBER),
        ("text", "To\r\nlinjer", "To\nlinjer"),
        ("day", "31.01.27", date(2027, 1, 31)),
        ("day", "0027-01-31", date(2027, 1, 31)),  # what a browser makes of 31.01.27
        ("day", "31012027", date(2027, 1, 31)),
    ],
)
def test_taken_and_stored(app, field, typed, stored):
    assert tried(app, field, typed) == (stored, [])


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("name", "", "Skriv fornavnet."),
        ("name", "Kari2", "Fornavnet kan ikke inneholde tall."),
        ("name", "<b>", "Navnet kan bare inneholde bokstaver, bindestrek og apostrof."),
        ("email", "", "Skriv e-postadressen."),
        ("email", "kari", "E-postadressen mangler krøllalfa (@)."),
        ("email", "kari@kommune", "E-postadressen mangler domene, for eksempel kommune.no."),
        ("email", "kari@@kommune.no", "Skriv e-postadressen slik: navn@kommune.no."),
        ("mobile", "", "Skriv mobilnummeret."),
        ("mobile", "9876543", "Mobilnummeret må ha 8 siffer. Start med + og landkode hvis det er utenlandsk."),
        ("mobile", "ring meg", "Mobilnummeret må ha 8 siffer. Start med + og landkode hvis det er utenlandsk."),
        ("title", "x" * 103, "Teksten i «Stilling» er 3 tegn for lang."),
        ("day", "?", "Skriv datoen slik: 05.06.2027."),
        ("day", "29.02.27", "Skriv datoen slik: 05.06.2027."),
        ("number", "", "Skriv fødselsnummeret."),
        ("number", "1234567890", "Fødselsnummeret må ha 11 siffer."),
        ("number", "12345678901", "Fødselsnummeret stemmer ikke. Sjekk at alle sifrene er riktige."),
        ("text", "", "Skriv svaret."),
        ("text", "x" * 5020, "Teksten i «Svar» er 5\N{NO-BREAK SPACE}000 tegn for lang."),
        ("text", NUMBER, "Teksten i «Svar» ser ut til å inneholde et fødselsnummer. Fjern det før du går videre."),
    ],
)
def test_refused_in_these_words(app, field, typed, words):
    assert tried(app, field, typed)[1] == [words]


def test_production_refuses_synthetic_numbers(app, settings):
    settings(allow_synthetic_id=False)
    assert tried(app, "number", NUMBER)[1] == ["Fødselsnummeret stemmer ikke. Sjekk at alle sifrene er riktige."]


def test_a_mobile_number_is_shown_as_people_write_it():
    assert show_mobile("+4798765432") == "98 76 54 32"
    assert show_mobile("+46701234567") == "+46 70 123 45 67"
