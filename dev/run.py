"""`make run`: the whole product in one terminal, on this machine alone.

Starts the database and the queue, migrates, loads reference and demo data, starts the stand-ins, web, worker and relay,
asks each whether it is ready, and tells where to go and whom to be.
"""

import hashlib
import os
import shlex
import shutil
import signal
import socket
import sys
import textwrap
import time
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

from psycopg import Error as DatabaseError

from dev.environment import STUBS, local_settings, process_environment, stub_port, stub_url
from dev.postgres import Postgres, Role
from dev.processes import ROOT, StartError, adopt_orphans, die_with_parent, end_leftover, lock
from dev.supervisor import Service, Stopped, Supervisor, say
from dev.valkey import Valkey
from stubs.people import people

VAR = Path(os.environ.get("VAR_FOLDER") or ROOT / "var")
LOGS = VAR / "log"
BIN = Path(sys.executable).parent
FILLED_FROM = ("adapters", "commands", "dev", "extensions", "migrations", "models", "reference", "services", "stubs")
SOURCES = (".csv", ".json", ".py")


def main() -> int:
    """Run until told to stop; 0 after a stop, 1 with the reason when something cannot start."""
    began = time.monotonic()
    if "MAKELEVEL" in os.environ:
        die_with_parent()  # `make` itself passes SIGTERM on, but cannot when it is killed
    adopt_orphans()
    supervisor = Supervisor()
    supervisor.handle_signals()
    try:
        LOGS.mkdir(parents=True, exist_ok=True)
        with lock(VAR / "run.lock"):
            return run(supervisor, began)
    except (StartError, PermissionError) as problem:  # somebody else's var/, or a run that is on already
        say(str(problem))
        return 1


def run(supervisor: Supervisor, began: float) -> int:
    """Start, show the guide, watch; end everything whatever happens. Returns the exit code."""
    try:
        start_product(supervisor)
        print_guide(web_address(), stub_url("mail", stubs_port()), time.monotonic() - began)
        supervisor.watch()
    except Stopped:
        say("Stopping …")
        code = 0
    except StartError as problem:
        say(str(problem))
        code = 1
    finally:
        asked = time.monotonic()
        supervisor.stop()
        say(f"Everything is stopped ({time.monotonic() - asked:.1f} s).")
    return code


def start_product(supervisor: Supervisor) -> None:
    """Start every process, and wait for each until it answers. Raises StartError or Stopped."""
    end_leftovers()
    require_free_ports()

    say("Starting PostgreSQL and Valkey …")
    postgres = Postgres(VAR / "postgres", log=LOGS / "postgres.log")
    valkey = Valkey(VAR / "valkey", log=LOGS / "valkey.log")
    supervisor.start(postgres, valkey)
    postgres.ensure_database()
    settings = local_settings(
        VAR,
        port=web_port(),
        stubs_port=stubs_port(),
        database_url=postgres.url(Role.APP),
        database_owner_url=postgres.url(Role.OWNER),
        redis_url=valkey.url(),
    )
    write_shell_settings(VAR / "settings.sh", settings)
    as_owner = process_environment(settings)
    environment = {name: value for name, value in as_owner.items() if name != "DATABASE_OWNER_URL"}

    def service(name: str, *command: str, ready: Callable[[Service], bool], **more: str) -> Service:
        return Service(name, [str(BIN / command[0]), *command[1:]], environment | more, folder=LOGS, ready=ready)

    say("Starting the stand-ins, and filling the database …")
    stub_ports = [stub_port(name, stubs_port()) for name in STUBS]
    supervisor.launch(service("stubs", "python", "-m", "stubs", ready=lambda _: all(map(listens, stub_ports))))
    fill_database(supervisor, postgres.data.parent / "filled-from", as_owner)
    supervisor.wait()

    say("Starting relay, worker and web …")
    bind = f"{os.environ.get('HOST') or '127.0.0.1'}:{web_port()}"
    flask = ("flask", "--app", "app:create_app")
    supervisor.start(
        service("relay", *flask, "relay", ready=lambda _: holds_the_lead(postgres)),
        *(
            service(name, *flask, "worker", ready=lambda worker: is_registered(worker, valkey))
            for name in ("worker", *(f"worker{extra}" for extra in range(2, number("WORKERS", 1) + 1)))
        ),
        service(
            "web",
            "gunicorn",
            "-c",
            "gunicorn.conf.py",
            "app:create_app()",
            ready=lambda _: is_ready(web_port()),
            BIND=bind,
            WEB_GRACEFUL_TIMEOUT="2",
        ),
    )


