"""Encryption of whole files in a stream, with a key of its own for each file (security.md section 4).

Pieces are sealed one by one with AES-256-GCM. The nonce is the piece's number and whether it is the last (the STREAM
construction, as the age format uses it): pieces that are changed, moved, repeated or left out at the end do not open.
The counter may start at zero in every file because no two files share a key.
"""

from collections.abc import Iterable, Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from extensions.keys import CannotOpen

PIECE = 256 * 1024
TAG = 16


def new_key() -> bytes:
    """A key for one file."""
    return AESGCM.generate_key(256)


def seal(content: Iterable[bytes], key: bytes) -> Iterator[bytes]:
    """The file encrypted, piece by piece; an empty one is a piece too."""
    cipher = AESGCM(key)
    for number, (piece, is_last) in enumerate(_pieces(content, PIECE)):
        yield cipher.encrypt(_nonce(number, is_last), piece, None)


def unseal(content: Iterable[bytes], key: bytes) -> Iterator[bytes]:
    """The file as it was; each piece is proven before it is given out. Raises CannotOpen at the first that is not, and
    at the end when the end is missing."""
    cipher = AESGCM(key)
    for number, (piece, is_last) in enumerate(_pieces(content, PIECE + TAG)):
        try:
            yield cipher.decrypt(_nonce(number, is_last), piece, None)
        except InvalidTag as error:
            raise CannotOpen(f"file: piece {number}") from error


def _nonce(number: int, is_last: bool) -> bytes:
    return number.to_bytes(11) + bytes([is_last])


def _pieces(content: Iterable[bytes], size: int) -> Iterator[tuple[memoryview, bool]]:
    """The same bytes in pieces of one size, and whether a piece is the last."""
    held = b""
    for more in content:
        joined = memoryview(held + more if held else more)
        whole = 0
        while len(joined) - whole > size:
            yield joined[whole : whole + size], False
            whole += size
        held = bytes(joined[whole:])
    yield memoryview(held), True
