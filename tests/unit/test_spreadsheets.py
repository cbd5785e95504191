"""Cells that no spreadsheet may read as a formula (security.md C60)."""

import pytest

from services.spreadsheets import harmless

RISKY = ["=1+1", "+47 98", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "＝1", "＋1", "－1", "＠x", "﹦1", " =1", "\u00a0=1"]


@pytest.mark.parametrize("text", RISKY)
def test_what_could_begin_a_formula_gets_an_apostrophe(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Åse", "1-2", "kari@example.no", "98 76 54 32", "'=1", "Ærlig; «sitat»"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert harmless(text) == text
