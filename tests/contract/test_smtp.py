"""SMTP: a message handed over, refused for good or for now, and what a yes from the server means."""

import ipaddress
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters.errors import Rejected, Unavailable
from adapters.smtp import Smtp
from stubs.smtp import Mailbox
from stubs.testing import Stubs
from tests.contract.support import real, web

stand_in = pytest.mark.needs_stand_in


def message(to: str = "Kåre Bråten <kare@mottaker.example>") -> EmailMessage:
    written = EmailMessage()
    written["From"] = "Helsereserven <ikke-svar@helsereserven.example>"
    written["To"] = to
    written["Subject"] = "Invitasjon til registeret – á č đ ŋ š ŧ ž æ ø å"
    written["Message-ID"] = "<1@helsereserven.example>"
    written.set_content("Ta imot: https://helsereserven.example/invitasjon/abc.\nHilsen oss – čž\n")
    written.add_alternative('<p>Ta imot: <a href="https://helsereserven.example/">her</a></p>', subtype="html")
    return written


def smtp_at(stubs: Stubs, timeout: float = 2) -> Smtp:
    return Smtp("127.0.0.1", stubs.smtp_port, "none", None, None, timeout)


def test_a_message_is_handed_over(request: pytest.FixtureRequest) -> None:
    if settings := real("smtp"):
        password = settings.get("PASSWORD")
        adapter = Smtp(settings["HOST"], int(settings["PORT"]), settings["TLS"], settings.get("USER"), password)
        written = message(settings["TO"])
        written.replace_header("From", settings["FROM"])
        adapter.send(written)
    else:
        smtp_at(request.getfixturevalue("stubs")).send(message())


@stand_in
def test_a_message_arrives_as_it_was_written(stubs: Stubs) -> None:
    smtp_at(stubs).send(message())
    (mail,) = stubs.mail()
    assert mail["recipients"] == ["kare@mottaker.example"]
    assert mail["subject"] == "Invitasjon til registeret – á č đ ŋ š ŧ ž æ ø å"
    assert mail["text"] == "Ta imot: https://helsereserven.example/invitasjon/abc.\nHilsen oss – čž\n"
    assert mail["links"] == ["https://helsereserven.example/invitasjon/abc"]
    assert "<p>Ta imot:" in mail["html"] and mail["message_id"] == "<1@helsereserven.example>"


@stand_in
def test_no_letter_or_space_is_lost_in_a_long_header(stubs: Stubs) -> None:
    name = "Áŋŋe Čeđŧá Šuoržæråsjø Ŋuorrestranda Žárjeduottara Đoarestien Åsgårdstrøm"
    written = message(f"{name} <a@mottaker.example>")
    written.replace_header("Subject", f"Søknaden fra {name} – á č đ ŋ š ŧ ž æ ø å er mottatt")
    smtp_at(stubs).send(written)
    (mail,) = stubs.mail()
    assert mail["subject"] == f"Søknaden fra {name} – á č đ ŋ š ŧ ž æ ø å er mottatt"
    assert mail["headers"]["To"] == f"{name} <a@mottaker.example>"


@stand_in
@pytest.mark.parametrize(("mode", "code"), [("refuse", "550"), ("reject_data", "554")])
def test_a_refusal_for_good_is_told_without_the_address(stubs: Stubs, mode: str, code: str) -> None:
    stubs.control("smtp", mode)
    with pytest.raises(Rejected) as caught:
        smtp_at(stubs).send(message())
    assert (caught.value.system, caught.value.code) == ("smtp", code)
    assert caught.value.reason and "@" not in f"{caught.value.reason}{caught.value!r}"
    assert stubs.mail() == []


@stand_in
@pytest.mark.parametrize(("mode", "reason"), [("greylist", "451"), ("reject_sender", "550")])
def test_a_refusal_for_now_or_of_us_is_an_outage(stubs: Stubs, mode: str, reason: str) -> None:
    stubs.control("smtp", mode, count=1)
    with pytest.raises(Unavailable) as caught:
        smtp_at(stubs).send(message())
    assert caught.value.reason == reason
    smtp_at(stubs).send(message())
    assert len(stubs.mail()) == 1


@stand_in
def test_a_server_that_never_answers_is_given_up(stubs: Stubs) -> None:
    stubs.control("smtp", "hang")
    started = time.monotonic()
    with pytest.raises(Unavailable) as caught:
        smtp_at(stubs, timeout=0.3).send(message())
    assert caught.value.system == "smtp" and time.monotonic() - started < 2


@stand_in
def test_a_server_that_answers_too_late_is_given_up(stubs: Stubs) -> None:
    stubs.control("smtp", "slow", seconds=1)
    with pytest.raises(Unavailable):
        smtp_at(stubs, timeout=0.3).send(message())
    assert stubs.mail() == []


