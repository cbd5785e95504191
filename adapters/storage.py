"""Where files are kept: a folder, or an S3-compatible store. An object is written once, never changed, and removed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, S3Store

from adapters.errors import Unavailable

SYSTEM = "storage"
PIECE = 4 * 1024 * 1024
"""How much is read at a time."""
CONNECT, ANSWER, PATIENCE = timedelta(seconds=3), timedelta(seconds=15), timedelta(seconds=10)
"""How long a connection, an answer, and all tries of one call together may take."""


class Missing(Exception):
    """There is no object with this key."""


@dataclass(frozen=True)
class StoredObject:
    """One object as the store lists it."""

    key: str
    modified_at: datetime


class Storage:
    """One store. Every call raises `Unavailable` when the store gives no proper answer; its words may hold addresses,
    and go no further than this module."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    @classmethod
    def at(
        cls,
        url: str,
        *,
        endpoint: str | None = None,
        region: str | None = None,
        access_key: str | None = None,
        secret_key: str | None = None,
    ) -> "Storage":
        """The store at `file:///folder`, which is made when it is not there, or `s3://bucket/prefix`.

        `endpoint` is the address of an S3-compatible service, whose buckets then stand in the path.
        """
        parts = urlsplit(url)
        if parts.scheme == "file":
            folder = Path(unquote(parts.path))
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return cls(LocalStore(folder))
        if parts.scheme != "s3" or not parts.netloc:
            raise ValueError("files are kept at file:///folder or s3://bucket")
        store = S3Store(
            parts.netloc,
            prefix=parts.path.strip("/") or None,
            region=region or "us-east-1",
            access_key_id=access_key,
            secret_access_key=secret_key,
            endpoint=endpoint,
            virtual_hosted_style_request=endpoint is None,
            client_options={
                "allow_http": (endpoint or "").startswith("http://"),
                "connect_timeout": CONNECT,
                "timeout": ANSWER,
            },
            retry_config={
                "max_retries": 2,
                "retry_timeout": PATIENCE,
                "backoff": {
                    "init_backoff": timedelta(milliseconds=100),
                    "max_backoff": timedelta(seconds=1),
                    "base": 2,
                },
            },
        )
        return cls(store)

    def put(self, key: str, content: Iterable[bytes]) -> None:
        """Keep a new object, whole or not at all. One with this key stays as it is, and the call raises Unavailable."""
        try:
            obstore.put(self._store, key, iter(content), mode="create")
        except (BaseError, OSError) as error:
            raise _unavailable(error) from None

    def get(self, key: str) -> Iterator[bytes]:
        """The object's bytes, in pieces. Raises Missing at once; Unavailable at once or while reading."""
        first, size = self._part(key, 0)
        return self._rest(key, first, size)

    def _rest(self, key: str, first: bytes, size: int) -> Iterator[bytes]:
        yield first
        for start in range(PIECE, size, PIECE):
            yield self._part(key, start)[0]

    def _part(self, key: str, start: int) -> tuple[bytes, int]:
        """A piece, and how long the whole object is. A folder's own stream would come in far smaller pieces."""
        try:
            found = obstore.get(self._store, key, options={"range": (start, start + PIECE)})
            return bytes(found.bytes()), found.meta["size"]
        except FileNotFoundError:
            raise Missing(key) from None
        except (BaseError, OSError) as error:
            raise _unavailable(error) from None

    def delete(self, key: str) -> None:
        """Remove an object; one that is gone already stays gone."""
        try:
            obstore.delete(self._store, key)
        except FileNotFoundError:
            pass
        except (BaseError, OSError) as error:
            raise _unavailable(error) from None

    def list(self, folder: str) -> Iterator[StoredObject]:
        """Every object below a folder, in no particular order."""
        try:
            for page in obstore.list(self._store, prefix=folder):
                for found in page:
                    yield StoredObject(found["path"], found["last_modified"])
        except (BaseError, OSError) as error:
            raise _unavailable(error) from None


def _unavailable(error: Exception) -> Unavailable:
    return Unavailable(SYSTEM, type(error).__name__)
