"""The whole inspection of one file: its name, its first bytes and a real parse must agree (security.md C50–C55).

Imports the parsers, so only the isolated process and the tests import it.
"""

from typing import TYPE_CHECKING, BinaryIO

import pylibmagic  # noqa: F401  (points python-magic at the library it brings, so it comes first)

import magic  # isort: skip

from services.file_checks import docx, images, odt, pdf, quick
from services.file_checks.verdicts import MAX_BYTES, MEDIA_TYPES, FileType, RefusalReason, Refused

if TYPE_CHECKING:
    from models.enums import AttachmentKind

_libmagic = magic.Magic(mime=True)

_PERHAPS_DOCX = ("application/vnd.openxmlformats-officedocument", "application/zip", "application/octet-stream")
"""What libmagic says of a DOCX, the last two when its parts lie in an order it does not know; the parse decides."""


def inspect(file: BinaryIO, name: str, kind: "AttachmentKind") -> FileType:
    """What kind of file it is, everything about it found acceptable. Raises Refused and nothing else."""
    data = _content(file)
    try:
        return _inspect(data, name, kind)
    except (MemoryError, RecursionError):
        raise Refused(RefusalReason.TOO_COMPLEX) from None
    except Refused:
        raise
    except Exception as error:  # whatever the parsers did not foresee: nobody knows what the file is
        raise Refused(RefusalReason.UNCHECKED) from error


def cleaned_image(file: BinaryIO, file_type: FileType) -> bytes:
    """An inspected JPG or PNG encoded anew, nothing but the picture. Raises Refused."""
    return images.cleaned(_content(file), file_type)


def _content(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read(MAX_BYTES + 1)


def _inspect(data: bytes, name: str, kind: "AttachmentKind") -> FileType:
    head = data[: quick.HEAD]
    file_type = quick.check(name, len(data), head, kind)
    _check_signature(head, file_type)
    match file_type:
        case FileType.PDF:
            pdf.check(data)
        case FileType.DOCX:
            docx.check(data)
        case FileType.ODT:
            odt.check(data)
        case FileType.JPEG | FileType.PNG:
            images.check(data, file_type)
    return file_type


def _check_signature(head: bytes, file_type: FileType) -> None:
    """libmagic must not see anything else."""
    seen = _libmagic.from_buffer(head)
    if file_type is FileType.DOCX:
        is_agreed = seen.startswith(_PERHAPS_DOCX) or head.startswith(quick.OLE)
    else:
        is_agreed = seen == MEDIA_TYPES[file_type]
    if not is_agreed:
        raise Refused(RefusalReason.MISNAMED)
