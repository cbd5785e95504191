"""Outgoing mail over SMTP, one recipient a message (security.md C36)."""

import re
import smtplib
import socket
import ssl
from contextlib import suppress
from copy import copy
from email.header import Header
from email.message import EmailMessage
from email.policy import EmailPolicy
from typing import Any

from adapters.errors import Rejected, Unavailable

SYSTEM = "smtp"


class Smtp:
    """One mail server. With `starttls` or `tls` the server's certificate is verified and plain text never used."""

    def __init__(
        self, host: str, port: int, tls: str, user: str | None, password: str | None, timeout: float = 20
    ) -> None:
        if tls not in ("none", "starttls", "tls"):
            raise ValueError(f"no such use of TLS: {tls}")
        self._host = host
        self._port = port
        self._tls = tls
        self._user = user
        self._password = password
        self._timeout = timeout

    def send(self, message: EmailMessage) -> None:
        """Hand the message over; on return the server has answered yes, and has the responsibility.

        Raises `Rejected` when the server will not take this message or this recipient (5xx), and `Unavailable` for
        everything that may pass: no connection, time-out, 4xx, and a refusal of *us* (login, TLS, sender), which would
        otherwise turn every waiting message into a lost one.
        """
        recipients = message.get_all("To", [])
        if len(recipients) != 1 or len(recipients[0].addresses) != 1 or "Cc" in message or "Bcc" in message:
            raise ValueError("a message has one recipient")
        try:
            server = self._connect()
        except smtplib.SMTPResponseException as error:
            raise Unavailable(SYSTEM, str(error.smtp_code)) from None
        except (OSError, smtplib.SMTPException) as error:
            raise Unavailable(SYSTEM, type(error).__name__) from None
        try:
            server.send_message(_carefully_folded(message))
        except smtplib.SMTPRecipientsRefused as error:
            raise _refused(*next(iter(error.recipients.values()))) from None
        except smtplib.SMTPSenderRefused as error:
            too_big = error.smtp_code == 552
            raise (_refused(552, error.smtp_error) if too_big else Unavailable(SYSTEM, str(error.smtp_code))) from None
        except smtplib.SMTPResponseException as error:
            raise _refused(error.smtp_code, error.smtp_error) from None
        except smtplib.SMTPNotSupportedError:
            raise Rejected(SYSTEM, "553", "the address needs SMTPUTF8") from None
        except (OSError, smtplib.SMTPException) as error:
            raise Unavailable(SYSTEM, type(error).__name__) from None
        else:
            with suppress(OSError, smtplib.SMTPException):  # the yes is given; a failing goodbye must not repeat it
                server.quit()
        finally:
            server.close()

    def _connect(self) -> smtplib.SMTP:
        name = socket.gethostname()
        if self._tls == "tls":
            context = ssl.create_default_context()
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, local_hostname=name, timeout=self._timeout, context=context
            )
        else:
            server = smtplib.SMTP(self._host, self._port, local_hostname=name, timeout=self._timeout)
        try:
            if self._tls == "starttls":
                server.starttls(context=ssl.create_default_context())
            if self._user and self._password:
                server.login(self._user, self._password)
        except BaseException:
            server.close()
            raise
        return server


class _Folding(EmailPolicy):
    """Folds headers as RFC 2047 asks: Python 3.11's own folding loses spaces between encoded words («á č», «áč»)."""

    def fold_binary(self, name: str, value: Any) -> bytes:
        if str(value).isascii() or hasattr(value, "params"):
            return super().fold_binary(name, value)
        if hasattr(value, "addresses"):
            lines = [f"{_encoded(name, a.display_name)}\r\n <{a.addr_spec}>" for a in value.addresses]
        else:
            lines = [_encoded(name, str(value))]
        text = ",\r\n ".join(lines)
        return f"{name}: {text}\r\n".encode("ascii", "surrogateescape")


def _encoded(name: str, text: str) -> str:
    return Header(text, "utf-8", header_name=name).encode(linesep="\r\n")


def _carefully_folded(message: EmailMessage) -> EmailMessage:
    folded = copy(message)
    folded.policy = _Folding(linesep="\r\n")
    return folded


def _refused(code: int, text: bytes | str) -> Rejected | Unavailable:
    """5xx is for good, 4xx (and -1, a broken line) is for now. Servers quote the address back: it is cut out."""
    if not 500 <= code < 600:
        return Unavailable(SYSTEM, str(code))
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    words = re.sub(r"\S*@\S*", "<…>", words)
    return Rejected(SYSTEM, str(code), re.sub(r"\s+", " ", words).strip()[:200])
