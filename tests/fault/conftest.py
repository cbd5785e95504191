"""The whole product as real processes, with short leases: what takes minutes in production takes seconds here."""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from sqlalchemy import text

from app import create_app
from config import Settings
from dev.postgres import Role as PostgresRole
from dev.supervisor import Service
from extensions import clock
from extensions.agencies import settings
from extensions.database import db
from models.attachment import Attachment
from models.enums import AttachmentKind, InvitationStatus, Language, MessageKind, Role, Visibility
from services import files, mailbox, outbox, reference_data, sessions
from stubs.people import by_key
from tests import leaks, papers
from tests.builders import Builders
from tests.conftest import empty_tables, migrate
from tests.pages import Page
from tests.site import DATABASE, Site, running_site, until

LEASE = 4
"""Seconds a job may hold its row; two minutes in production."""
UPLOAD_SILENCE = 2
UPLOADS = {"UPLOAD_SILENCE": str(UPLOAD_SILENCE), "UPLOAD_LIMIT": "3"}
"""Seconds an upload may be silent, and last; half a minute and two minutes in production."""


@dataclass
class Draft:
    """A signed-in browser before the page where an application is signed and sent."""

    browser: httpx.Client
    path: str
    email: str

    def form(self) -> dict[str, Any]:
        """What the page's form would send."""
        page = self.browser.get(f"{self.path}/kontroller")
        assert page.status_code == 200, page.text
        return {**Page(page.text).form(0).values, "declaration": "y"}

    def send(self, form: dict[str, Any]) -> httpx.Response:
        return self.browser.post(f"{self.path}/kontroller", data=form)


