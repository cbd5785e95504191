"""PDF: whole, open, and nothing in it that acts (security.md C55).

qpdf (through pikepdf) reads it as a reader would, so names are un-escaped and object streams opened before anything is
looked for. What no table points to is looked at too: a reader that mends a file finds it.
"""

import io
import re
from collections.abc import Container, Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import TypeVar
from urllib.parse import unquote_to_bytes

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Pdf, Stream

from services.file_checks.archives import ends_as_archive
from services.file_checks.images import MAX_PIXELS
from services.file_checks.links import is_plain_link
from services.file_checks.verdicts import RefusalReason, Refused

Thing = TypeVar("Thing")

MAX_OBJECTS = 50_000
MAX_LEFT = 5000
"""Objects outside the tables that are looked into."""
MAX_DICTIONARIES = 100_000
"""Dictionaries that are looked into, objects within objects included."""
MAX_PAGES = 5000
MAX_DEPTH = 50
MAX_BUNDLES = 16 * 1024 * 1024
"""Bytes of objects in object streams, unpacked: each becomes many times as much in memory."""
MAX_UNPACKED = 50 * 1024 * 1024
"""Bytes of everything else that is packed, pictures apart (C52)."""

MAX_LZW = 40_000
"""Bytes packed by LZW, a way of the nineties: they unpack to at most 1 300 times as many, and qpdf sets no limit."""
TAIL = 1024
"""Where the end is looked for."""
_END_ANYWHERE = re.compile(rb"startxref\s+\d+\s+%%EOF")
_END = re.compile(_END_ANYWHERE.pattern + rb"[\s\0]*\Z")
_LOCKED = re.compile(rb"/Encrypt\s*(?:\d+\s+\d+\s+R|<<)")
_TAG = re.compile(rb"<(?:!doctype|html|script|svg|\?xml|\?php)", re.IGNORECASE)
_OBJECT = re.compile(rb"(?<!\d)\d{1,10}[\0\t\n\f\r ]{1,20}\d{1,5}[\0\t\n\f\r ]{1,20}obj\b")
_TAKEN_FOR_ANOTHER = re.compile(r"expected \d+ \d+ obj")
_OBJECT_END = re.compile(rb"\bstream\b|\bendobj\b")
_REFERENCE = re.compile(rb"\b\d+\s+\d+\s+R\b")
IN_FILE, IN_BUNDLE = 1, 2
"""Where an object lies, in the document's table; a bundle is an object stream."""
_PROBLEMS = (
    pikepdf.PikepdfError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    NotImplementedError,
)
"""What pikepdf raises for damaged documents."""

_KEYS: Mapping[str, RefusalReason] = {
    "/JS": RefusalReason.SCRIPT,
    "/EF": RefusalReason.EMBEDDED,
    "/Collection": RefusalReason.EMBEDDED,
    "/XFA": RefusalReason.DYNAMIC_FORM,
    "/RichMediaContent": RefusalReason.MEDIA,
    "/RichMediaSettings": RefusalReason.MEDIA,
}
"""Entries that are refused wherever they stand. Lists of scripts and files are left empty by some programs; what would
be in them has one of these."""
_VALUES: Mapping[str, RefusalReason] = {
    "/JavaScript": RefusalReason.SCRIPT,
    "/Launch": RefusalReason.ACTION,
    "/SubmitForm": RefusalReason.ACTION,
    "/ImportData": RefusalReason.ACTION,
    "/GoToR": RefusalReason.ACTION,
    "/GoToE": RefusalReason.EMBEDDED,
    "/EmbeddedFile": RefusalReason.EMBEDDED,
    "/FileAttachment": RefusalReason.EMBEDDED,
    "/RichMedia": RefusalReason.MEDIA,
    "/RichMediaExecute": RefusalReason.MEDIA,
    "/Rendition": RefusalReason.MEDIA,
    "/Screen": RefusalReason.MEDIA,
    "/Movie": RefusalReason.MEDIA,
    "/Sound": RefusalReason.MEDIA,
    "/3D": RefusalReason.MEDIA,
}
"""Names that are refused as a /Type, /Subtype or /S."""
_NAMED_BY = ("/Type", "/Subtype", "/S")
_ASKED = ("/URI", "/AA", "/OpenAction", "/FS")
"""Entries whose content decides."""
_TELLING = frozenset({*_KEYS, *_NAMED_BY, *_ASKED})
_SUSPECT = re.compile(
    rb"/(?:%s)(?![^\x00\t\n\f\r ()<>\[\]{}/%%])"
    % b"|".join(name[1:].encode() for name in sorted({*_KEYS, *_VALUES, *_ASKED}))
)
"""One of the above, or an entry that asks for a look, in an object as qpdf writes it."""
_CALM_ACTIONS = ("/GoTo", "/Named")
"""What may happen by itself: going to a place in the document."""
_LZW = frozenset({"/LZWDecode", "/LZW"})
_LIMITED = frozenset({"/FlateDecode", "/Fl", "/RunLengthDecode", "/RL"})
"""Ways of packing that qpdf unpacks no further than it is told to."""
_UNPACKABLE = frozenset({*_LIMITED, *_LZW, "/ASCII85Decode", "/A85", "/ASCIIHexDecode", "/AHx"})
"""Ways of packing whose result is counted; the others are for pictures."""

