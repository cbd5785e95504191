"""What a file can turn out to be, and why one is refused."""

from collections.abc import Mapping
from enum import StrEnum

MAX_BYTES = 10 * 1024 * 1024
"""The largest file that is accepted (design.md D11)."""


class FileType(StrEnum):
    """The kinds of file that are accepted; the value is the extension given to a file of the kind."""

    PDF = "pdf"
    DOCX = "docx"
    ODT = "odt"
    JPEG = "jpg"
    PNG = "png"

    @property
    def media_type(self) -> str:
        return MEDIA_TYPES[self]

    @property
    def is_image(self) -> bool:
        return self in (FileType.JPEG, FileType.PNG)


MEDIA_TYPES: Mapping[FileType, str] = {
    FileType.PDF: "application/pdf",
    FileType.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    FileType.ODT: "application/vnd.oasis.opendocument.text",
    FileType.JPEG: "image/jpeg",
    FileType.PNG: "image/png",
}

EXTENSIONS: Mapping[str, FileType] = {**{kind.value: kind for kind in FileType}, "jpeg": FileType.JPEG}

ALLOWED: Mapping[str, tuple[FileType, ...]] = {
    "cv": (FileType.PDF, FileType.DOCX, FileType.ODT),
    "document": tuple(FileType),
}
"""What each models.enums.AttachmentKind may be (C50). Keyed by its values: models is too much for a small process."""


class RefusalReason(StrEnum):
    """Why a file is refused. Each has its own text in `texts`."""

    EMPTY = "empty"
    TOO_BIG = "too_big"
    WRONG_TYPE = "wrong_type"
    """Not a kind that is accepted here."""
    MISNAMED = "misnamed"
    """An accepted kind, but not the one the name says."""
    DAMAGED = "damaged"
    PASSWORD = "password"
    MIXED = "mixed"
    """A file that is also another kind of file (polyglot), or has another behind it."""
    SCRIPT = "script"
    ACTION = "action"
    """Starts programs, sends or fetches data when opened or pressed."""
    DYNAMIC_FORM = "dynamic_form"
    """An XFA form: a program in disguise."""
    MEDIA = "media"
    """Sound, film, 3D and other content that needs a player."""
    EMBEDDED = "embedded"
    """Other files or objects inside."""
    MACROS = "macros"
    EXTERNAL = "external"
    """Templates, pictures or other parts fetched from elsewhere when the file is opened."""
    LINK = "link"
    """A link that leads to something else than a web page, a mail or a call."""
    LIVE_FIELDS = "live_fields"
    """Fields that fetch from other programs or files (DDE and its relatives)."""
    UNSAFE_STRUCTURE = "unsafe_structure"
    """Built as no word processor does: climbing paths, links, doubles, overlaps, entities."""
    BOMB = "bomb"
    """Many times larger unpacked than packed."""
    TOO_COMPLEX = "too_complex"
    TOO_MANY_PIXELS = "too_many_pixels"
    UNCHECKED = "unchecked"
    """The inspection crashed or ran out of time or memory: nobody knows, so nobody gets it (C54)."""


class Refused(Exception):
    """The file is not accepted. `size` is set when the reason is TOO_BIG."""

    def __init__(self, reason: RefusalReason, size: int | None = None) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.size = size
