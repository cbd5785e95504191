"""What can be said of a file from its name, size and first bytes alone; nothing is parsed."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from services.file_checks.names import extension_of
from services.file_checks.verdicts import ALLOWED, EXTENSIONS, MAX_BYTES, FileType, RefusalReason, Refused

if TYPE_CHECKING:
    from models.enums import AttachmentKind

HEAD = 2048
"""How many bytes from the start are enough, here and for libmagic."""

SIGNATURES: Mapping[FileType, bytes] = {
    FileType.PDF: b"%PDF-",
    FileType.DOCX: b"PK\x03\x04",
    FileType.ODT: b"PK\x03\x04",
    FileType.JPEG: b"\xff\xd8\xff",
    FileType.PNG: b"\x89PNG\r\n\x1a\n",
}
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""The old compound file. A DOCX with a password is wrapped in one; so are .doc and .xls."""


def check(name: str, size: int, head: bytes, kind: "AttachmentKind") -> FileType:
    """The kind of file the name and the first bytes agree on. Raises Refused; the inspection is still to be done."""
    if size == 0:
        raise Refused(RefusalReason.EMPTY)
    if size > MAX_BYTES:
        raise Refused(RefusalReason.TOO_BIG, size)
    file_type = EXTENSIONS.get(extension_of(name))
    if file_type is None or file_type not in ALLOWED[kind]:
        raise Refused(RefusalReason.WRONG_TYPE)
    if head.startswith(SIGNATURES[file_type]) or (file_type is FileType.DOCX and head.startswith(OLE)):
        return file_type
    raise Refused(RefusalReason.MISNAMED)
