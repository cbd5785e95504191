"""The store's contract, the same for a folder and for S3, and what a broken store leads to."""

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from moto.server import ThreadedMotoServer

from adapters.errors import Unavailable
from adapters.storage import PIECE, Missing, Storage
from tests.site import free_port


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """An S3-compatible service with one empty bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    urlopen(Request(f"http://{host}:{port}/bucket", method="PUT")).close()
    yield f"http://{host}:{port}"
    server.stop()


def at_s3(endpoint: str) -> Storage:
    return Storage.at("s3://bucket/files-of-tests", endpoint=endpoint, access_key="key", secret_key="secret")


@pytest.fixture(params=["folder", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "folder":
        return Storage.at((tmp_path / "files").as_uri())
    return at_s3(request.getfixturevalue("s3"))


def test_an_object_is_kept_read_listed_and_removed(storage: Storage) -> None:
    content = os.urandom(PIECE + 1000)
    storage.put("files/a/one", [content[:10], content[10:]])
    storage.put("files/b/two", iter([b"x"]))
    assert b"".join(storage.get("files/a/one")) == content
    assert [one.key for one in storage.list("files/a")] == ["files/a/one"]
    assert {one.key for one in storage.list("files")} == {"files/a/one", "files/b/two"}
    assert all(one.modified_at.tzinfo for one in storage.list("files"))
    for key in ("files/a/one", "files/a/one", "files/b/two"):
        storage.delete(key)
    assert list(storage.list("files")) == []
    with pytest.raises(Missing):
        storage.get("files/a/one")


def test_nothing_is_ever_overwritten(storage: Storage) -> None:
    storage.put("files/c/same", [b"first"])
    with pytest.raises(Unavailable):
        storage.put("files/c/same", [b"second"])
    assert b"".join(storage.get("files/c/same")) == b"first"
    storage.delete("files/c/same")


def test_what_fails_on_the_way_in_leaves_nothing(storage: Storage) -> None:
    def broken() -> Iterator[bytes]:
        yield b"half"
        raise ValueError("the other half is gone")

    with pytest.raises(ValueError, match="half"):
        storage.put("files/d/half", broken())
    assert list(storage.list("files/d")) == []


def test_a_store_that_is_away_is_unavailable_and_tells_no_address() -> None:
    storage = at_s3(f"http://127.0.0.1:{free_port()}")
    calls: list[Callable[[], object]] = [
        lambda: storage.put("files/e/x", [b"x"]),
        lambda: storage.get("files/e/x"),
        lambda: storage.delete("files/e/x"),
        lambda: list(storage.list("files")),
    ]
    for call in calls:
        with pytest.raises(Unavailable) as raised:
            call()
        assert (raised.value.system, raised.value.__cause__) == ("storage", None)
        assert "127.0.0.1" not in f"{raised.value} {raised.value.reason}"


def test_a_folder_is_the_owners_alone(tmp_path: Path) -> None:
    Storage.at((tmp_path / "new folder").as_uri())
    assert stat.S_IMODE((tmp_path / "new folder").stat().st_mode) == 0o700


@pytest.mark.parametrize("url", ["var/files", "s3://", "https://store.example/bucket"])
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="file:"):
        Storage.at(url)