pikepdf.settings.set_qpdf_limits(
    doc_max_warnings=10_000,
    parser_max_nesting=100,
    max_stream_filters=4,
    flate_max_memory=MAX_UNPACKED,
    png_max_memory=MAX_UNPACKED,
    tiff_max_memory=MAX_UNPACKED,
    run_length_max_memory=MAX_UNPACKED,
)


def check(data: bytes) -> None:
    """Raises Refused."""
    _check_ends(data)
    limits_hit = pikepdf.settings.qpdf_limit_errors()
    try:
        with Pdf.open(io.BytesIO(data), attempt_recovery=False, inherit_page_attributes=False) as document:
            if document.is_encrypted:
                raise Refused(RefusalReason.PASSWORD)
            _check_objects(document, data)
            _check_pages(document.Root)
        if pikepdf.settings.qpdf_limit_errors() > limits_hit:  # what went too far was left out, and not looked at
            raise Refused(RefusalReason.TOO_COMPLEX)
    except pikepdf.PasswordError:
        raise Refused(RefusalReason.PASSWORD) from None
    except _PROBLEMS:
        went_too_far = pikepdf.settings.qpdf_limit_errors() > limits_hit
        raise Refused(RefusalReason.TOO_COMPLEX if went_too_far else RefusalReason.DAMAGED) from None


def _check_ends(data: bytes) -> None:
    """It begins as a PDF on the first byte, ends as one on the last, and is nothing else as well."""
    if not data.startswith(b"%PDF-") or b"%%EOF" not in data:
        raise Refused(RefusalReason.DAMAGED)
    if ends_as_archive(data) or _TAG.search(data, 0, TAIL):
        raise Refused(RefusalReason.MIXED)
    if _LOCKED.search(data):
        raise Refused(RefusalReason.PASSWORD)
    if not _END.search(data, max(0, len(data) - TAIL)):
        raise Refused(RefusalReason.MIXED if _END_ANYWHERE.search(data) else RefusalReason.DAMAGED)


def _check_objects(document: Pdf, data: bytes) -> None:
    """Every object the document has, and every one that lies in the file without being part of it."""
    table = document.get_xref_table()
    if len(table) > MAX_OBJECTS:
        raise Refused(RefusalReason.TOO_COMPLEX)
    _check_places(document, [place for place, entry in table.items() if entry.type == IN_FILE])
    in_file = {entry.offset for entry in table.values() if entry.type == IN_FILE}
    in_bundle = {(entry.obj_stream_number, number) for (number, _), entry in table.items() if entry.type == IN_BUNDLE}
    bundles = _bundles(document, {bundle for bundle, _ in in_bundle})
    left = chain(_left_in_file(data, in_file), _left_in_bundles(bundles, in_bundle))
    suspect = _at_most(MAX_LEFT, (text for text in left if _SUSPECT.search(text)))
    everything = chain(
        (document.trailer,),
        _in_document(document, table),
        (Object.parse(_REFERENCE.sub(b"null", text)) for text in suspect),
    )
    for dictionary in _at_most(MAX_DICTIONARIES, chain.from_iterable(map(_dictionaries, everything))):
        for key in dictionary.keys() & _TELLING:
            _check_entry(key, dictionary[key])


