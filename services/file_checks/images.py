"""Pictures: read whole, and written anew with nothing but the picture (security.md C53)."""

import io
import re
import struct
import zlib
from itertools import islice

from PIL import GifImagePlugin, Image, JpegImagePlugin, MpoImagePlugin, PngImagePlugin

from services.file_checks.archives import ends_as_archive
from services.file_checks.quick import SIGNATURES
from services.file_checks.verdicts import FileType, RefusalReason, Refused

MAX_PIXELS = 40_000_000
MAX_SCANS = 50
"""A JPEG is drawn in some ten passes at most; each more is a whole picture's work for a few bytes."""
SCAN = b"\xff\xda"
MAX_SEGMENTS = 20_000
"""Pieces a picture's file may lie in: each costs time, whatever is in it."""
_MARKER = re.compile(rb"\xff[\xc0-\xcf\xda-\xfe]")

FORMATS = {FileType.JPEG: ("JPEG", "MPO"), FileType.PNG: ("PNG",)}
PROBLEMS = (OSError, ValueError, SyntaxError, EOFError, KeyError, IndexError, TypeError, struct.error, zlib.error)
"""What Pillow raises for damaged pictures."""

ORIENTATION = 0x0112

# Read now: the isolated process can open no files later. MPO is what many telephones call JPEG.
Image.preinit()
_PLUGINS = (GifImagePlugin, JpegImagePlugin, MpoImagePlugin, PngImagePlugin)


def check(data: bytes, file_type: FileType) -> None:
    """Read the picture to its last line. Raises Refused."""
    if ends_as_archive(data) or b"%PDF-" in data[:1024]:
        raise Refused(RefusalReason.MIXED)
    _loaded(data, file_type)


def check_size(data: bytes) -> None:
    """Look at a picture inside a document, of any kind Pillow reads at once: its measures only. Raises Refused."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            _check_measures(image)
    except Image.DecompressionBombError:
        raise Refused(RefusalReason.TOO_MANY_PIXELS) from None
    except PROBLEMS:
        raise Refused(RefusalReason.DAMAGED) from None


def cleaned(data: bytes, file_type: FileType) -> bytes:
    """The same picture and nothing else: no place, time, camera, comment, thumbnail or bytes behind it.

    A JPEG keeps its own quality, and its word on which way is up. Raises Refused.
    """
    image = _loaded(data, file_type)
    clean = io.BytesIO()
    try:
        upwards = image.getexif().get(ORIENTATION)
        exif = Image.Exif()
        if upwards in range(2, 9):
            exif[ORIENTATION] = upwards
        image.info = {name: value for name, value in image.info.items() if name == "transparency"}
        if file_type is FileType.JPEG:
            quality = "keep" if image.format == "JPEG" else 90
            image.save(clean, "JPEG", quality=quality, exif=exif)
        else:
            image.save(clean, "PNG", compress_level=1, exif=exif)
    except PROBLEMS:
        raise Refused(RefusalReason.DAMAGED) from None
    return clean.getvalue()


def _loaded(data: bytes, file_type: FileType) -> Image.Image:
    """The picture, every pixel of it read. Raises Refused."""
    _check_segments(data, file_type)
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS[file_type])
        _check_measures(image)
        image.load()
    except Image.DecompressionBombError:
        raise Refused(RefusalReason.TOO_MANY_PIXELS) from None
    except PROBLEMS:
        raise Refused(RefusalReason.DAMAGED) from None
    return image


def _check_segments(data: bytes, file_type: FileType) -> None:
    """Raises Refused when the file lies in so many pieces that reading them would take long."""
    if file_type is FileType.JPEG:
        pieces = sum(1 for _ in islice(_MARKER.finditer(data), MAX_SEGMENTS + 1))
        if data.count(SCAN) > MAX_SCANS:
            raise Refused(RefusalReason.TOO_COMPLEX)
    else:
        pieces, place = 0, len(SIGNATURES[FileType.PNG])
        while place < len(data) and pieces <= MAX_SEGMENTS:
            place += 12 + int.from_bytes(data[place : place + 4], "big")  # length, name, checksum
            pieces += 1
    if pieces > MAX_SEGMENTS:
        raise Refused(RefusalReason.TOO_COMPLEX)


def _check_measures(image: Image.Image) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise Refused(RefusalReason.TOO_MANY_PIXELS)
