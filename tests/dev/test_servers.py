"""The embedded PostgreSQL and Valkey, as real processes."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from dev.postgres import DATABASE, Postgres, Role
from dev.processes import StartError, born
from dev.sockets import socket_folder
from dev.valkey import Valkey


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    with Postgres(tmp_path_factory.mktemp("postgres"), durable=False) as server:
        server.create_database()
        with server.connect(Role.OWNER, DATABASE) as owner:
            owner.execute("CREATE TABLE kept (word text)")
        yield server


def words(server: Postgres, database: str = DATABASE) -> list[str]:
    with server.connect(Role.OWNER, database) as owner:
        return [word for (word,) in owner.execute("SELECT word FROM kept")]


def test_committed_rows_outlive_a_crash_and_a_restart(postgres: Postgres):
    with postgres.connect(Role.OWNER, DATABASE) as owner:
        owner.execute("TRUNCATE kept")
        owner.execute("INSERT INTO kept VALUES ('Ærfugl')")
    postgres.kill()
    with pytest.raises(psycopg.OperationalError):
        postgres.connect()
    postgres.start()
    assert words(postgres) == ["Ærfugl"]
    postgres.restart()
    assert words(postgres) == ["Ærfugl"]


def test_the_application_role_may_connect_and_nothing_else(postgres: Postgres):
    with postgres.connect(Role.APP, DATABASE) as application:
        for statement in ("CREATE TABLE mine (x int)", "SELECT * FROM kept", "CREATE TEMP TABLE mine (x int)"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                application.execute(statement)


def test_a_copy_of_a_template_has_its_rows_and_only_our_roles_get_in(postgres: Postgres):
    with postgres.connect(Role.OWNER, DATABASE) as owner:
        owner.execute("TRUNCATE kept")
        owner.execute("INSERT INTO kept VALUES ('Øre')")
    postgres.create_database("copy", DATABASE)
    assert words(postgres, "copy") == ["Øre"]
    with postgres.connect() as admin:
        admin.execute("CREATE ROLE stranger LOGIN")
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(host=str(postgres.socket), user="stranger", dbname="copy")
    postgres.drop_database("copy")
    postgres.ensure_database()


def test_norwegian_and_sami_letters_have_lower_case(postgres: Postgres):
    with postgres.connect() as admin:
        assert admin.execute("SELECT lower('ÆØÅČĐŊŠŦŽ')").fetchone() == ("æøåčđŋšŧž",)


def test_the_server_log_holds_no_values(postgres: Postgres):
    with postgres.connect(Role.OWNER, DATABASE) as owner:
        owner.execute("CREATE TABLE once (word text PRIMARY KEY)")
        owner.execute("INSERT INTO once VALUES ('kari@example.no')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            owner.execute("INSERT INTO once VALUES (%s)", ["kari@example.no"])
    log = postgres.log.read_text()
    assert "duplicate key" in log
    assert "kari" not in log


def test_a_server_left_behind_is_ended_and_its_data_used(tmp_path: Path):
    left_behind = Postgres(tmp_path, durable=False)
    left_behind.start()
    left_behind.create_database()
    assert left_behind.popen is not None
    pid = left_behind.popen.pid
    left_behind._lock.close()  # type: ignore[union-attr]   # as when the process that started it was killed
    with Postgres(tmp_path, durable=False) as server, server.connect(Role.APP, DATABASE) as application:
        assert left_behind.popen.wait(5) is not None
        assert not born(pid)
        assert application.execute("SELECT 1").fetchone() == (1,)


def test_a_lock_file_of_another_process_does_not_stop_the_start(tmp_path: Path):
    with Postgres(tmp_path, durable=False) as server:
        server.kill()
        (server.data / "postmaster.pid").write_text("1\n")  # a number that came into other use after a crash
        server.start()


def test_two_do_not_run_on_the_same_data(tmp_path: Path):
    with Valkey(tmp_path, durable=False), pytest.raises(StartError, match="already"):
        Valkey(tmp_path, durable=False).start()


def test_what_valkey_was_told_outlives_a_crash_and_a_restart(tmp_path: Path):
    with Valkey(tmp_path, durable=False) as server:
        server.client().set("job", "æ")
        server.kill()
        server.start()
        assert server.client().get("job") == "æ".encode()
        server.restart()
        assert server.client().get("job") == "æ".encode()
        assert server.client().config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_a_socket_folder_somebody_else_made_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    folder = socket_folder(tmp_path / "data", tmp_path.stat().st_uid)
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o755)
    with pytest.raises(PermissionError, match="not ours"):
        socket_folder(tmp_path / "data", tmp_path.stat().st_uid)


def test_a_socket_path_is_short_even_when_the_temp_folder_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    deep = tmp_path / ("x" * 120)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    folder = socket_folder(tmp_path / "data", tmp_path.stat().st_uid)
    assert len(str(folder / ".s.PGSQL.5432")) <= 103
    folder.rmdir()
