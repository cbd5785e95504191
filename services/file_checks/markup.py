"""XML from outside: no document type, no entities, bounded work (security.md C48, C55)."""

from collections.abc import Iterable
from typing import Protocol
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from services.file_checks.verdicts import RefusalReason, Refused

MAX_MARKS = 500_000
"""How many «<» the XML of one file may hold, and how many «=»; a hundred written pages have a third."""

SVG_SCRIPT = "{http://www.w3.org/2000/svg}script"


class Visitor(Protocol):
    """Follows a document from its first element to its last. Tags and attributes are «{namespace}name»."""

    def start(self, tag: str, attributes: dict[str, str]) -> None: ...
    def end(self, tag: str) -> None: ...
    def data(self, text: str) -> None: ...


class Onlooker:
    """A visitor that wants to know no more than that the XML is in order."""

    def start(self, tag: str, attributes: dict[str, str]) -> None: ...
    def end(self, tag: str) -> None: ...
    def data(self, text: str) -> None: ...


def walk(data: bytes, visitor: Visitor) -> None:
    """Lead a visitor through, in UTF-8 or UTF-16 whatever the part says of itself. Raises Refused."""
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    parser = DefusedXMLParser(target=visitor, encoding=encoding, forbid_dtd=True)
    try:
        parser.feed(data)
        parser.close()
    except DefusedXmlException:
        raise Refused(RefusalReason.UNSAFE_STRUCTURE) from None
    except (ParseError, ValueError):
        raise Refused(RefusalReason.DAMAGED) from None


def check_amount(parts: Iterable[bytes]) -> None:
    """Refuse XML with so many elements or attributes that reading it would take long."""
    elements = attributes = 0
    for content in parts:
        elements, attributes = elements + content.count(b"<"), attributes + content.count(b"=")
    if max(elements, attributes) > MAX_MARKS:
        raise Refused(RefusalReason.TOO_COMPLEX)


def local(name: str) -> str:
    """A tag's or an attribute's name without its namespace."""
    return name.rpartition("}")[2]
