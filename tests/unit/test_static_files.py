"""Static files: addresses from content, answered before Flask."""

import gzip
import hashlib
import json
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from extensions import static_files
from extensions.static_files import FOLDER, StaticFiles


@pytest.fixture
def client() -> FlaskClient:
    app = Flask(__name__, static_folder=None)
    static_files.init_app(app)
    return app.test_client()


def address(name: str) -> str:
    return StaticFiles().url(name)


def test_the_address_follows_the_content(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("1")
    first = StaticFiles(tmp_path).url("a.js")
    (tmp_path / "a.js").write_text("2")
    assert StaticFiles(tmp_path).url("a.js") != first


def test_a_stylesheet_names_its_files_by_their_hashes_and_holds_its_imports(tmp_path: Path) -> None:
    (tmp_path / "css").mkdir()
    (tmp_path / "fonts").mkdir()
    (tmp_path / "fonts" / "f.woff2").write_bytes(b"font")
    (tmp_path / "css" / "base.css").write_text('a{background:url("../fonts/f.woff2")}')
    (tmp_path / "css" / "app.css").write_text('@import "base.css";\nb{mask:url("data:image/svg+xml;utf8,x")}')
    files = StaticFiles(tmp_path)
    found = files.find(files.url("css/app.css").removeprefix("/static/"))
    assert found is not None
    text = found[0].content.decode()
    assert f'url("{files.url("fonts/f.woff2")}")' in text
    assert "@import" not in text and "data:image/svg+xml" in text


def test_an_unknown_name_is_a_mistake_at_once() -> None:
    with pytest.raises(KeyError):
        StaticFiles().url("css/missing.css")


def test_hashed_addresses_are_kept_for_ever_and_plain_names_are_asked_for_anew(client: FlaskClient) -> None:
    assert "immutable" in client.get(address("js/app.js")).headers["Cache-Control"]
    assert client.get("/static/js/app.js").headers["Cache-Control"] == "no-cache"


def test_text_is_sent_packed_to_those_who_take_it(client: FlaskClient) -> None:
    plain = client.get(address("css/app.css"))
    packed = client.get(address("css/app.css"), headers={"Accept-Encoding": "br, gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(packed.data) == plain.data
    assert plain.headers["Content-Type"] == "text/css; charset=utf-8"


def test_what_the_browser_has_is_not_sent_again(client: FlaskClient) -> None:
    etag = client.get(address("js/app.js")).headers["ETag"]
    again = client.get(address("js/app.js"), headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("path", ["/static/", "/static/../config.py", "/static/css/app.0000.css", "/static/css"])
def test_nothing_else_is_there(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_files_are_only_read(client: FlaskClient) -> None:
    answer = client.post(address("js/app.js"))
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")


def test_head_tells_the_size_without_the_body(client: FlaskClient) -> None:
    answer = client.head(address("js/app.js"))
    assert answer.data == b"" and int(answer.headers["Content-Length"]) > 0


def test_vendored_files_are_the_ones_recorded() -> None:
    folder = FOLDER / "vendor"
    records = json.loads((folder / "vendored.json").read_text())
    stated = {name: file["sha256"] for record in records for name, file in record["files"].items()}
    present = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "vendored.json"
    }
    assert present == stated
    assert all(record["licence"] and record["version"] for record in records)