class Faults:
    """A running product, and the ways to hurt it."""

    def __init__(self, site: Site, app: Flask) -> None:
        self.site = site
        self.app = app
        self.make = Builders(app)
        self.others: list[Service] = []
        self.numbers: list[str] = []

    # What is asked for

    def queue_mails(self, count: int, prefix: str = "person") -> list[str]:
        """Ask for so many e-mails in one transaction, as a decision does; returns the addresses."""
        addresses = [f"{prefix}{number}@kommune.example" for number in range(count)]
        with self.app.app_context():
            for address in addresses:
                mailbox.queue(
                    MessageKind.ACCESS_ENDED, prefix, address, Language.BOKMAL, organisation="Stillevik kommune"
                )
            db.session.commit()
        return addresses

    def queue_invitation(self) -> Any:
        """Ask for one invitation; returns its row."""
        invitation = self.make.invitation(status=InvitationStatus.QUEUED)
        with self.app.app_context():
            mailbox.queue(
                MessageKind.INVITATION,
                invitation.id,
                invitation.email,
                invitation.language,
                invitation_id=invitation.id,
            )
            db.session.commit()
        return invitation

    def draft(self) -> Draft:
        """A complete draft for Trondheim, ready to sign, with its submitter at a browser."""
        person = by_key("submitter_municipality")
        account = self.make.account(person.name, person.national_id)
        application = self.make.application(submitter=account, nominees=2)
        self.numbers += [nominee.number for nominee in application.people]  # type: ignore[attr-defined]
        return Draft(self.browser(account), f"/soknad/{application.id}", application.submitter_email)

    def browser(self, account: Any, role: Role = Role.SUBMITTER, organisation: Any = None) -> httpx.Client:
        """A browser somebody has signed in to."""
        with self.app.app_context():
            token, _session = sessions.open_for(
                account,
                role,
                organisation_id=organisation.id if organisation is not None else None,
                issuer=settings().idporten_issuer,
                provider_session_id=None,
                authenticated_at=clock.now(),
            )
            db.session.commit()
            cookie = SecureCookieSessionInterface().get_signing_serializer(self.app)
        assert cookie is not None
        browser = httpx.Client(base_url=self.site.url, timeout=30)
        signed = cookie.dumps({"_user_id": token, "_fresh": True})
        # The domain a cookie jar gives "localhost": the server's own answer then takes this cookie's place.
        browser.cookies.set(self.app.config["SESSION_COOKIE_NAME"], signed, domain="localhost.local", path="/")
        self.numbers.append(account.number)
        return browser

    def files(self, count: int) -> list[bytes]:
        """So many files that wait for their scan; returns what is in them, oldest first."""
        contents = [papers.pdf() for _ in range(count)]
        person = self.make.registration()
        with self.app.app_context():
            for content in contents:
                file = Attachment(
                    id=uuid4(),
                    professional_id=person.id,
                    kind=AttachmentKind.CV,
                    name="cv.pdf",
                    media_type="application/pdf",
                    size=len(content),
                    sha256=sha256(content).digest(),
                    visibility=Visibility.ONLY_ME,
                    uploaded_at=clock.now(),
                )
                files.keep(file, [content])
                db.session.add(file)
                outbox.add(outbox.Job.SCAN_FILE, attachment_id=file.id)
            db.session.commit()
        return contents

    # What came of it

    def leaks(self) -> list[str]:
        """Where the numbers that were used stand in clear: database, logs, Redis, mail."""
        return leaks.find(
            self.numbers,
            database_url=self.site.postgres.url(PostgresRole.ADMIN, DATABASE),
            logs=self.site.logs(),
            redis=self.site.valkey.client(),
            mails=self.site.stubs.mailbox.raw(),
        )

    def value(self, sql: str, **parameters: object) -> Any:
        with self.site.engine.connect() as connection:
            return connection.execute(text(sql), parameters).scalar()

    def change(self, sql: str) -> None:
        with self.site.engine.begin() as connection:
            connection.execute(text(sql))

    def mails(self) -> list[str]:
        """Who got mail, sorted; somebody who got it twice stands there twice."""
        return sorted(address for mail in self.site.stubs.mail() for address in mail["recipients"])

    def mail_rows(self, column: str) -> list[Any]:
        """A column of the outbox's mail rows, in order."""
        with self.site.engine.connect() as connection:
            rows = connection.execute(
                text(f"SELECT {column} FROM outbox_entry WHERE job = 'workers.mail.send_message' ORDER BY id")
            )
            return [value for (value,) in rows]

    def unfinished(self) -> int:
        return int(self.value("SELECT count(*) FROM outbox_entry WHERE done_at IS NULL"))

    def wait_until_done(self, seconds: float = 30) -> None:
        until(lambda: self.unfinished() == 0, "every job to be done", seconds)

    def wait_for_failure(self, number: int = 1) -> None:
        """Wait until a job has failed so often."""
        until(lambda: max(self.mail_rows("failures"), default=0) == number, f"failure number {number} to be noted")

    def let_the_pause_pass(self) -> None:
        """What was put off is due now, as if the minutes had gone."""
        self.change("UPDATE outbox_entry SET due_at = now() WHERE done_at IS NULL AND set_aside_at IS NULL")

    def wait_for_fault(self) -> None:
        """Wait until the mail server has hit somebody with the fault that is switched on."""
        until(lambda: not self.site.stubs.mailbox._faults, "the fault to hit")

    # Hurting it

    def family_of(self, service: Service) -> list[int]:
        """A process and its children."""
        assert service.popen is not None
        pid = service.popen.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *map(int, children)]

    def kill(self, service: Service) -> None:
        """SIGKILL to a process and all its children, at once."""
        for pid in self.family_of(service):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        service.kill()

    def freeze(self, service: Service) -> list[int]:
        """SIGSTOP to a process and its children; thaw() lets them go on."""
        family = self.family_of(service)
        for pid in family:
            os.kill(pid, signal.SIGSTOP)
        return family

    def thaw(self, family: list[int]) -> None:
        for pid in family:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def another(self, service: Service) -> Service:
        """One more of the same kind, running; it ends with the test."""
        name = f"{service.name}-{len(self.others) + 2}"
        more = Service(name, service._command, service._environment, folder=service.log.parent)
        more.start()
        self.others.append(more)
        return more

    @contextmanager
    def unwritable(self, table: str) -> Iterator[None]:
        """Whoever wants to write to a table waits; it can be read."""
        with self.site.engine.begin() as connection:
            connection.execute(text(f"LOCK TABLE {table} IN SHARE MODE"))
            yield

    def send_half(self, request: httpx.Request) -> socket.socket:
        """Send a request up to the middle of its body; returns the open connection."""
        body = request.read()
        head = [f"{request.method} {request.url.path} HTTP/1.1", *(f"{k}: {v}" for k, v in request.headers.items())]
        connection = socket.create_connection(("127.0.0.1", request.url.port or 80), timeout=30)
        connection.sendall("\r\n".join([*head, "", ""]).encode() + body[: len(body) // 2])
        return connection

    @contextmanager
    def locked(self, table: str, id_: object) -> Iterator[None]:
        """Hold a row, so that whoever wants to change it waits."""
        with self.site.engine.begin() as connection:
            connection.execute(text(f"SELECT 1 FROM {table} WHERE id = :id FOR UPDATE"), {"id": id_})
            yield


@pytest.fixture(scope="session")
def fault_site(tmp_path_factory: pytest.TempPathFactory, secrets_folder: Path) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("faults")
    with running_site(folder, migrate, secrets_folder, JOB_LEASE=str(LEASE), SMTP_TIMEOUT="2", **UPLOADS) as site:
        yield site


@pytest.fixture(scope="session")
def fault_app(fault_site: Site) -> Flask:
    """The same app in this process, to ask for work and make rows."""
    app = create_app(Settings.from_environment(fault_site.environment))
    with app.app_context():
        reference_data.load()
        db.session.commit()
    return app


@pytest.fixture
def faults(fault_site: Site, fault_app: Flask) -> Iterator[Faults]:
    """Everything running, and nothing waiting."""
    for servers in ((fault_site.postgres, fault_site.valkey), (fault_site.web, fault_site.relay, fault_site.worker)):
        asleep = [process for process in servers if not process.is_running]
        for process in asleep:
            process.launch()
        for process in asleep:
            process.wait_until_ready()
    empty_tables(fault_site.postgres, DATABASE)
    fault_site.valkey.client().flushall()
    fault_site.stubs.reset()
    hurt = Faults(fault_site, fault_app)
    yield hurt
    for other in hurt.others:
        other.stop()
    for process in (fault_site.postgres, fault_site.valkey):
        if not process.is_running:
            process.start()
    assert hurt.leaks() == []