def _check_places(document: Pdf, in_file: Iterable[tuple[int, int]]) -> None:
    """No object lies where the table has another: qpdf takes it for the one it calls itself, and never looks at that
    one. All are read before any is written out, in the middle of which qpdf could not bear such a change."""
    for place in in_file:
        document.get_object(place)
    if any(_TAKEN_FOR_ANOTHER.search(str(warning)) for warning in document.get_warnings()):
        raise Refused(RefusalReason.DAMAGED)


def _in_document(document: Pdf, places: Iterable[tuple[int, int]]) -> Iterator[object]:
    """The objects of the document, those that are streams found not to swell."""
    unpacked = 0
    for place in places:
        found = document.get_object(place)
        if isinstance(found, Stream):
            unpacked += _check_stream(found, MAX_UNPACKED - unpacked)
        yield found


def _bundles(document: Pdf, numbers: Iterable[int | None]) -> dict[int, Stream]:
    """The object streams, which together unpack to little enough."""
    bundles: dict[int, Stream] = {}
    unpacked = 0
    for number in numbers:
        bundle = document.get_object(number or 0, 0)
        if not isinstance(bundle, Stream):
            raise Refused(RefusalReason.DAMAGED)
        unpacked += _check_stream(bundle, MAX_BUNDLES - unpacked)
        bundles[bundle.objgen[0]] = bundle
    return bundles


def _left_in_file(data: bytes, known: Container[int | None]) -> Iterator[bytes]:
    """Objects at places the table does not have: earlier versions, and what somebody hid. Each as its text."""
    begins = list(islice(_OBJECT.finditer(data), 2 * MAX_OBJECTS + 1))
    if len(begins) > 2 * MAX_OBJECTS:
        raise Refused(RefusalReason.TOO_COMPLEX)
    for begin, limit in zip(begins, [*(next_one.start() for next_one in begins[1:]), len(data)], strict=True):
        if begin.start() not in known:
            end = _OBJECT_END.search(data, begin.end(), limit)
            text = _unescaped(data[begin.end() : end.start() if end else limit])
            if b"/ObjStm" in text:  # objects within, and no table that says what they are
                raise Refused(RefusalReason.DAMAGED)
            yield text


def _left_in_bundles(bundles: dict[int, Stream], known: Container[tuple[int | None, int]]) -> Iterator[bytes]:
    """Objects in object streams that the table finds elsewhere. Each as its text."""
    for number, bundle in bundles.items():
        content = bundle.read_bytes()
        first = int(bundle["/First"])
        header = [int(word) for word in content[:first].split()]
        numbers, offsets = header[::2], [*header[1::2], len(content) - first]
        for held, start, end in zip(numbers, offsets, offsets[1:], strict=False):
            if (number, held) not in known:
                yield _unescaped(content[first + start : first + end])


def _unescaped(text: bytes) -> bytes:
    """Names as they are meant: «#4a» is «J», as «%4a» is in an address."""
    return unquote_to_bytes(text.replace(b"%", b"%25").replace(b"#", b"%"))


def _dictionaries(found: object) -> Iterator[Dictionary]:
    """What lies in an object, as far as the next object, when there is something to look for in it."""
    if not isinstance(found, Object):
        return  # a number or the like
    top = found.stream_dict if isinstance(found, Stream) else found
    if not _SUSPECT.search(top.unparse(resolved=True)):
        return
    if isinstance(top, Name):
        _refuse_if(_VALUES.get(str(top)))
    waiting = [top]
    while waiting:
        container = waiting.pop()
        if isinstance(container, Dictionary):
            yield container
            values = container.values()
        elif isinstance(container, Array):
            values = container
        else:
            continue
        waiting += [value for value in values if isinstance(value, (Dictionary, Array)) and not value.is_indirect]


