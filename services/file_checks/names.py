"""What an uploaded file is called on pages and when it is downloaded (security.md C57, B11)."""

import re
import unicodedata
from urllib.parse import quote

MAX_LENGTH = 150
MAX_EXTENSION = 10
NAMELESS = "dokument"

_DROPPED = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
"""Categories nobody can see or that turn the reading direction: control, format, unassigned, private, surrogates."""
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]")
"""Letters and marks that are drawn as nothing, though their category says otherwise."""
_RESERVED = re.compile(r'[<>:"|?*]')
"""Not allowed in names on Windows, where most readers sit."""
_ASCII = str.maketrans(
    {"æ": "ae", "Æ": "Ae", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ŋ": "n", "Ŋ": "N", "ŧ": "t", "Ŧ": "T"}
)


def shown_name(raw: str) -> str:
    """A name that is safe and honest to show, of at most 150 characters with the extension kept.

    Path parts, invisible and direction-turning characters are gone and the rest is NFC; letters of any language stay.
    Nothing left gives «dokument». Giving it its own answer changes nothing.
    """
    last = re.split(r"[/\\]", raw.rstrip("/\\"))[-1]
    seen = "".join(
        " " if unicodedata.category(letter) == "Zs" else letter
        for letter in unicodedata.normalize("NFC", last)
        if unicodedata.category(letter) not in _DROPPED
    )
    name = unicodedata.normalize("NFC", _RESERVED.sub("_", _BLANK.sub("", seen)))
    name = " ".join(name.split()).rstrip(". ")
    if not _split(name)[1]:
        name = name[:MAX_LENGTH].rstrip(". ")  # which may give it an extension
    stem, extension = _split(name)
    ending = f".{extension}" if extension else ""
    return (stem.strip(". ")[: MAX_LENGTH - len(ending)].rstrip(". ") or NAMELESS) + ending


def extension_of(name: str) -> str:
    """The extension of a shown name in lower case and without its dot; empty when there is none."""
    return _split(name)[1].lower()


def download_header(name: str) -> str:
    """Content-Disposition for a download, with a name every client reads and the right one (RFC 6266, 8187)."""
    plain = unicodedata.normalize("NFKD", name.translate(_ASCII)).encode("ascii", "ignore").decode()
    stem, extension = _split(re.sub(r'[^ -~]|["\\%;]', "_", plain))
    fallback = f"{stem.strip('. ') or NAMELESS}.{extension}" if extension else stem.strip(". ") or NAMELESS
    return f"attachment; filename=\"{fallback}\"; filename*=UTF-8''{quote(name, safe='!#$&+-.^_`|~')}"


def _split(name: str) -> tuple[str, str]:
    """Stem and extension; what is too long or has a blank in it is no extension."""
    stem, dot, extension = name.rpartition(".")
    if not dot or not 0 < len(extension) <= MAX_EXTENSION or " " in extension:
        return name, ""
    return stem, extension
