"""Languages of the pages: bokmål without prefix, /nn and /en before the same path (ux.md section 2)."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, cast
from unicodedata import normalize

import phonenumbers
from babel import Locale
from babel.dates import format_date
from flask import Flask, g, has_request_context, request
from flask_babel import Babel, force_locale, get_locale, get_translations
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

from extensions.clock import OSLO
from models.enums import Language

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

TRANSLATIONS = Path(__file__).parent.parent / "translations"
ENVIRON_KEY = "helsereserven.language"
PREFIXED = (Language.NYNORSK, Language.ENGLISH)
DATE_LOCALES = {Language.BOKMAL: "nb", Language.NYNORSK: "nn", Language.ENGLISH: "en_GB"}


class LanguagePrefix:
    """Moves a leading /nn or /en into SCRIPT_NAME, so that routes stay single and url_for keeps the language."""

    def __init__(self, wsgi_app: "WSGIApplication") -> None:
        self.wsgi_app = wsgi_app

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        for language in PREFIXED:
            prefix = f"/{language}"
            if path == prefix or path.startswith(f"{prefix}/"):
                environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + prefix
                environ["PATH_INFO"] = path[len(prefix) :] or "/"
                environ[ENVIRON_KEY] = language
        return self.wsgi_app(environ, start_response)


class NoCatalogue(Exception):
    """The texts of a language are not compiled: every page of it would be bokmål, and nobody would be told."""


def init_app(app: Flask) -> None:
    """Raises NoCatalogue."""
    for language in PREFIXED:
        catalogue = TRANSLATIONS / language / "LC_MESSAGES" / "messages.mo"
        if not catalogue.exists():
            raise NoCatalogue(f"{catalogue} is missing: python3 dev/bootstrap.py makes it")
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(TRANSLATIONS)
    app.config["BABEL_DEFAULT_LOCALE"] = "nb"
    app.config["BABEL_DEFAULT_TIMEZONE"] = "Europe/Oslo"
    Babel(app, locale_selector=lambda: current_language().value)
    app.jinja_env.globals["_"] = _translate
    app.wsgi_app = LanguagePrefix(app.wsgi_app)  # type: ignore[method-assign]


def current_language() -> Language:
    """The language of this request, from its address; bokmål outside a request."""
    return (
        cast(Language, request.environ.get(ENVIRON_KEY, Language.BOKMAL)) if has_request_context() else Language.BOKMAL
    )


def language_of(path: str) -> Language:
    """The language of a path of ours, by its prefix."""
    return next((kind for kind in PREFIXED if f"{path}/".startswith(f"/{kind}/")), Language.BOKMAL)


def rendered_language() -> Language:
    """The language texts are being made in now: the request's, or the one forced for an e-mail or document."""
    locale = get_locale()
    return _BY_CODE.get(locale.language, Language.BOKMAL) if locale else Language.BOKMAL


_BY_CODE = {language.value: language for language in Language}


@contextmanager
def in_language(language: Language) -> Iterator[None]:
    """A block in which texts are made in `language`."""
    before = g.pop("texts", None)
    with force_locale(language.value):
        yield
    g.pop("texts", None)
    if before is not None:
        g.texts = before


class _Texts(dict[str, Markup]):
    """The texts of one language, each looked up in its catalogue once a process. Our own texts are safe as HTML."""

    def __init__(self, language: Language) -> None:
        super().__init__()
        self.language = language

    def __missing__(self, text: str) -> Markup:
        found = self[text] = Markup(get_translations().ugettext(text))
        return found


_TEXTS = {language: _Texts(language) for language in Language}


@pass_eval_context
def _translate(context: EvalContext, text: str, /, **variables: object) -> str:
    """`_("…", name=value)` in templates: variables are escaped where the template escapes. A page has many texts, so
    this is kept short: the language is found once a request."""
    texts: _Texts | None = g.get("texts")
    if texts is None:
        texts = g.texts = _TEXTS[rendered_language()]
    found = texts[text]
    if not context.autoescape:
        return str(found) % variables
    return found % variables if variables or "%" in text else found


@cache
def countries(language: Language) -> tuple[tuple[str, str], ...]:
    """Every country as (ISO 3166-1 code, name) in a language, Norway first; Unicode CLDR keeps the names."""
    names = Locale.parse(DATE_LOCALES[language]).territories
    found = [(code, name) for code, name in names.items() if _COUNTRY.fullmatch(code) and code not in _NO_COUNTRIES]
    return tuple(sorted(found, key=lambda pair: (pair[0] != "NO", alphabetical(pair[1]))))


_COUNTRY = re.compile(r"[A-Z]{2}")
_NO_COUNTRIES = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}
"""CLDR's codes for unions, outlying islands and tests."""


def alphabetical(text: str) -> list[int]:
    """The place of a text in a list: Norwegian and Northern Sami letters in their order, others without their marks."""
    letters = text.casefold()
    return [_PLACES.get(letter) or _PLACES.get(normalize("NFD", letter)[0], 0) for letter in letters]


_PLACES = {letter: place for place, letter in enumerate("0123456789aábcčdđefghijklmnŋopqrsštŧuvwxyzžæøå", 1)}


def show_date(value: date | datetime, style: str = "long") -> str:
    """A date as people write it: «5. juni 2027», or «05.06.2027» with style "short". Times are turned into Oslo
    days."""
    day = value.astimezone(OSLO).date() if isinstance(value, datetime) else value
    if style == "short":
        return day.strftime("%d.%m.%Y")
    return _long_date(day, DATE_LOCALES[rendered_language()])


@lru_cache(maxsize=2_000)
def _long_date(day: date, locale: str) -> str:
    return format_date(day, "long", locale=locale)


def show_time(value: datetime) -> str:
    """A clock time in Oslo, «13.45»; in English «13:45»."""
    return value.astimezone(OSLO).strftime("%H:%M" if rendered_language() is Language.ENGLISH else "%H.%M")


def show_datetime(value: datetime) -> str:
    """Day and clock time in Oslo, «05.06.2027 13.45»."""
    return f"{show_date(value, 'short')} {show_time(value)}"


def show_number(number: int) -> str:
    """A number as people read it: «1 000», in English «1,000»."""
    text = f"{number:,}"
    return text if rendered_language() is Language.ENGLISH else text.replace(",", "\u00a0")


def show_mobile(number: str) -> str:
    """A number in E.164 as people write it: «98 76 54 32», foreign «+46 70 123 45 67»."""
    if number.startswith("+47") and len(number) == 11:
        return " ".join(number[at : at + 2] for at in range(3, 11, 2))
    try:
        return phonenumbers.format_number(phonenumbers.parse(number), phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    except phonenumbers.NumberParseException:
        return number