def _check_entry(key: str, value: object) -> None:
    """One telling entry of a dictionary. Raises Refused."""
    _refuse_if(_KEYS.get(key))
    if key in _NAMED_BY:
        _refuse_if(_VALUES.get(_name(value)))
    elif key == "/FS" and _name(value) == "/URL":
        raise Refused(RefusalReason.EXTERNAL)
    elif key == "/URI":  # an action's address, or the catalog's: what relative addresses begin with
        address = value.get("/Base", "") if isinstance(value, Dictionary) else value
        if not is_plain_link(str(address)):
            raise Refused(RefusalReason.LINK)
    elif key in ("/OpenAction", "/AA") and isinstance(value, Dictionary):
        for action in (value,) if key == "/OpenAction" else value.values():
            _check_automatic(action)


def _check_automatic(action: object) -> None:
    """What happens by itself may go to a place in the document, and no further."""
    kind = _name(action.get("/S")) if isinstance(action, Dictionary) else ""
    if kind and kind not in _CALM_ACTIONS:
        raise Refused(_VALUES.get(kind, RefusalReason.ACTION))


def _check_stream(stream: Stream, left: int) -> int:
    """How many bytes a stream unpacks to; pictures and their packings count as nothing, but for their measures."""
    if "/F" in stream:
        raise Refused(RefusalReason.EXTERNAL)
    filters = stream.get("/Filter")
    names = {_name(one) for one in filters} if isinstance(filters, Array) else {_name(filters)}
    if _name(stream.get("/Subtype")) == "/Image":
        if int(stream.get("/Width", 0)) * int(stream.get("/Height", 0)) > MAX_PIXELS:
            raise Refused(RefusalReason.TOO_MANY_PIXELS)
        return 0
    if not names <= _UNPACKABLE:
        return 0
    if names & _LZW and (names & _LIMITED or len(stream.read_raw_bytes()) > MAX_LZW):
        raise Refused(RefusalReason.TOO_COMPLEX)
    try:
        size = len(stream.read_bytes(pikepdf.StreamDecodeLevel.specialized))
    except pikepdf.DataDecodingError as error:
        raise Refused(RefusalReason.BOMB if "limit exceeded" in str(error) else RefusalReason.DAMAGED) from None
    if size > left:
        raise Refused(RefusalReason.BOMB)
    return size


def _check_pages(root: Object) -> None:
    """There is a page, and the tree of pages ends: no circles, no depths, no endless breadth."""
    waiting, seen, pages = [(root["/Pages"], 1)], set(), 0
    while waiting:
        node, depth = waiting.pop()
        if not isinstance(node, Dictionary) or (node.objgen in seen and node.is_indirect):
            raise Refused(RefusalReason.DAMAGED)
        seen.add(node.objgen)
        if "/Kids" in node:
            waiting += [(kid, depth + 1) for kid in node["/Kids"]]
        else:
            pages += 1
        if depth > MAX_DEPTH or pages > MAX_PAGES or len(waiting) > MAX_PAGES:
            raise Refused(RefusalReason.TOO_COMPLEX)
    if not pages:
        raise Refused(RefusalReason.DAMAGED)


def _name(value: object) -> str:
    return str(value) if isinstance(value, Name) else ""


def _refuse_if(reason: RefusalReason | None) -> None:
    if reason:
        raise Refused(reason)


def _at_most(limit: int, things: Iterable[Thing]) -> Iterator[Thing]:
    """The things one by one. Raises Refused when there are more."""
    for count, thing in enumerate(things, 1):
        if count > limit:
            raise Refused(RefusalReason.TOO_COMPLEX)
        yield thing
