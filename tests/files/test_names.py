"""What a file is called, whatever was sent (C57, B11)."""

import unicodedata
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.file_checks.names import download_header, extension_of, shown_name

SAMI = "Áŋŋe Čeđŧá, Šžđ – Æøå.docx"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (SAMI, SAMI),
        ("../../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\Users\\Kari\\CV.PDF", "CV.PDF"),
        ("mappe/", "mappe"),
        ("cv\0.exe\r\n.pdf", "cv.exe.pdf"),
        ('a"b<c>d|e?f*g:h.pdf', "a_b_c_d_e_f_g_h.pdf"),
        ("cv\u202efdp.exe", "cvfdp.exe"),
        ("c\u200bv\ufeff\u2066\u00ad\U000e0041.pdf", "cv.pdf"),
        ("ㅤ\u115f.pdf", "dokument.pdf"),
        ("A\u030ase\u0301.pdf", "Åsé.pdf"),
        ("  to   ord\u00a0her .pdf. . ", "to ord her.pdf"),
        (".pdf", "dokument.pdf"),
        ("..", "dokument"),
        ("", "dokument"),
        ("x" * 300 + ".docx", "x" * 145 + ".docx"),
        ("å" * 300, "å" * 150),
        ("2" * 38 + "." * 90 + "_" + "." * 30 + "2" * 60, "2" * 38 + "._"),
        ("cv." + "x" * 300, "cv." + "x" * 147),
        ("\ud800cv.pdf", "cv.pdf"),
    ],
)
def test_a_name_is_shown_safely(raw, shown):
    assert shown_name(raw) == shown


@given(st.text(st.characters(), max_size=400))
@example("a\u034f\u0301.pdf")
@example("\u1100\u115f\u1161.pdf")
def test_any_name_becomes_a_good_one(raw):
    name = shown_name(raw)
    assert 0 < len(name) <= 150
    assert name == unicodedata.normalize("NFC", name) == name.strip()
    assert shown_name(name) == name
    assert not set(name) & set('/\\<>:"|?*')
    assert all(unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Zl", "Zp") for letter in name)
    header = download_header(name)
    assert header.isascii() and header.isprintable()
    plain, real = header.removeprefix('attachment; filename="').split("\"; filename*=UTF-8''")
    assert unquote(real) == name
    assert plain and not set(plain) & set('"\\%/;')


@given(st.text(st.characters(), max_size=200), st.sampled_from(["pdf", "DOCX", "odt", "Jpeg", "png"]))
def test_a_name_keeps_its_extension(stem, extension):
    assert extension_of(shown_name(f"{stem}.{extension}")) == extension.lower()


def test_a_download_has_both_names():
    plain = "Anne Cedta, Szd  Aeoa.docx"
    real = (
        "%C3%81%C5%8B%C5%8Be%20%C4%8Ce%C4%91%C5%A7%C3%A1%2C%20%C5%A0%C5%BE%C4%91%20%E2%80%93%20%C3%86%C3%B8%C3%A5.docx"
    )
    assert download_header(SAMI) == f"attachment; filename=\"{plain}\"; filename*=UTF-8''{real}"