@stand_in
def test_a_slow_server_is_waited_for(stubs: Stubs) -> None:
    stubs.control("smtp", "slow", seconds=0.2)
    smtp_at(stubs).send(message())
    assert len(stubs.mail()) == 1


@stand_in
def test_after_the_servers_yes_a_cut_line_is_still_a_yes(stubs: Stubs) -> None:
    stubs.control("smtp", "die_after_data")
    smtp_at(stubs).send(message())
    assert len(stubs.mail()) == 1


def test_no_server_is_an_outage() -> None:
    with pytest.raises(Unavailable):
        Smtp("127.0.0.1", 1, "none", None, None, 1).send(message())


@pytest.mark.parametrize("to", ["a@x.example, b@x.example", ""])
def test_a_message_has_one_recipient(to: str) -> None:
    with pytest.raises(ValueError, match="one recipient"):
        Smtp("127.0.0.1", 1, "none", None, None).send(message(to))


@pytest.mark.parametrize("header", ["Cc", "Bcc"])
def test_nobody_is_copied_in(header: str) -> None:
    written = message()
    written[header] = "b@x.example"
    with pytest.raises(ValueError, match="one recipient"):
        Smtp("127.0.0.1", 1, "none", None, None).send(written)


# -- TLS and login


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 signed by itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    pem, none = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, none)
    file.write_bytes(signed.public_bytes(pem) + private)
    return file


@pytest.fixture(params=["starttls", "tls"])
def secure(request: pytest.FixtureRequest, certificate: Path) -> Iterator[tuple[str, Mailbox]]:
    """A server that speaks TLS, in each of the two ways."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    box = Mailbox(tls=context, implicit_tls=request.param == "tls")
    box.serve()
    yield request.param, box
    box.stop()


@stand_in
def test_mail_goes_over_tls_to_a_server_that_proves_itself(
    secure: tuple[str, Mailbox], certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls, box = secure
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    Smtp("127.0.0.1", box.smtp_port, tls, "us", "secret", 2).send(message())
    assert len(box.messages()) == 1


@stand_in
def test_a_server_that_cannot_prove_itself_gets_nothing(secure: tuple[str, Mailbox]) -> None:
    tls, box = secure
    with pytest.raises(Unavailable):
        Smtp("127.0.0.1", box.smtp_port, tls, "us", "secret", 2).send(message())
    assert box.messages() == []


@stand_in
@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_there_is_no_way_back_to_plain_text(stubs: Stubs, tls: str) -> None:
    with pytest.raises(Unavailable):
        Smtp("127.0.0.1", stubs.smtp_port, tls, None, None, 1).send(message())
    assert stubs.mail() == []


@stand_in
def test_a_login_refused_is_an_outage_and_loses_no_mail(stubs: Stubs) -> None:
    stubs.control("smtp", "login_refused")
    with pytest.raises(Unavailable) as caught:
        Smtp("127.0.0.1", stubs.smtp_port, "none", "us", "wrong", 2).send(message())
    assert caught.value.reason == "535"


# -- the captured mail


@stand_in
def test_captured_mail_is_read_as_pages_and_json(stubs: Stubs) -> None:
    smtp_at(stubs).send(message())
    page = stubs.url("mail")
    assert web.get(f"{page}/messages.json").json()[0]["number"] == 1
    assert web.get(f"{page}/messages/1").json()["text"].startswith("Ta imot")
    shown = web.get(f"{page}/messages/1", headers={"Accept": "text/html"}).text
    assert '<a href="https://helsereserven.example/invitasjon/abc">' in shown and "<iframe sandbox" in shown
    assert "Invitasjon til registeret" in web.get(page).text
    assert web.get(f"{page}/messages/2").status_code == 404
    assert web.delete(f"{page}/messages").status_code == 204
    assert web.get(f"{page}/messages.json").json() == []


@stand_in
def test_captured_mail_is_there_after_a_restart(tmp_path: Path) -> None:
    box = Mailbox(tmp_path)
    box.serve()
    Smtp("127.0.0.1", box.smtp_port, "none", None, None, 2).send(message())
    box.stop()
    assert [mail["subject"] for mail in Mailbox(tmp_path).messages()] == [message()["Subject"]]


@stand_in
def test_twenty_senders_at_once_lose_nothing(stubs: Stubs) -> None:
    senders = [threading.Thread(target=smtp_at(stubs, 10).send, args=(message(),)) for _ in range(20)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert len(stubs.mail()) == 20


@stand_in
def test_markup_in_a_message_does_not_run_in_the_page(stubs: Stubs) -> None:
    written = message()
    written.replace_header("Subject", "<script>alert(1)</script>")
    smtp_at(stubs).send(written)
    shown = web.get(f"{stubs.url('mail')}/messages/1", headers={"Accept": "text/html"})
    assert "<script>" not in shown.text and "default-src 'none'" in shown.headers["content-security-policy"]
