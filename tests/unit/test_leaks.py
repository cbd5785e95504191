"""The search for national identity numbers finds every form of one, and nothing else."""

import base64
import json
import zlib
from email.message import EmailMessage

import pytest

from tests import leaks
from tests.builders import synthetic_number

NUMBER = synthetic_number(4)


@pytest.mark.parametrize(
    "text",
    [
        NUMBER,
        f"{NUMBER[:6]} {NUMBER[6:]}",
        f"{NUMBER[:6]}\u00a0{NUMBER[6:]}",
        f"x{NUMBER[::-1]}y",
        NUMBER.encode().hex(),
        json.dumps({"number": NUMBER}),
        *(base64.b64encode(f"{'a' * lead}{NUMBER}zz".encode()).decode() for lead in range(3)),
    ],
)
def test_each_form_is_found(text):
    assert leaks.find([NUMBER], logs=f"before {text} after")


def test_other_texts_are_not(tmp_path):
    other = synthetic_number(99)
    assert (
        leaks.find([NUMBER], logs=f"{other} {NUMBER[:6]} ••••• {NUMBER[:10]} {base64.b64encode(other.encode())!r}")
        == []
    )


@pytest.mark.parametrize("encoding", ["quoted-printable", "base64"])
def test_a_mail_is_read_as_its_reader_would(encoding):
    mail = EmailMessage()
    mail.set_content(f"Nummeret er {NUMBER}, æøå", cte=encoding)
    assert leaks.find([NUMBER], mails=[bytes(mail)])


def test_deflated_bytes_are_read():
    assert NUMBER.encode() in leaks._unpacked(zlib.compress(f'["{NUMBER}"]'.encode()))


def test_the_finding_does_not_repeat_the_number():
    assert NUMBER not in "".join(leaks.find([NUMBER], logs=NUMBER))
