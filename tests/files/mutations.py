"""Small harm done to whole files, so that it gets past the first door: checksums, lengths and places are put right."""

import io
import re
import zipfile
from collections.abc import Callable

from services.file_checks import inspection
from services.file_checks.verdicts import FileType, RefusalReason, Refused
from tests.files import packages, pdfs

Change = Callable[[bytes], bytes]

OBJECT = re.compile(rb"(?<!\d)(\d{1,4}) 0 obj\n(.*?)\nendobj\n", re.DOTALL)


def verdict_on(data: bytes, name: str) -> FileType | RefusalReason:
    """What the inspection says. Fails when it met something it had not foreseen."""
    try:
        return inspection.inspect(io.BytesIO(data), name, "document")
    except Refused as refused:
        if refused.reason is RefusalReason.UNCHECKED:
            raise AssertionError(f"not foreseen: {refused.__cause__!r}") from refused.__cause__
        return refused.reason


def with_changed_part(data: bytes, which: int, change: Change) -> bytes:
    """A package with one part's content changed; or any bytes of it, when it can no longer be read as one."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()[:100]}
        name = list(parts)[which % len(parts)]
        return packages.zipped({**parts, name: change(parts[name])}, stored=("mimetype",))
    except Exception:  # whatever zipfile makes of a file that is harmed already
        return change(data)


def with_changed_object(data: bytes, which: int, change: Change) -> bytes:
    """A PDF with one object's text changed and the table written anew; or any bytes of it, when it has no objects."""
    objects = {int(number): text for number, text in OBJECT.findall(data)}
    if not objects:
        return change(data)
    chosen = sorted(objects)[which % len(objects)]
    head, places = data[: data.index(b" 0 obj") - 1], {}
    for number, text in objects.items():
        places[number] = len(head)
        head += b"%d 0 obj\n%s\nendobj\n" % (number, change(text) if number == chosen else text)
    return pdfs.finished(head, places)
