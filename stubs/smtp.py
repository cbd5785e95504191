"""An SMTP server that keeps what it gets, with pages and JSON to read it (integrations.md 9.7, the plain sink).

    GET /                    the list          GET /messages.json       the list as JSON, oldest first
    GET /messages/<n>        one message       (JSON unless the reader asks for a page)
    DELETE /messages         forget all        POST /messages/delete    the same, from the page

Faults: refuse (550 at RCPT), greylist (451 at RCPT), reject_sender (550 at MAIL), reject_data (554), hang (the
connection is taken and never answered), die_after_data (250, and the goodbye is cut off), slow, login_refused (535).
"""

import asyncio
import logging
import re
import ssl
import threading
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from flask import jsonify, redirect, request
from flask.typing import ResponseReturnValue

from stubs.base import HOST, Fault, StandIn

URL = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)]")
logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # aiosmtpd's own log quotes addresses


class Mailbox(StandIn):
    """The mail page, and the SMTP server whose messages it shows. `folder` keeps them over a restart."""

    title = "E-post"
    modes = frozenset({"refuse", "greylist", "reject_sender", "reject_data", "hang", "die_after_data", "login_refused"})

    def __init__(
        self, folder: Path | None = None, tls: ssl.SSLContext | None = None, implicit_tls: bool = False
    ) -> None:
        super().__init__("smtp")
        self._folder = folder
        self._tls = tls
        self._implicit_tls = implicit_tls
        self._messages: list[bytes] = []
        self._smtp: _Server | None = None
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            self._messages = [file.read_bytes() for file in sorted(folder.glob("*.eml"))]
        add = self.app.add_url_rule
        add("/", view_func=self._index)
        add("/messages.json", "messages", lambda: jsonify(self.messages()))
        add("/messages/<int:number>", view_func=self._message)
        add("/messages", view_func=self._delete, methods=["DELETE"])
        add("/messages/delete", view_func=self._delete_from_page, methods=["POST"])

    @property
    def smtp_port(self) -> int:
        """Where mail is taken in."""
        return self._smtp.port if self._smtp else 0

    def serve(self, port: int = 0, url: str | None = None, smtp_port: int = 0) -> None:
        """Start the page and the SMTP server."""
        super().serve(port, url)
        self._smtp = _Server(self, smtp_port, self._tls, self._implicit_tls)

    def stop(self) -> None:
        """Close both; messages in the folder stay."""
        if self._smtp is not None:
            self._smtp.stop()
            self._smtp = None
        super().stop()

    def control(self, mode: str, path: str | None = None, count: int | None = None, **details: Any) -> None:
        """As everywhere; but `slow` and the faults of a conversation leave the pages alone."""
        in_conversation = mode in self.modes or mode == "slow"
        super().control(mode, path or ("/smtp" if in_conversation else None), count, **details)

    def messages(self) -> list[dict[str, Any]]:
        """Every message so far, oldest first."""
        with self._lock:
            return [_described(number, raw) for number, raw in enumerate(self._messages, 1)]

    def keep(self, raw: bytes) -> None:
        """Take in a message; on return it is in the folder too."""
        with self._lock:
            self._messages.append(raw)
            if self._folder:
                path = self._folder / f"{len(self._messages):06d}.eml"
                path.with_suffix(".new").write_bytes(raw)
                path.with_suffix(".new").replace(path)

    def raw(self) -> list[bytes]:
        """The captured messages as they came over the wire, oldest first."""
        with self._lock:
            return list(self._messages)

    def clear(self) -> None:
        """Forget every message."""
        with self._lock:
            self._messages.clear()
            for file in self._folder.glob("*.eml") if self._folder else ():
                file.unlink()

    def smtp_fault(self, *modes: str) -> Fault | None:
        """As `fault`, for a conversation that is not a web request."""
        return self.fault(*modes, path="/smtp")

    # -- pages

    def _index(self) -> ResponseReturnValue:
        return self.page("mailbox.html", "E-post som er sendt", policy="form-action 'self'", messages=self.messages())

    def _message(self, number: int) -> ResponseReturnValue:
        found = next((m for m in self.messages() if m["number"] == number), None)
        if found is None:
            return self.page("base.html", "Fant ikke e-posten", 404, text="Den er slettet, eller har ikke kommet.")
        if request.accept_mimetypes.best_match(["application/json", "text/html"]) == "application/json":
            return jsonify(found)
        parts = re.split(f"({URL.pattern})", found["text"])
        pieces = [{"text": part, "is_link": index % 2 == 1} for index, part in enumerate(parts)]
        title = found["subject"] or "(uten emne)"
        return self.page("message.html", title, policy="frame-src 'self'", message=found, pieces=pieces)

    def _delete(self) -> ResponseReturnValue:
        self.clear()
        return "", 204

    def _delete_from_page(self) -> ResponseReturnValue:
        self.clear()
        return redirect("/", 303)


