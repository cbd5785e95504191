"""Programs that are looked for, the settings that are made, and what the web server writes down."""

import json
import logging
import runpy
import socket
import stat
from pathlib import Path

import pytest

from config import Settings
from dev import packages
from dev.browser import launch_options
from dev.environment import local_settings, make_keys, process_environment
from dev.packages import MissingProgram, require
from dev.processes import ROOT, StartError
from dev.run import require_free_ports


def test_a_missing_program_is_asked_for_by_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(packages, "install", lambda _package: False)
    monkeypatch.delenv("SOME_PROGRAM", raising=False)
    with pytest.raises(MissingProgram, match="apt-get install some-package.*SOME_PROGRAM=/path/to/no-such-program"):
        require("SOME_PROGRAM", ["no-such-program"], "some-package")


def test_a_program_is_installed_where_that_is_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))

    def install(package: str) -> bool:
        (tmp_path / package).write_text("#!/bin/sh\n")
        (tmp_path / package).chmod(0o755)
        return True

    monkeypatch.setattr(packages, "install", install)
    assert require("SOME_PROGRAM", ["some-program"], "some-program") == str(tmp_path / "some-program")


def test_a_named_program_that_cannot_run_is_said_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PLAYWRIGHT_CHROMIUM", "/nowhere/chromium")
    with pytest.raises(MissingProgram, match="PLAYWRIGHT_CHROMIUM points at /nowhere/chromium"):
        launch_options()


def test_the_local_settings_start_the_product_and_its_keys_are_private_and_kept(tmp_path: Path):
    def make() -> dict[str, str]:
        return local_settings(
            tmp_path,
            port=8000,
            stubs_port=8100,
            database_url="postgresql+psycopg://a@/b",
            redis_url="unix:///r",
            database_owner_url="postgresql+psycopg://o@/b",
        )

    settings = Settings.from_environment(process_environment(make(), {}))
    assert settings.base_url == "http://localhost:8000"
    assert settings.smtp_port == 8105
    assert make() == make()
    keys = list((tmp_path / "keys").iterdir())
    assert {stat.S_IMODE(file.stat().st_mode) for file in keys} == {0o600}
    assert json.loads(settings.idporten_key_file.read_text())["alg"] == "RS256"
    assert json.loads(settings.idporten_key_file.read_text()) != json.loads(settings.maskinporten_key_file.read_text())


def test_keys_of_an_earlier_release_are_kept_and_the_new_ones_added(tmp_path: Path):
    make_keys(tmp_path)
    kept = {file.name: file.read_bytes() for file in tmp_path.iterdir() if file.name != "helseid.jwk.json"}
    (tmp_path / "helseid.jwk.json").unlink()
    make_keys(tmp_path)
    assert json.loads((tmp_path / "helseid.jwk.json").read_text())["d"]
    assert {name: (tmp_path / name).read_bytes() for name in kept} == kept


def test_a_stray_setting_of_the_terminal_does_not_reach_a_process():
    environment = process_environment(
        {"SMTP_HOST": "localhost"}, {"SMTP_HOST": "mail.example", "SMTP_USER": "x", "PATH": "/bin"}
    )
    assert environment["SMTP_HOST"] == "localhost"
    assert environment["PATH"] == "/bin"
    assert "SMTP_USER" not in environment


def test_a_port_in_use_is_named_with_a_way_out(monkeypatch: pytest.MonkeyPatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setenv("PORT", str(port))
        monkeypatch.setenv("STUBS_PORT_BASE", "1")
        with pytest.raises(StartError, match=f"Port {port} cannot be used.*make run PORT="):
            require_free_ports()


def test_web_server_lines_hold_no_national_ids_tokens_or_query_strings():
    server = runpy.run_path(str(ROOT / "gunicorn.conf.py"))
    number, token = "010190" + "12345", "A" * 43
    path = f"/invitasjon/{token}/{number}/{number[:6]} {number[6:]}/7c9e6679-7425-40de-944b-e07fc1f90ae7?code={number}"
    record = logging.LogRecord("gunicorn.error", logging.ERROR, "", 0, "Error handling request %s", (path,), None)
    line = server["_Masked"](logging.Formatter("%(message)s")).format(record)
    assert line == "Error handling request /invitasjon/***/***/***/7c9e6679-7425-40de-944b-e07fc1f90ae7?***"
    assert server["accesslog"] is None, "the app logs the route, never the address"
