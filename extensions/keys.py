"""The key ring: every key of the product, in one file outside the database and its backups (security.md section 4).

`python -m extensions.keys PATH` writes the first one.
"""

import argparse
import base64
import hashlib
import hmac
import json
import logging
import os
import secrets
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from flask import current_app

log = logging.getLogger("alarm")

ENVELOPE_VERSION = b"\x01"
KEY_ID_LENGTH = 4
NONCE_LENGTH = 12


class Purpose(StrEnum):
    """Separate keys for separate uses, so that one lost key opens one thing."""

    FIELD = "field"
    INDEX = "index"
    LINK = "link"
    HELD = "held"
    FILE = "file"
    NOTES = "notes"
    """What organisations write for themselves, under a key of each organisation's own."""


class CannotOpen(Exception):
    """A sealed value does not open: wrong key, moved to another row, or changed. An alarm, never an ordinary event."""


@dataclass(frozen=True)
class KeyRing:
    """Per purpose one primary key and any number of older ones that still open what they sealed. Key ids are 8 hex
    digits."""

    primary: dict[Purpose, str]
    keys: dict[Purpose, dict[str, bytes]]

    @classmethod
    def create(cls, path: Path) -> "KeyRing":
        """Write a new ring to `path`, readable by the owner alone; refuses to overwrite (FileExistsError)."""
        ring = cls({}, {})
        for purpose in Purpose:
            ring._add(purpose)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(ring._as_json())
        return ring

    @classmethod
    def load(cls, path: Path) -> "KeyRing":
        """Read the ring and try every sealing key once, so that a broken key or library stops the start.

        A ring from before a purpose came opens all the same, so that `flask keys add` can add it; until then only what
        needs the purpose fails, with CannotOpen.
        """
        content = json.loads(path.read_text())
        for purpose in Purpose:
            if purpose not in content:
                log.error(
                    "the key ring has no key for %s: flask keys add %s", purpose, purpose, extra={"event": "no_key"}
                )
        known = [purpose for purpose in Purpose if purpose in content]
        ring = cls(
            {purpose: content[purpose]["primary"] for purpose in known},
            {p: {key_id: base64.b64decode(key) for key_id, key in content[p]["keys"].items()} for p in known},
        )
        for purpose in {Purpose.FIELD, Purpose.HELD, Purpose.FILE, Purpose.NOTES}.intersection(known):
            if ring.open(purpose, ring.seal(purpose, b"self-test", "self-test"), "self-test") != b"self-test":
                raise CannotOpen(purpose)
        return ring

    def save_with_new_primary(self, purpose: Purpose, path: Path) -> str:
        """Add a key, make it primary and replace the file in one step; returns the new key's id."""
        key_id = self._add(purpose)
        temporary = path.with_suffix(".new")
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(self._as_json())
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        return key_id

    def add_missing(self, path: Path) -> None:
        """Give a ring from an earlier release a key for each purpose it does not know, in its file."""
        for purpose in Purpose:
            if purpose not in self.primary:
                self.save_with_new_primary(purpose, path)

    def seal(self, purpose: Purpose, value: bytes, context: str, owner: str = "") -> bytes:
        """Encrypt for one place: it opens only with the same context (table, column and row, or a path). Each `owner`
        has a key of its own, made from the purpose's."""
        if purpose not in self.primary:
            raise CannotOpen(f"{purpose}: no key")
        key_id = self.primary[purpose]
        nonce = secrets.token_bytes(NONCE_LENGTH)
        key = _key_of(owner, self.keys[purpose][key_id])
        sealed = AESGCMSIV(key).encrypt(nonce, value, _associated(context, key_id))
        return ENVELOPE_VERSION + bytes.fromhex(key_id) + nonce + sealed

    def open(self, purpose: Purpose, box: bytes, context: str, owner: str = "") -> bytes:
        """Decrypt; raises CannotOpen."""
        key_id, start = self.key_id_of(box), 1 + KEY_ID_LENGTH + NONCE_LENGTH
        key = self.keys.get(purpose, {}).get(key_id)
        if key is None or box[:1] != ENVELOPE_VERSION:
            raise CannotOpen(f"{purpose}: no key {key_id}")
        try:
            opener = AESGCMSIV(_key_of(owner, key))
            return opener.decrypt(box[1 + KEY_ID_LENGTH : start], box[start:], _associated(context, key_id))
        except InvalidTag as error:
            raise CannotOpen(f"{purpose}: does not open with key {key_id}") from error

    @staticmethod
    def key_id_of(box: bytes) -> str:
        """The id of the key a box was sealed with."""
        return box[1 : 1 + KEY_ID_LENGTH].hex()

    def index(self, value: str) -> bytes:
        """The blind index under the primary key: equal values, equal indexes, and nobody without the key can guess."""
        return self._mac(Purpose.INDEX, self.primary[Purpose.INDEX], value)

    def indexes(self, value: str) -> list[bytes]:
        """The index under every index key, to look a value up while a rotation is under way."""
        return [self._mac(Purpose.INDEX, key_id, value) for key_id in self.keys[Purpose.INDEX]]

    def link_token(self, purpose: str, subject: str) -> str:
        """A 256-bit token for a link, made from the key and the subject's id: the same mail twice holds the same link,
        and the database alone cannot make it."""
        return _url_safe(self._mac(Purpose.LINK, self.primary[Purpose.LINK], f"{purpose}|{subject}"))

    def link_tokens(self, purpose: str, subject: str) -> list[str]:
        """The same link's token under every link key: the one that was sent is among them."""
        link = f"{purpose}|{subject}"
        return [_url_safe(self._mac(Purpose.LINK, key_id, link)) for key_id in self.keys[Purpose.LINK]]

    def _mac(self, purpose: Purpose, key_id: str, value: str) -> bytes:
        return hmac.new(self.keys[purpose][key_id], value.encode(), hashlib.sha256).digest()

    def _add(self, purpose: Purpose) -> str:
        key_id = secrets.token_hex(KEY_ID_LENGTH)
        self.keys.setdefault(purpose, {})[key_id] = secrets.token_bytes(32)
        self.primary[purpose] = key_id
        return key_id

    def _as_json(self) -> str:
        content = {
            purpose: {
                "primary": self.primary[purpose],
                "keys": {key_id: base64.b64encode(key).decode() for key_id, key in self.keys[purpose].items()},
            }
            for purpose in self.primary
        }
        return json.dumps(content, indent=1)


def _key_of(owner: str, key: bytes) -> bytes:
    return HKDFExpand(SHA256(), len(key), f"owner|{owner}".encode()).derive(key) if owner else key


def _associated(context: str, key_id: str) -> bytes:
    return f"{context}|{key_id}".encode()


def _url_safe(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def keyring() -> KeyRing:
    """The key ring of this app."""
    return cast(KeyRing, current_app.extensions["keyring"])


def main() -> None:
    """Write a new key ring, without an app: none starts before there is one. An existing file is left alone."""
    parser = argparse.ArgumentParser(prog="python -m extensions.keys", description="Write a new key ring.")
    parser.add_argument("path", type=Path, help="a file that does not exist")
    path = parser.parse_args().path
    try:
        KeyRing.create(path)
    except OSError as error:
        parser.error(f"{path}: {error.strerror}")


if __name__ == "__main__":
    main()
