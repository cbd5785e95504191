"""DOCX: the parts Word writes for text and pictures, and nothing that runs, fetches or hides (security.md C55)."""

import re
from collections.abc import Iterable, Mapping

from services.file_checks import archives, markup, parts
from services.file_checks.links import is_inside, is_own_template, is_part, is_plain_link
from services.file_checks.markup import local
from services.file_checks.quick import OLE
from services.file_checks.verdicts import MEDIA_TYPES, FileType, RefusalReason, Refused

MAIN = MEDIA_TYPES[FileType.DOCX] + ".main+xml"
CONTENT_TYPES = "[Content_Types].xml"
LOCKED = "EncryptedPackage".encode("utf-16-le")
"""What a DOCX with a password is called inside the old compound file it is wrapped in."""

_TYPES: Mapping[str, RefusalReason] = {
    "macroenabled": RefusalReason.MACROS,
    "vbaproject": RefusalReason.MACROS,
    "vbadata": RefusalReason.MACROS,
    "activex": RefusalReason.EMBEDDED,
    "oleobject": RefusalReason.EMBEDDED,
}
"""Words in a content type that give a part away, whatever it is called."""
_RELATIONS: Mapping[str, RefusalReason] = {
    "vbaproject": RefusalReason.MACROS,
    "wordvbadata": RefusalReason.MACROS,
    "attachedtoolbars": RefusalReason.MACROS,
    "oleobject": RefusalReason.EMBEDDED,
    "package": RefusalReason.EMBEDDED,
    "control": RefusalReason.EMBEDDED,
    "activexcontrolbinary": RefusalReason.EMBEDDED,
    "afchunk": RefusalReason.EMBEDDED,
    "subdocument": RefusalReason.EXTERNAL,
    "frame": RefusalReason.EXTERNAL,
    "mailmergesource": RefusalReason.LIVE_FIELDS,
    "mailmergeheadersource": RefusalReason.LIVE_FIELDS,
    "audio": RefusalReason.MEDIA,
    "video": RefusalReason.MEDIA,
    "media": RefusalReason.MEDIA,
}
"""Relations that are refused, wherever they lead."""
_ELEMENTS: Mapping[str, RefusalReason] = {
    "OLEObject": RefusalReason.EMBEDDED,
    "altChunk": RefusalReason.EMBEDDED,
    "control": RefusalReason.EMBEDDED,
    "ocx": RefusalReason.EMBEDDED,
    "subDoc": RefusalReason.EXTERNAL,
    "mailMerge": RefusalReason.LIVE_FIELDS,
    "webVideoPr": RefusalReason.MEDIA,
}
_OFFICE = (
    "{http://schemas.openxmlformats.org/",
    "{http://purl.oclc.org/ooxml/",
    "{http://schemas.microsoft.com/office/",
    "{urn:schemas-microsoft-com:",
)
"""How the namespaces begin whose elements mean something to Word."""
_VML_PICTURES = frozenset({"imagedata", "fill", "stroke", "image"})
_LIVE_FIELDS = frozenset(
    [
        "DDE",
        "DDEAUTO",
        "LINK",
        "INCLUDETEXT",
        "INCLUDEPICTURE",
        "INCLUDE",
        "IMPORT",
        "DATABASE",
        "EMBED",
        "RD",
        "CONTROL",
    ]
)
_FIELD = re.compile(r"\s*([a-z]+)", re.IGNORECASE)
_SPELLED_OUT = re.compile(r"\s*QUOTE(?:\s+\d+){2}", re.IGNORECASE)
"""A field code written as character numbers, which only somebody with something to hide does."""
_PRESSED = re.compile(r'\s*HYPERLINK\s+(?:\\[a-z]\s+)?"?([^"\s]+)', re.IGNORECASE)


def check(data: bytes) -> None:
    """Raises Refused."""
    if data.startswith(OLE):
        raise Refused(RefusalReason.PASSWORD if LOCKED in data else RefusalReason.MISNAMED)
    contents = archives.unpack(data)
    if CONTENT_TYPES not in contents:
        raise Refused(RefusalReason.MISNAMED)
    markup.check_amount(content for name, content in contents.items() if parts.is_xml(name))
    types = _ContentTypes()
    markup.walk(contents.pop(CONTENT_TYPES), types)
    _check_types(types)
    _check_main_part(types, contents)
    for name, content in contents.items():
        _check_part(name, content, types.of(name))


