"""The macros every form is made of: the wiring that assistive technology and our error rules depend on."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, render_template_string
from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    EmailField,
    FieldList,
    Form,
    FormField,
    RadioField,
    SelectChoice,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length

FORMS = '{% from "components/forms.html" import field, choices, error_summary, form_start, wizard_buttons %}'
CONTENT = '{% from "components/content.html" import summary_list, table, alert %}'
NAVIGATION = '{% from "components/navigation.html" import pagination, step_indicator %}'


class Row(Form):
    first_name = StringField("Fornavn", [InputRequired("Skriv fornavnet.")])


class Sample(Form):
    email = EmailField("E-post", [InputRequired("Skriv e-postadressen."), Length(max=254)], description="Til jobben.")
    level = RadioField(
        "Hva skal personen gjøre?",
        [InputRequired("Velg hva.")],
        choices=[SelectChoice("a", "Søke"), SelectChoice("b", "Styre")],
    )
    note = TextAreaField("Notat")
    confirmed = BooleanField("Jeg bekrefter.", [InputRequired("Kryss av.")])
    people = FieldList(FormField(Row), min_entries=1)


@pytest.fixture(autouse=True)
def request_context(app: Flask) -> Iterator[None]:
    with app.test_request_context("/"):
        yield


def draw(source: str, **values: Any) -> str:
    return render_template_string(FORMS + CONTENT + NAVIGATION + source, **values)


def refused(**data: str) -> Sample:
    form = Sample(MultiDict(data))
    form.validate()
    return form


def test_a_field_names_its_error_before_its_help() -> None:
    html = draw("{{ field(form.email) }}", form=refused())
    assert 'aria-describedby="email-feil email-hjelp"' in html and 'aria-invalid="true"' in html
    assert 'id="email-feil">Skriv e-postadressen.' in html and 'id="email-hjelp">Til jobben.' in html


def test_a_field_without_error_is_not_flagged() -> None:
    html = draw("{{ field(form.email) }}", form=Sample())
    assert "aria-invalid" not in html and 'aria-describedby="email-hjelp"' in html


def test_the_browser_is_left_out_of_validation() -> None:
    html = draw("{{ form_start() }}{{ field(form.email) }}", form=Sample())
    assert " novalidate" in html
    assert " required" not in html and "maxlength" not in html


def test_every_post_form_carries_its_two_keys() -> None:
    html = draw("{{ form_start() }}")
    assert 'name="csrf_token"' in html and 'name="form_key"' in html


def test_the_summary_links_to_the_first_input_of_each_refused_field() -> None:
    html = draw("{{ error_summary(form) }}", form=refused(**{"people-0-first_name": ""}))
    assert [part.split('"')[0] for part in html.split('href="')[1:]] == [
        "#email", "#level-0", "#confirmed", "#people-0-first_name",
    ]  # fmt: skip
    assert "autofocus" in html and 'tabindex="-1"' in html


def test_the_summary_repeats_the_words_at_the_field() -> None:
    form = refused()
    html = draw("{{ error_summary(form) }}{{ field(form.level) }}", form=form)
    assert html.count("Velg hva.") == 2


def test_a_form_without_errors_has_no_summary() -> None:
    assert "ds-error-summary" not in draw("{{ error_summary(form) }}", form=Sample())


def test_errors_without_a_field_are_told_with_their_address() -> None:
    html = draw("{{ error_summary(none, [('Legg til minst én person.', '#legg-til')]) }}")
    assert '<a class="ds-link" href="#legg-til">Legg til minst én person.</a>' in html


def test_choices_are_a_group_with_its_question() -> None:
    html = draw("{{ choices(form.level, descriptions={'a': 'Vanligst.'}) }}", form=Sample(MultiDict({"level": "b"})))
    assert "<fieldset" in html and "<legend" in html
    assert 'value="b" checked' in html and 'value="a" checked' not in html
    assert 'aria-describedby="level-0-hjelp"' in html and "Vanligst." in html


def test_what_was_typed_is_shown_again_as_text() -> None:
    html = draw(
        "{{ field(form.email) }}{{ field(form.note) }}", form=refused(email='"><script>', note="</textarea><b>")
    )
    assert "<script>" not in html and "<b>" not in html


def test_tags_say_what_must_be_filled_in() -> None:
    html = draw("{{ field(form.email, tag=true) }}{{ field(form.note, tag=true) }}", form=Sample())
    assert html.index("Må fylles ut") < html.index("Valgfritt")


def test_enter_means_next() -> None:
    html = draw("{{ wizard_buttons() }}")
    assert html.index('value="next"') < html.index('value="previous"') < html.index('value="later"')
    assert "previous" not in draw("{{ wizard_buttons(previous=false) }}")


def test_missing_facts_are_called_missing() -> None:
    html = draw("{{ summary_list([('Navn', 'Kari'), ('Mobil', none), ('Adresse', ['Storgata 1', '<7900>'])]) }}")
    assert html.count("Mangler") == 1
    assert "Storgata 1<br>&lt;7900&gt;" in html


def test_a_table_scrolls_in_a_named_frame() -> None:
    html = draw("{% call table('Personer', 'p', ['Navn', {'text': 'Antall', 'number': true}]) %}<tr></tr>{% endcall %}")
    assert 'role="region" aria-labelledby="p-t" tabindex="0"' in html and '<caption id="p-t"' in html
    assert '<th scope="col" class="tall">Antall</th>' in html


def test_the_present_page_and_step_are_marked() -> None:
    html = draw("{{ pagination(2, 3, '?side={}'.format) }}")
    assert html.count('aria-current="true"') == 1 and 'href="?side=3"' in html
    steps = [{"title": "En", "url": "/1", "done": True}, {"title": "To", "url": "/2"}, {"title": "Tre", "url": None}]
    html = draw("{{ step_indicator(steps, 2) }}", steps=steps)
    assert 'href="/2" aria-current="step"' in html and "Steg 2 av 3" in html
    assert draw("{{ pagination(1, 1, '?side={}'.format) }}").strip() == ""
