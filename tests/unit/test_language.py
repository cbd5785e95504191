"""Names in lists stand as people look for them."""

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
