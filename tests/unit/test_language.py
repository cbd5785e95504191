"""Names in lists stand as people look for them; a language without its texts is none."""

from pathlib import Path

import pytest
from flask import Flask

from extensions import language
from extensions.language import alphabetical


def test_norwegian_and_sami_letters_have_their_places():
    in_order = [
        "Anne",
        "Ánne",
        "Bo",
        "Čáhppe",
        "Dag",
        "Đorđe",
        "Nils",
        "Ŋŋa",
        "Šša",
        "Zoe",
        "Žža",
        "Ærlig",
        "Øyvind",
        "Åse",
    ]
    assert sorted(sorted(in_order), key=alphabetical) == in_order


def test_foreign_marks_and_case_do_not_matter():
    assert sorted(["evb", "Éva", "eva"], key=alphabetical) == ["Éva", "eva", "evb"]


def test_nothing_starts_without_the_texts_of_a_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "TRANSLATIONS", tmp_path)
    with pytest.raises(language.NoCatalogue, match="nn/LC_MESSAGES/messages.mo is missing"):
        language.init_app(Flask("words"))