class _Server:
    """The SMTP server: an event loop in a thread of its own."""

    def __init__(self, box: Mailbox, port: int, tls: ssl.SSLContext | None, implicit_tls: bool) -> None:
        self._box = box
        self._starttls = None if implicit_tls else tls
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="smtp", daemon=True)
        self._thread.start()  # first, as the calling thread may have a loop of its own running
        listening = self._loop.create_server(self._conversation, HOST, port, ssl=tls if implicit_tls else None)
        self._server = asyncio.run_coroutine_threadsafe(listening, self._loop).result(5)
        self.port: int = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        """Close the port and break off every conversation."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _conversation(self) -> asyncio.BaseProtocol:
        """One connection's conversation, or the silence of a server that hangs."""
        if self._box.smtp_fault("hang"):
            return asyncio.Protocol()
        return SMTP(
            _Handler(self._box),
            hostname="stubs.example",
            ident="ESMTP",
            enable_SMTPUTF8=True,
            tls_context=self._starttls,
            auth_require_tls=False,
            authenticator=self._authenticate,
            loop=self._loop,
        )

    def _authenticate(self, *_: Any) -> AuthResult:
        return AuthResult(success=not self._box.smtp_fault("login_refused"), handled=False)


class _Handler:
    """Where the faults of a conversation happen. The refusals quote the address, as real servers do."""

    def __init__(self, box: Mailbox) -> None:
        self._box = box
        self._dies = False

    # Named as aiosmtpd calls them.
    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._box.smtp_fault("reject_sender"):
            return f"550 5.7.1 <{address}>: Sender address rejected"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if slow := self._box.smtp_fault("slow"):
            await asyncio.sleep(float(slow.details.get("seconds", 2)))
        if self._box.smtp_fault("refuse"):
            return f"550 5.1.1 <{address}>: Recipient address rejected: User unknown"
        if self._box.smtp_fault("greylist"):
            return f"451 4.7.1 <{address}>: Greylisted, try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self._box.smtp_fault("reject_data"):
            return f"554 5.7.1 Message to <{envelope.rcpt_tos[0]}> refused as spam"
        content = envelope.content
        assert isinstance(content, bytes)
        self._box.keep(content)
        self._dies = self._box.smtp_fault("die_after_data") is not None
        return "250 OK: queued"

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self._dies and isinstance(server.transport, asyncio.Transport):
            server.transport.abort()
        return "221 Bye"


def _described(number: int, raw: bytes) -> dict[str, Any]:
    """A message as JSON: who, what, both bodies, and the links of the text part."""
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    text = _body(message, "plain")
    # The new parser puts spaces into names of several encoded words; the old one reads them right.
    headers = {name: _decoded(value) for name, value in message_from_bytes(raw, policy=policy.compat32).items()}
    recipients = message.get_all("To", [])
    return {
        "number": number,
        "sender": str(message.get("From", "")),
        "recipients": [address.addr_spec for header in recipients for address in header.addresses],
        "subject": headers.get("Subject", ""),
        "date": str(message.get("Date", "")),
        "message_id": str(message.get("Message-ID", "")),
        "headers": headers,
        "text": text,
        "html": _body(message, "html"),
        "links": URL.findall(text),
    }


def _decoded(value: str) -> str:
    return re.sub(r"\r?\n(?=\s)", "", str(make_header(decode_header(value))))


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()).replace("\r\n", "\n") if part else ""
