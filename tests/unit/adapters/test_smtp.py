"""Mail headers that keep every letter, and refusals that quote no address."""

from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.errors import Rejected, Unavailable
from adapters.smtp import Smtp, _carefully_folded, _refused

LETTERS = st.text("abcdeáčđŋšŧžæøå–ÁČĐŊŠŦŽÆØÅ,.", min_size=1, max_size=14)
WORDS = st.lists(LETTERS, min_size=1, max_size=14).map(" ".join)


def _written(subject: str, name: str) -> tuple[bytes, EmailMessage]:
    message = EmailMessage()
    message["Subject"] = subject
    message["To"] = Address(name, "a", "b.example")
    message.set_content("x")
    raw = _carefully_folded(message).as_bytes()
    parsed = message_from_bytes(raw, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    return raw, parsed


@given(WORDS, WORDS)
def test_no_letter_and_no_space_is_lost(subject: str, name: str) -> None:
    raw, parsed = _written(subject, name)
    assert parsed["Subject"] == subject
    assert [address.addr_spec for address in parsed["To"].addresses] == ["a@b.example"]
    if not name.isascii():  # otherwise it is written as it stands, in quotes when it must
        header = message_from_bytes(raw)["To"]
        assert str(make_header(decode_header(header))).replace("\r\n", "") == f"{name} <a@b.example>"


@given(WORDS, WORDS)
def test_lines_are_short_and_ascii(subject: str, name: str) -> None:
    raw, _ = _written(subject, name)
    assert raw.isascii() and all(len(line) <= 78 for line in raw.split(b"\r\n"))


def test_several_senders_and_attachments_stay_whole() -> None:
    message = EmailMessage()
    message["From"] = [Address("Kåre Bråten", "a", "b.example"), Address("Áile", "c", "d.example")]
    message.set_content("x")
    message.add_attachment(b"y", maintype="application", subtype="pdf", filename="kvittering søknad.pdf")
    parsed = message_from_bytes(_carefully_folded(message).as_bytes(), policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    assert [address.display_name for address in parsed["From"].addresses] == ["Kåre Bråten", "Áile"]
    assert [part.get_filename() for part in parsed.iter_attachments()] == ["kvittering søknad.pdf"]
    assert type(message.policy) is policy.EmailPolicy


@pytest.mark.parametrize("header", ["Subject", "To", "Reply-To"])
def test_a_line_break_cannot_smuggle_in_a_header(header: str) -> None:
    with pytest.raises(ValueError, match=r"linefeed|newline|carriage|CR"):
        EmailMessage()[header] = "x\r\nBcc: evil@example.com"


@pytest.mark.parametrize("code", [500, 550, 552, 554])
def test_a_refusal_for_good_keeps_the_reason_and_drops_the_address(code: int) -> None:
    refusal = _refused(code, b"5.1.1 <kari@mottaker.example>: Recipient\r\naddress rejected (kari@mottaker.example)")
    assert isinstance(refusal, Rejected)
    assert refusal.reason == "5.1.1 <…> Recipient address rejected <…>"
    assert str(refusal) == f"smtp: {code}"


@pytest.mark.parametrize("code", [-1, 421, 450, 451, 452])
def test_a_refusal_for_now_is_an_outage(code: int) -> None:
    assert isinstance(_refused(code, "x"), Unavailable)


def test_the_use_of_tls_is_one_of_three() -> None:
    with pytest.raises(ValueError, match="TLS"):
        Smtp("mail.example", 25, "sometimes", None, None)
