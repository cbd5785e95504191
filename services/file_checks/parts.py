"""The files inside a document that are not its text: pictures and typefaces may be there, nothing else."""

import re

from services.file_checks import images
from services.file_checks.quick import OLE
from services.file_checks.verdicts import RefusalReason, Refused

XML = frozenset({"xml", "rels", "vml", "rdf", "svg"})
PIXELS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"BM")
"""Pictures whose measures are looked at."""
PICTURES = (
    *PIXELS,
    b"II*\0",
    b"MM\0*",
    b"II\xbc\x01",  # HD Photo
    b"\xd7\xcd\xc6\x9a",  # WMF
    b"\x01\0\x09\0",  # WMF
    b"\x01\0\0\0",  # EMF
    b"VCLMTF",  # LibreOffice's own
)
TYPEFACES = (b"\0\x01\0\0", b"OTTO", b"true", b"ttcf")
HIDDEN_TYPEFACE = "odttf"
"""Word scrambles the first bytes of a typeface, so only the name tells."""
FOREIGN = (
    OLE,
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"MZ",
    b"\x7fELF",
    b"%PDF",
    b"Rar!",
    b"7z\xbc\xaf",
    b"{\\rtf",
    b"\x1f\x8b",
)
_VBA = re.compile(rb"_?V\0?B\0?A\0?(?:_\0?P\0?R\0?O\0?J|\0|P\0?r\0?o\0?j)", re.IGNORECASE)


def extension(name: str) -> str:
    return name.rpartition("/")[2].rpartition(".")[2].lower()


def is_xml(name: str) -> bool:
    return extension(name) in XML


def check_binary(name: str, content: bytes) -> None:
    """A part that is not XML: a picture that is one, or a typeface. Raises Refused."""
    if "vbaproject" in name.lower() or (content.startswith(OLE) and _VBA.search(content)):
        raise Refused(RefusalReason.MACROS)
    if content.startswith(PICTURES):
        if content.startswith(PIXELS):
            images.check_size(content)
    elif not content.startswith(TYPEFACES) and (extension(name) != HIDDEN_TYPEFACE or content.startswith(FOREIGN)):
        raise Refused(RefusalReason.EMBEDDED)
