"""The bytes of one uploaded file while the request that brings them lasts."""

import hashlib
from collections.abc import Iterable, Iterator
from tempfile import TemporaryFile
from typing import Self

from services.file_checks.quick import HEAD
from services.file_checks.verdicts import MAX_BYTES

PIECE = 256 * 1024


class Upload:
    """Takes a file in as it arrives. What goes beyond the largest size is counted and thrown away, so that the person
    can be told how large the file is, and neither disk nor memory fills.

    The bytes lie in a temporary file without a name: when the request ends, or its process dies, they are gone.
    """

    def __init__(self) -> None:
        self._file = TemporaryFile()  # noqa: SIM115 - closed with the request
        self._hash = hashlib.sha256()
        self.size = 0

    @classmethod
    def of(cls, content: Iterable[bytes]) -> Self:
        """A file that is here already."""
        upload = cls()
        for piece in content:
            upload.write(piece)
        return upload

    def write(self, data: bytes | bytearray) -> int:
        self.size += len(data)
        if self.size <= MAX_BYTES:
            self._hash.update(data)
            self._file.write(data)
        else:
            self._file.truncate(0)
        return len(data)

    @property
    def sha256(self) -> bytes:
        return self._hash.digest()

    @property
    def path(self) -> str:
        """How another part of this process opens the file; it begins at the start."""
        self._file.seek(0)
        return f"/dev/fd/{self._file.fileno()}"

    @property
    def head(self) -> bytes:
        """The first bytes, from which the kind of file is told."""
        self._file.seek(0)
        return self._file.read(HEAD)

    def pieces(self) -> Iterator[bytes]:
        """The file from its start."""
        self._file.seek(0)
        while piece := self._file.read(PIECE):
            yield piece

    def read(self, size: int = -1) -> bytes:
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def close(self) -> None:
        self._file.close()
