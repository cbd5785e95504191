"""What a file of the corpus is."""

import functools
from collections.abc import Callable
from dataclasses import dataclass

from models.enums import AttachmentKind
from services.file_checks.verdicts import FileType
from services.file_checks.verdicts import RefusalReason as Reason

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}" + b"$EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!$H+H*"
"""The test virus, put together in code: it never lies whole in a file of ours."""


@dataclass(frozen=True)
class Case:
    """One file: what it is called here and by the person, how it is made, what must be said of it."""

    what: str
    name: str
    make: Callable[[], bytes]
    verdict: FileType | Reason
    kind: AttachmentKind = AttachmentKind.CV

    def __str__(self) -> str:
        return self.what


def document(what: str, name: str, make: Callable[[], bytes], verdict: FileType | Reason) -> Case:
    """A case among the documents, where pictures are allowed."""
    return Case(what, name, make, verdict, AttachmentKind.DOCUMENT)


def object_(number: int, content: bytes) -> bytes:
    return b"%d 0 obj\n%s\nendobj\n" % (number, content)


def make(build: Callable[..., bytes], *args: object, **kwargs: object) -> Callable[[], bytes]:
    return functools.partial(build, *args, **kwargs)