class _ContentTypes(markup.Onlooker):
    """What the package says its parts are."""

    def __init__(self) -> None:
        self.by_extension: dict[str, str] = {}
        self.by_name: dict[str, str] = {}

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        content_type = attributes.get("ContentType", "").strip().lower()
        if local(tag) == "Default":
            self.by_extension[attributes.get("Extension", "").lower()] = content_type
        elif local(tag) == "Override":
            self.by_name[attributes.get("PartName", "").lstrip("/").lower()] = content_type

    def of(self, name: str) -> str:
        return self.by_name.get(name.lower()) or self.by_extension.get(parts.extension(name), "")


class _Relations(markup.Onlooker):
    """What a part refers to: (type's last word, target, whether it is outside)."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str, bool]] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if local(tag) == "Relationship":
            kind = attributes.get("Type", "").strip().rpartition("/")[2].lower()
            outside = attributes.get("TargetMode", "").strip().lower() == "external"
            self.found.append((kind, attributes.get("Target", ""), outside))


class _Text(markup.Onlooker):
    """Reads a part of the text for elements and fields that are refused. Fields may lie in one another."""

    def __init__(self) -> None:
        self.fields: list[list[str]] = [[]]
        self.is_in_code = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == markup.SVG_SCRIPT:
            raise Refused(RefusalReason.SCRIPT)
        if not tag.startswith(_OFFICE):
            return  # a form's or a list of sources' own words, which may be anything
        name = local(tag)
        if reason := _ELEMENTS.get(name):
            raise Refused(reason)
        match name:
            case "fldChar":
                self.turn(next((value for key, value in attributes.items() if local(key) == "fldCharType"), ""))
            case "fldSimple":
                _check_field(next((value for key, value in attributes.items() if local(key) == "instr"), ""))
            case "instrText" | "delInstrText":
                self.is_in_code = True
            case _ if name in _VML_PICTURES:
                if not is_inside(attributes.get("src", "")):
                    raise Refused(RefusalReason.EXTERNAL)

    def end(self, tag: str) -> None:
        if local(tag) in ("instrText", "delInstrText"):
            self.is_in_code = False

    def data(self, text: str) -> None:
        if self.is_in_code:
            self.fields[-1].append(text)

    def turn(self, kind: str) -> None:
        if kind == "begin":
            self.fields.append([])
        elif kind == "end" and len(self.fields) > 1:
            _check_field("".join(self.fields.pop()))

    def finish(self) -> None:
        for code in self.fields:
            _check_field("".join(code))


def _check_types(types: _ContentTypes) -> None:
    for content_type in (*types.by_extension.values(), *types.by_name.values()):
        for word, reason in _TYPES.items():
            if word in content_type:
                raise Refused(reason)


def _check_main_part(types: _ContentTypes, contents: Mapping[str, bytes]) -> None:
    """The package is a document of Word: not a spreadsheet, and not a template."""
    relations = _relations(contents.get("_rels/.rels", b""))
    mains = [target.lstrip("/") for kind, target, _ in relations if kind == "officedocument"]
    if len(mains) != 1 or types.of(mains[0]) != MAIN:
        raise Refused(RefusalReason.MISNAMED)
    if mains[0] not in contents:
        raise Refused(RefusalReason.DAMAGED)


def _check_part(name: str, content: bytes, content_type: str) -> None:
    if parts.is_xml(name):
        if name.lower().endswith(".rels"):
            for relation in _relations(content):
                _check_relation(*relation)
        else:
            text = _Text()
            markup.walk(content, text)
            text.finish()
    elif content_type.endswith("xml"):  # Word would read it as text all the same
        raise Refused(RefusalReason.UNSAFE_STRUCTURE)
    elif content and not (content_type.endswith("printersettings") and not content.startswith(parts.FOREIGN)):
        parts.check_binary(name, content)


def _relations(content: bytes) -> Iterable[tuple[str, str, bool]]:
    relations = _Relations()
    markup.walk(content, relations)
    return relations.found


def _check_relation(kind: str, target: str, is_outside: bool) -> None:
    if reason := _RELATIONS.get(kind):
        raise Refused(reason)
    if is_outside:
        if kind == "hyperlink":
            if not is_plain_link(target):
                raise Refused(RefusalReason.LINK)
        elif kind != "attachedtemplate" or not is_own_template(target):
            raise Refused(RefusalReason.EXTERNAL)
    elif not (target.startswith("#") or is_part(target)):
        raise Refused(RefusalReason.EXTERNAL)


def _check_field(code: str) -> None:
    name = _FIELD.match(code)
    if (name and name[1].upper() in _LIVE_FIELDS) or _SPELLED_OUT.match(code):
        raise Refused(RefusalReason.LIVE_FIELDS)
    if (pressed := _PRESSED.match(code)) and not is_plain_link(pressed[1]):
        raise Refused(RefusalReason.LINK)
