"""The translations: `check` that nothing is missing or fuzzy, `update` the catalogues from the code and templates.

Texts are written in bokmål where they stand; nn and en are complete or the check fails. Texts that are the same in
nynorsk are written out there all the same, so that "not translated yet" and "just the same" can be told apart.
"""

import sys
import tomllib
from io import BytesIO
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from dev.processes import ROOT

LANGUAGES = ("nn", "en")
TRANSLATIONS = ROOT / "translations"
KEYWORDS = {
    "_": None,
    "gettext": None,
    "lazy_gettext": None,
    "_l": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "lazy_pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}


def catalogue_file(language: str) -> Path:
    return TRANSLATIONS / language / "LC_MESSAGES" / "messages.po"


def extract() -> Catalog:
    """Every text of the product, read from the files pyproject.toml names."""
    mappings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["babel"]["mappings"]
    methods = [(pattern, mapping["method"]) for mapping in mappings for pattern in mapping["pattern"]]
    template = Catalog(project="Helsereserven", charset="utf-8")
    found = extract_from_dir(
        ROOT,
        methods,
        keywords=KEYWORDS,
        comment_tags=("NB:",),
        strip_comment_tags=True,
        directory_filter=lambda folder: Path(folder).name[0] not in "._" and Path(folder).name not in SKIPPED,
    )
    for file, line, message, comments, context in found:
        template.add(message, None, [(file, line)], auto_comments=comments, context=context)
    return template


SKIPPED = {"var", "tests", "static", "stubs", "dev", "docs", "benchmarks", "reference", "migrations", "translations"}


def read(language: str) -> Catalog:
    """The catalogue as it is; empty when there is none. Its header names us, and never says fuzzy: such a file is not
    compiled."""
    file = catalogue_file(language)
    catalogue = read_po(BytesIO(file.read_bytes() if file.exists() else b""), locale=language)
    catalogue.fuzzy = False
    catalogue.header_comment = f"# Helsereserven: {catalogue.locale_identifier}"
    catalogue.project, catalogue.version = "Helsereserven", "1"
    catalogue.msgid_bugs_address = catalogue.last_translator = catalogue.language_team = "Helsereserven"
    return catalogue


def problems() -> list[str]:
    """One line for each text that is missing, fuzzy, untranslated, or lost a placeholder; and for those nobody uses."""
    template, found = extract(), []
    for language in LANGUAGES:
        catalogue = read(language)
        for message in template:
            if not message.id:
                continue
            translated = catalogue.get(message.id, message.context)
            if (
                translated is None
                or not translated.string
                or (isinstance(translated.string, tuple) and not all(translated.string))
            ):
                found.append(f"{language}: not translated: {message.id!r}")
            elif translated.fuzzy:
                found.append(f"{language}: fuzzy: {message.id!r}")
            else:
                found += [f"{language}: {error}: {message.id!r}" for error in translated.check(catalogue)]
        found += [
            f"{language}: nobody uses: {message.id!r}"
            for message in catalogue
            if message.id and template.get(message.id, message.context) is None
        ]
    return found


def update() -> None:
    """Bring the catalogues' list of texts up to the code; a changed text becomes a new one, never a fuzzy guess."""
    template = extract()
    for language in LANGUAGES:
        catalogue = read(language)
        catalogue.update(template, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        written = BytesIO()
        write_po(written, catalogue, width=120, omit_header=False, no_location=True, sort_output=True)
        catalogue_file(language).parent.mkdir(parents=True, exist_ok=True)
        catalogue_file(language).write_bytes(written.getvalue())


def main(arguments: list[str]) -> int:
    match arguments:
        case ["check"]:
            found = problems()
            print(*found, sep="\n", end="\n" if found else "")
            return 1 if found else 0
        case ["update"]:
            update()
            return 0
        case _:
            print(__doc__)
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
