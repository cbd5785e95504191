"""The whole product as real processes on free ports, for journeys in the browser and for tests that kill things."""

import os
import socket
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

from sqlalchemy import Engine, create_engine, text

from dev.postgres import Postgres, Role
from dev.supervisor import Service
from dev.valkey import Valkey
from stubs.testing import Stubs, start_stubs
from workers.relay import LEADER_LOCK

BIN = Path(sys.executable).parent
DATABASE = "site"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Whether somebody accepts connections."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def until(check: Callable[[], object], what: str, seconds: float = 30) -> None:
    """Ask again and again until it holds; fails with `what` when it never does."""
    deadline = monotonic() + seconds
    while not check():
        assert monotonic() < deadline, f"still waiting for {what} after {seconds} s"
        sleep(0.05)


@dataclass
class Site:
    """A running product. `web`, `worker` and `relay` can be killed and started; what they print is under `folder`."""

    folder: Path
    url: str
    environment: dict[str, str]
    postgres: Postgres
    valkey: Valkey
    stubs: Stubs
    engine: Engine
    web: Service
    worker: Service
    relay: Service

    def logs(self) -> str:
        """Everything the processes have printed."""
        return "\n".join(file.read_text(errors="replace") for file in sorted(self.folder.glob("*.log")))

    def mail_to(self, address: str) -> list[dict[str, object]]:
        """The captured messages to one recipient, oldest first."""
        return [message for message in self.stubs.mail() if address in message["recipients"]]

    def wait_for_mail(self, address: str, subject: str, seconds: float = 30) -> dict[str, object]:
        """The newest message to a recipient whose subject holds these words; waits for it."""

        def found() -> list[dict[str, object]]:
            return [message for message in self.mail_to(address) if subject in str(message["subject"])]

        until(found, f"mail to {address} about {subject}", seconds)
        return found()[-1]


@contextmanager
def running_site(folder: Path, template: Callable[[Postgres, str], None], keys: Path, **more: str) -> Iterator[Site]:
    """Start everything; `template` brings a new database to its newest shape. Further settings by name."""
    port = free_port()
    url = f"http://localhost:{port}"
    with (
        Postgres(folder / "postgres", durable=False) as postgres,
        Valkey(folder / "valkey", durable=False) as valkey,
        start_stubs(keys, url) as stubs,
    ):
        postgres.create_database(DATABASE)
        template(postgres, DATABASE)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "ENVIRONMENT": "test",
            "BASE_URL": url,
            "SECRET_KEY": (keys / "secret_key").read_text(),
            "KEY_RING_FILE": str(keys / "ring.json"),
            "DATABASE_URL": postgres.url(Role.APP, DATABASE),
            "REDIS_URL": valkey.url(),
            "FILES_URL": (folder / "files").as_uri(),
            "MAIL_FROM": "ikke-svar@helsereserven.example",
            "MAIL_REPLY_TO": "hjelp@helsereserven.example",
            "BIND": f"127.0.0.1:{port}",
            "WEB_CONCURRENCY": "1",
            "WEB_GRACEFUL_TIMEOUT": "2",
            **stubs.settings(),
            **more,
        }

        def service(name: str, *command: str, ready: Callable[[Service], bool]) -> Service:
            return Service(name, [str(BIN / command[0]), *command[1:]], environment, folder=folder, ready=ready)

        flask = ("flask", "--app", "app:create_app")
        engine = create_engine(postgres.url(Role.ADMIN, DATABASE), pool_pre_ping=True)
        site = Site(
            folder=folder,
            url=url,
            environment=environment,
            postgres=postgres,
            valkey=valkey,
            stubs=stubs,
            engine=engine,
            web=service(
                "web", "gunicorn", "-c", "gunicorn.conf.py", "app:create_app()", ready=lambda _: _answers(port)
            ),
            worker=service("worker", *flask, "worker", ready=lambda _: bool(valkey.client().scard("rq:workers"))),
            relay=service("relay", *flask, "relay", ready=lambda _: _somebody_leads(engine)),
        )
        try:
            for process in (site.web, site.worker, site.relay):
                process.launch()
            for process in (site.web, site.worker, site.relay):
                process.wait_until_ready()
            yield site
        finally:
            for process in (site.web, site.worker, site.relay):
                process.ask_to_stop()
            for process in (site.web, site.worker, site.relay):
                process.stop()
            site.engine.dispose()


def _somebody_leads(engine: Engine) -> bool:
    with engine.connect() as connection:
        lock = text("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = :key")
        return connection.scalar(lock, {"key": LEADER_LOCK}) is not None


def _answers(port: int) -> bool:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/helse/klar", headers={"Host": f"localhost:{port}"})
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False
