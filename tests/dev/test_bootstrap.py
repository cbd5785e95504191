"""Set-up from a bare Python: which index is asked, what is refused, when nothing is done."""

import hashlib
import json
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

import pytest

from dev import bootstrap

FILENAME = f"uv-{bootstrap.UV_VERSION}-py3-none-test.whl"


def wheel() -> bytes:
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(f"uv-{bootstrap.UV_VERSION}.data/scripts/uv", "#!/bin/sh\necho uv\n")
    return content.getvalue()


class Index(BaseHTTPRequestHandler):
    """A package index with one file; the page is JSON below /json and HTML below /html, and wants kari's password."""

    def do_GET(self) -> None:
        if self.headers["Authorization"] != "Basic a2FyaTpw":  # kari:p
            self.send_error(401)
            return
        pages = {
            "/json/uv/": json.dumps({"files": [{"filename": FILENAME, "url": f"/files/{FILENAME}"}]}).encode(),
            "/html/uv/": f'<a href="../../files/{FILENAME}#sha256=0">{FILENAME}</a>'.encode(),
            "/empty/uv/": b"<html></html>",
            f"/files/{FILENAME}": wheel(),
        }
        self.send_response(200)
        self.end_headers()
        self.wfile.write(pages[self.path])

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Index)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(bootstrap, "TOOLS", tmp_path)
    monkeypatch.setattr("platform.system", lambda: "Test")
    monkeypatch.setattr("platform.machine", lambda: "test")
    monkeypatch.setitem(bootstrap.UV_WHEELS, ("Test", "test"), ("test", hashlib.sha256(wheel()).hexdigest()))
    for name in ("UV_DEFAULT_INDEX", "PIP_INDEX_URL", "PIP_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    yield f"http://kari:p@127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("kind", ["json", "html"])
def test_uv_comes_from_the_configured_index(index: str, kind: str, monkeypatch: pytest.MonkeyPatch):
    host = index.partition("@")[2]
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"{index}/{kind}/")
    monkeypatch.setattr(bootstrap, "fetch", with_password(host))
    program = bootstrap.download_uv()
    assert program.read_text().startswith("#!/bin/sh")
    assert program.stat().st_mode & 0o111


def with_password(host: str):
    """fetch() as for an index whose pages name its files with the password in the address, as mirrors do."""
    real = bootstrap.fetch
    return lambda address, *more: real(address.replace(f"//{host}", f"//kari:p@{host}"), *more)


def test_a_wheel_with_other_bytes_is_refused(index: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PIP_INDEX_URL", f"{index}/html")
    monkeypatch.setitem(bootstrap.UV_WHEELS, ("Test", "test"), ("test", "0" * 64))
    with pytest.raises(RuntimeError, match="not the one this project knows"):
        bootstrap.download_uv()
    assert not list(bootstrap.TOOLS.glob("uv-*"))


def test_an_index_without_the_file_says_so(index: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PIP_INDEX_URL", f"{index}/empty")
    with pytest.raises(RuntimeError, match="the index has no uv-"):
        bootstrap.download_uv()


def test_the_index_is_uvs_then_pips_then_pip_conf_then_pypi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("UV_DEFAULT_INDEX", "PIP_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "none"))
    assert bootstrap.index_url() == "https://pypi.org/simple"
    (tmp_path / "pip").mkdir()
    (tmp_path / "pip" / "pip.conf").write_text("[global]\nindex-url = https://mirror.example/simple/\n")
    assert bootstrap.index_url() == "https://mirror.example/simple"
    monkeypatch.setenv("PIP_INDEX_URL", "https://pip.example/simple")
    assert bootstrap.index_url() == "https://pip.example/simple"
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://uv.example/simple")
    assert bootstrap.index_url() == "https://uv.example/simple"


def test_pip_takes_over_where_uv_cannot_and_the_stamp_is_written_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(bootstrap, "VENV", tmp_path)

    def fails() -> None:
        raise RuntimeError("no route to the index")

    monkeypatch.setattr(bootstrap, "install_with_uv", fails)
    monkeypatch.setattr(bootstrap, "install_with_pip", fails)
    assert not bootstrap.install()
    assert "no route to the index" in capsys.readouterr().err
    assert not (tmp_path / "lock.sha256").exists()
    monkeypatch.setattr(bootstrap, "install_with_pip", lambda: None)
    assert bootstrap.install()
    assert (tmp_path / "lock.sha256").read_text() == bootstrap.stamp_text()


def test_an_environment_is_up_to_date_until_the_lock_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bootstrap, "VENV", tmp_path)
    monkeypatch.setattr(bootstrap, "LOCK", tmp_path / "requirements.lock")
    bootstrap.LOCK.write_text("flask==1\n")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to("/bin/true")
    assert not bootstrap.is_up_to_date()
    (tmp_path / "lock.sha256").write_text(bootstrap.stamp_text())
    assert bootstrap.is_up_to_date()
    bootstrap.LOCK.write_text("flask==2\n")
    assert not bootstrap.is_up_to_date()


def test_a_moved_or_broken_interpreter_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bootstrap, "VENV", tmp_path)
    (tmp_path / "lock.sha256").write_text(bootstrap.stamp_text())
    assert not bootstrap.is_up_to_date()


def test_an_account_without_a_writable_home_gets_a_cache_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", "/dev/null")
    assert not bootstrap.has_home_cache()
    monkeypatch.setenv("HOME", str(tmp_path))
    assert bootstrap.has_home_cache()