def fill_database(supervisor: Supervisor, stamp: Path, environment: Mapping[str, str]) -> None:
    """Migrations, reference data and demo data, unless the code and data here are those it was last filled from."""
    files = (file for folder in FILLED_FROM for file in sorted((ROOT / folder).rglob("*")) if file.suffix in SOURCES)
    source = hashlib.sha256(b"".join(str(file).encode() + file.read_bytes() for file in files)).hexdigest()
    if stamp.exists() and stamp.read_text() == source:
        return
    log = LOGS / "setup.log"
    log.write_text("")
    supervisor.run("Filling the database", [BIN / "python", "-m", "dev.prepare"], environment, log)
    stamp.write_text(source)


def number(name: str, default: int) -> int:
    """A whole number from the environment; raises StartError when it is something else."""
    text = os.environ.get(name) or str(default)
    if not text.isdecimal():
        raise StartError(f"{name} must be a whole number, not {text!r}.")
    return int(text)


def web_port() -> int:
    return number("PORT", 8000)


def stubs_port() -> int:
    """The first of the stand-ins' ports."""
    return number("STUBS_PORT_BASE", web_port() + 100)


def web_address() -> str:
    return f"http://localhost:{web_port()}"


def end_leftovers() -> None:
    """End what an earlier run left when it was killed; PostgreSQL and Valkey see to their own leftovers."""
    for pid_file in LOGS.glob("*.pid"):
        if pid_file.stem not in ("postgres", "valkey"):
            end_leftover(pid_file, signal.SIGTERM, patience=3.0)


def require_free_ports() -> None:
    """Raises StartError naming the first port somebody else listens on, and how to choose another."""
    wanted = {web_port(): "PORT", **{stub_port(name, stubs_port()): "STUBS_PORT_BASE" for name in STUBS}}
    for port, setting in wanted.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except (OSError, OverflowError) as error:
                advice = f"Choose another: make run {setting}={(port + 1000) % 60000}"
                raise StartError(f"Port {port} cannot be used ({error}). {advice}") from None


def listens(port: int) -> bool:
    """Whether somebody accepts connections on a port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def is_ready(port: int) -> bool:
    """Whether the web process says it can serve."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}/helse/klar", headers={"Host": f"localhost:{port}"})
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            return bool(response.status == 200)
    except OSError:  # not listening yet, or an answer that is not 200
        return False


def is_registered(service: Service, valkey: Valkey) -> bool:
    """Whether this worker has made itself known in the queue, under the names RQ uses there."""
    with valkey.client() as client:
        pids = {client.hget(name, "pid") for name in client.smembers("rq:workers")}
    return service.popen is not None and str(service.popen.pid).encode() in pids


def holds_the_lead(postgres: Postgres) -> bool:
    """Whether a relay holds the advisory lock that makes it the one that works."""
    try:
        with postgres.connect() as admin:
            held = admin.execute("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted").fetchone()
    except DatabaseError:
        return False
    return held is not None


def write_shell_settings(file: Path, settings: Mapping[str, str]) -> None:
    """The settings as shell assignments, for `make flask` beside a running product."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
        handle.writelines(f"export {name}={shlex.quote(value)}\n" for name, value in settings.items())


NAME_WIDTH = 36
"""The widest name that shares a line with the rest."""


def print_guide(address: str, mail: str, seconds: float) -> None:
    """Where to go, and whom to sign in as."""
    width = max(shutil.get_terminal_size((120, 24)).columns, 80)
    print()
    for person in people():
        name = person.name
        if len(name) > NAME_WIDTH:  # on a line of its own, so that the columns of all others stay
            print(name)
            name = ""
        start = f"{name:<{NAME_WIDTH}}  {person.national_id}  "
        indent = " " * len(start)
        print(textwrap.fill(f"{person.role}. {person.try_}.", width, initial_indent=start, subsequent_indent=indent))
    print(f"\nReady after {seconds:.1f} s. Everybody above is made up; sign in with their number.")
    logs = os.path.relpath(LOGS, ROOT)
    print(f"Product: {address}   Mail it sent: {mail}   Logs: {logs}/   Stop: Ctrl-C\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
