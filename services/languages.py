"""The languages one may use at work, by code and by name in the reader's language (ux.md D4)."""

from functools import cache

from babel import Locale
from flask_babel import gettext as _

from extensions.language import alphabetical, rendered_language

SIGN_LANGUAGE = "nsl"
FIRST = ("no", "en", "se", "smj", "sma", SIGN_LANGUAGE)
"""First in every list: the country's own, and English."""
OTHERS = (
    *("am", "ar", "bs", "bg", "da", "et", "fi", "fil", "fr", "el", "hi", "hr", "is", "it", "zh", "ku", "lv", "lt"),
    *("nl", "ps", "fa", "pl", "pt", "pa", "ro", "ru", "sr", "sk", "so", "es", "sw", "sv", "ta", "th", "ti", "cs"),
    *("tr", "de", "uk", "hu", "ur", "vi", "sq"),
)
"""Those most spoken among health personnel and patients in Norway; anything else can be told in free text."""


@cache
def _names(language: str) -> dict[str, str]:
    names = Locale.parse(language).languages
    return {code: names[code] for code in (*FIRST, *OTHERS) if code != SIGN_LANGUAGE}


def name_of(code: str) -> str:
    """A language by its name in the reader's language, as it stands in a list; an unknown code as it is."""
    names = _names(rendered_language().value)
    name = str(_("norsk tegnspråk")) if code == SIGN_LANGUAGE else names.get(code)
    return name[0].upper() + name[1:] if name else code


def choices() -> list[tuple[str, str]]:
    """Every language as (code, name): the country's own and English first, then by alphabet."""
    return _choices(rendered_language().value)


@cache
def _choices(_language: str) -> list[tuple[str, str]]:
    first = [(code, name_of(code)) for code in FIRST]
    return first + sorted(((code, name_of(code)) for code in OTHERS), key=lambda pair: alphabetical(pair[1]))
