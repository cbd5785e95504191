"""A ZIP file read with our own limits, every size counted and none believed (security.md C52).

Stricter than the format: entries lie one after another from the first byte to the list of them, as word processors
write them, so that no two programs can disagree on what is inside.
"""

import codecs
import io
import stat
import struct
import zipfile
import zlib

from services.file_checks.verdicts import RefusalReason, Refused

MAX_ENTRIES = 2000
MAX_UNPACKED = 50 * 1024 * 1024
MAX_RATIO = 100

codecs.lookup("cp437")  # how zipfile reads names: read now, since the isolated process can open no files later

_END = struct.Struct("<4s4H2LH")
_LOCAL = struct.Struct("<4s5H3L2H")
_LIST_ROOM = 1024 * 1024
"""Bytes the list of entries may take: 500 for each entry."""
_DESCRIPTOR_ROOM = 24
"""What may lie behind an entry's data: its sizes once more, in the longest form."""
_HAS_DESCRIPTOR = 0x8
_ENCRYPTED = 0x1 | 0x40 | 0x2000


def ends_as_archive(data: bytes) -> bool:
    """Whether a program that opens ZIP files would find one at the end, whatever lies before it."""
    return b"PK\x05\x06" in data[-_END.size - 0xFFFF :]


def unpack(data: bytes) -> dict[str, bytes]:
    """The files of an archive by name, in order. Raises Refused."""
    entries = _listed(data)
    _check_names(entries)
    _check_places(data, entries)
    parts: dict[str, bytes] = {}
    packed = unpacked = 0
    for entry in entries:
        content = _content(data, entry, MAX_UNPACKED - unpacked)
        packed, unpacked = packed + entry.compress_size, unpacked + len(content)
        if not entry.is_dir():
            parts[entry.filename] = content
    if unpacked > MAX_RATIO * max(packed, 1):
        raise Refused(RefusalReason.BOMB)
    return parts


def _listed(data: bytes) -> list[zipfile.ZipInfo]:
    """The entries, from a list that stands right before the end record, which ends the file."""
    end = data.rfind(b"PK\x05\x06")
    if end < 0 or len(data) - end < _END.size:
        raise Refused(RefusalReason.DAMAGED)
    if len(data) - end > _END.size:
        raise Refused(RefusalReason.MIXED)
    _, disk, list_disk, on_disk, total, size, offset, comment = _END.unpack_from(data, end)
    if total > MAX_ENTRIES or size > _LIST_ROOM:
        raise Refused(RefusalReason.TOO_COMPLEX)
    if disk or list_disk or comment or on_disk != total or offset + size != end:
        raise Refused(RefusalReason.UNSAFE_STRUCTURE)
    try:
        entries = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, ValueError, struct.error, NotImplementedError, EOFError, OverflowError):
        raise Refused(RefusalReason.DAMAGED) from None
    if len(entries) != total:
        raise Refused(RefusalReason.UNSAFE_STRUCTURE)
    return sorted(entries, key=lambda entry: entry.header_offset)


def _check_names(entries: list[zipfile.ZipInfo]) -> None:
    """No name climbs, is absolute, hides something or stands twice; no entry is a link or has a password."""
    seen = set()
    for entry in entries:
        name = entry.orig_filename
        if entry.flag_bits & _ENCRYPTED:
            raise Refused(RefusalReason.PASSWORD)
        steps = name.removesuffix("/").split("/")
        if any(step in ("", ".", "..") for step in steps) or not name.isprintable() or "\\" in name or ":" in name:
            raise Refused(RefusalReason.UNSAFE_STRUCTURE)
        if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise Refused(RefusalReason.UNSAFE_STRUCTURE)
        if name.casefold() in seen:
            raise Refused(RefusalReason.UNSAFE_STRUCTURE)
        seen.add(name.casefold())


def _check_places(data: bytes, entries: list[zipfile.ZipInfo]) -> None:
    """The entries lie one after another and say of themselves what the list says, so nothing overlaps or hides."""
    position, room = 0, 0
    for entry in entries:
        if not position <= entry.header_offset <= position + room:
            raise Refused(RefusalReason.UNSAFE_STRUCTURE)
        start = _start(data, entry)
        position = start + entry.compress_size
        room = _DESCRIPTOR_ROOM if entry.flag_bits & _HAS_DESCRIPTOR else 0
    list_offset = _END.unpack_from(data, len(data) - _END.size)[6]
    if not position <= list_offset <= position + room:
        raise Refused(RefusalReason.UNSAFE_STRUCTURE)


def _start(data: bytes, entry: zipfile.ZipInfo) -> int:
    """Where an entry's data begins, its own header found to agree with the list."""
    if entry.header_offset + _LOCAL.size > len(data):
        raise Refused(RefusalReason.DAMAGED)
    signature, _, flags, method, _, _, _, _, _, name_length, extra_length = _LOCAL.unpack_from(
        data, entry.header_offset
    )
    name_at = entry.header_offset + _LOCAL.size
    name = data[name_at : name_at + name_length]
    listed = entry.orig_filename.encode("utf-8" if entry.flag_bits & 0x800 else "cp437")
    if flags & _ENCRYPTED or (signature, method, name) != (b"PK\x03\x04", entry.compress_type, listed):
        raise Refused(RefusalReason.UNSAFE_STRUCTURE)
    return int(name_at + name_length + extra_length)


def _content(data: bytes, entry: zipfile.ZipInfo, left: int) -> bytes:
    """What an entry holds, at most `left` bytes; its length and checksum are those it claims."""
    start = _start(data, entry)
    packed = data[start : start + entry.compress_size]
    if entry.compress_type == zipfile.ZIP_STORED:
        content = packed
    elif entry.compress_type == zipfile.ZIP_DEFLATED:
        unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            content = unpacker.decompress(packed, left + 1)
        except zlib.error:
            raise Refused(RefusalReason.DAMAGED) from None
        if len(content) <= left and (not unpacker.eof or unpacker.unused_data):
            raise Refused(RefusalReason.DAMAGED)
    else:
        raise Refused(RefusalReason.UNSAFE_STRUCTURE)
    if len(content) > left:
        raise Refused(RefusalReason.BOMB)
    if len(content) != entry.file_size or zlib.crc32(content) != entry.CRC:
        raise Refused(RefusalReason.DAMAGED)
    return content
