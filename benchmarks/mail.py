"""`python -m benchmarks.mail`: invitations a second from the queue to the mail server, beside a bare SMTP client.

The server is the stand-in, in this process; the worker and the bare client are processes of their own, and take turns.
The bare client sends one finished message again and again, over a new connection each time. Once with a server that
answers at once, and once with one that thinks about each message, as servers on a network do.
"""

import logging
import smtplib
import statistics
import subprocess
import sys
import tempfile
from email.message import EmailMessage
from pathlib import Path
from time import perf_counter

from flask import Flask
from sqlalchemy import text

from app import create_app
from config import Settings
from dev.environment import make_keys
from extensions.database import db
from models.enums import InvitationStatus, MessageKind
from services import mailbox, reference_data
from tests.builders import Builders
from tests.conftest import empty_tables, migrate
from tests.site import DATABASE, Site, running_site, until

COUNT, ROUNDS = 200, 3
THOUGHT = 0.05
"""Seconds a server on the network thinks about a message."""
GOAL = 0.7


def main() -> int:
    if sys.argv[1:2] == ["client"]:
        return client(int(sys.argv[2]), int(sys.argv[3]))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_keys(folder / "keys")
        with running_site(folder, migrate, folder / "keys") as site:
            app = create_app(Settings.from_environment(site.environment))
            logging.disable()
            report(site, app)
    return 0


def report(site: Site, app: Flask) -> None:
    print("| Mail server | bare client, mails/s | one worker, from the queue | share | goal |")
    print("|---|---|---|---|---|")
    for name, seconds in (("answers at once", 0.0), (f"thinks for {THOUGHT * 1000:.0f} ms", THOUGHT)):
        rounds = [(bare(site, seconds), queued(site, app, seconds)) for _ in range(ROUNDS)]
        client, worker = (statistics.median(column) for column in zip(*rounds, strict=True))
        share = statistics.median(worker / client for client, worker in rounds)
        print(f"| {name} | {client:.0f} | {worker:.0f} | {share:.2f} | ≥ {GOAL} |")


def think(site: Site, seconds: float) -> None:
    site.stubs.reset()
    if seconds:
        site.stubs.control("smtp", "slow", seconds=seconds)


def bare(site: Site, seconds: float) -> float:
    """Mails a second of a client that does nothing else."""
    think(site, seconds)
    command = [sys.executable, "-m", "benchmarks.mail", "client", site.environment["SMTP_PORT"], str(COUNT)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def client(port: int, count: int) -> int:
    """The bare client, in a process of its own: prints mails a second."""
    message = EmailMessage()
    message["From"], message["To"] = "ikke-svar@helsereserven.example", "invitert@kommune.example"
    message["Subject"] = "Invitasjon til registeret"
    message.set_content("Hei\n\n" + "Kommunen har fått tilgang til registeret. " * 20)
    message.add_alternative("<p>Hei</p><p>" + "Kommunen har fått tilgang til registeret. " * 40, subtype="html")
    began = perf_counter()
    for _ in range(count):
        with smtplib.SMTP("127.0.0.1", port, local_hostname="localhost") as server:
            server.send_message(message)
    print(count / (perf_counter() - began))
    return 0


def queued(site: Site, app: Flask, seconds: float) -> float:
    """Mails a second from the first invitation sent to the last, by one worker from a full line."""
    site.worker.stop()
    empty_tables(site.postgres, DATABASE)
    site.valkey.client().flushall()
    think(site, seconds)
    with app.app_context():
        reference_data.load()
        db.session.commit()
    make = Builders(app)
    invitations = [make.invitation(status=InvitationStatus.QUEUED) for _ in range(COUNT)]
    with app.app_context():
        for one in invitations:
            mailbox.queue(MessageKind.INVITATION, one.id, one.email, one.language, invitation_id=one.id)
        db.session.commit()
    until(lambda: site.valkey.client().llen("rq:queue:mail") == COUNT, "all to stand in line", 60)
    site.worker.launch()
    until(lambda: sent(site)[0] == COUNT, "all to be sent", 120)
    return (COUNT - 1) / sent(site)[1]


def sent(site: Site) -> tuple[int, float]:
    """How many are sent, and the seconds from the first to the last."""
    with site.engine.connect() as connection:
        row = connection.execute(
            text(
                "SELECT count(*), coalesce(extract(epoch FROM max(sent_at) - min(sent_at)), 0) FROM message"
                " WHERE status = 'sent'"
            )
        ).one()
    return int(row[0]), float(row[1])


if __name__ == "__main__":
    sys.exit(main())
