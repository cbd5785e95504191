"""The bytes of files: each encrypted under a key of its own, kept in the store, and read back before it is relied on.

A row owns its file: `storage_key` says where the bytes lie, `key_box` holds the file's key, wrapped for this row alone.
Without the row, and its key, what is left in the store or a backup opens for nobody (security.md section 4).
"""

import hashlib
import logging
import secrets
from collections.abc import Iterable, Iterator

from adapters.errors import Unavailable
from adapters.storage import SYSTEM, Missing
from extensions.agencies import agencies
from extensions.file_sealing import new_key, seal, unseal
from extensions.keys import CannotOpen, Purpose, keyring
from models.base import HasFile
from services import outbox

log = logging.getLogger("alarm")

FOLDER = "files"


def keep(owner: HasFile, content: Iterable[bytes]) -> None:
    """Encrypt and store a file for a row, and read it back: on return the store has exactly these bytes.

    Raises Unavailable. What a failure leaves in the store has no row, and is swept away a day later.
    """
    key, name = new_key(), secrets.token_hex(16)
    storage_key = f"{FOLDER}/{name[0]}/{name}"
    sent = hashlib.sha256()
    agencies().storage.put(storage_key, _noted(seal(content, key), sent))
    if _stored_hash(storage_key) != sent.digest():
        log.error("the store has other bytes than it was given", extra={"event": "wrong_bytes"})
        raise Unavailable(SYSTEM, "wrong bytes")
    owner.storage_key = storage_key
    wrap(owner, key)


def read(owner: HasFile) -> Iterator[bytes]:
    """The file, piece by piece, each proven to be what was kept. Raises CannotOpen when it is not, or is not there,
    which is an alarm, and Unavailable; both also while reading."""
    key = key_of(owner)
    try:
        return unseal(agencies().storage.get(owner.storage_key or ""), key)
    except Missing:
        raise CannotOpen("file: not in the store") from None


def discard(owner: HasFile) -> None:
    """Remove the bytes once this transaction has committed; the caller deletes the row, or clears its columns."""
    if owner.storage_key is not None:
        outbox.add(outbox.Job.REMOVE_FILE, storage_key=owner.storage_key)


def remove(storage_key: str) -> None:
    """Remove bytes nobody owns any more. Safe to repeat."""
    agencies().storage.delete(storage_key)


def wrap(owner: HasFile, key: bytes) -> None:
    """Put a file's key into its row, sealed so that it opens in no other."""
    owner.key_box = keyring().seal(Purpose.FILE, key, _context(owner))


def key_of(owner: HasFile) -> bytes:
    """The key of a row's file; raises CannotOpen."""
    return keyring().open(Purpose.FILE, owner.key_box or b"", _context(owner))


def _context(owner: HasFile) -> str:
    return f"{owner.__tablename__}|key_box|{owner.id}"


def _noted(pieces: Iterable[bytes], sent: "hashlib._Hash") -> Iterator[bytes]:
    for piece in pieces:
        sent.update(piece)
        yield piece


def _stored_hash(storage_key: str) -> bytes:
    stored = hashlib.sha256()
    try:
        for piece in agencies().storage.get(storage_key):
            stored.update(piece)
    except Missing:
        return b""
    return stored.digest()
