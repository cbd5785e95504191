"""The letter's markup."""

from services.letters import Block, blocks, has_appeal


def test_headings_items_and_paragraphs():
    letter = (
        "# Vedtaket\n\nVi har avgjort saken.\nTo linjer.\n\n"
        "# Disse får tilgang\n\n- Nora: søke\n- Jonas: styre\n\n# Tett\nEtter."
    )
    assert blocks(letter) == [
        Block("heading", ("Vedtaket",)),
        Block("paragraph", ("Vi har avgjort saken.", "To linjer.")),
        Block("heading", ("Disse får tilgang",)),
        Block("items", ("Nora: søke", "Jonas: styre")),
        Block("heading", ("Tett",)),
        Block("paragraph", ("Etter.",)),
    ]


def test_nothing_is_lost_from_odd_text():
    assert blocks("\n\n  \n\n") == []
    assert blocks("#Ikke overskrift") == [Block("paragraph", ("#Ikke overskrift",))]
    assert blocks("- a\n  mer\n- b") == [Block("items", ("a\n  mer", "b"))]


def test_the_number_of_a_section_stays_on_the_line_of_its_sign():
    assert blocks("etter §§ 28 og § 42.") == [
        Block("paragraph", ("etter §§\N{NO-BREAK SPACE}28 og §\N{NO-BREAK SPACE}42.",))
    ]


def test_the_right_to_appeal_is_recognised_in_both_standards():
    assert has_appeal("Hei\n\n# Slik kan dere klage\n\n…") and has_appeal("# Slik kan de klage")
    assert not has_appeal("Dere kan klage")
