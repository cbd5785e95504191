"""PDFs made from their objects: what programs write, and what somebody with bad intent would."""

import base64
import functools
import io
import zlib
from collections.abc import Mapping, Sequence
from itertools import accumulate

import pikepdf
import typst

SIMPLE_PAGE = b"BT /F1 12 Tf 72 720 Td (Curriculum vitae) Tj ET"
FIRST_FREE = 6
"""The number of the first object of `made(objects=…)`."""
SCRIPT = b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>"


def stream(content: bytes, entries: bytes = b"") -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries, len(content), content)


def made(
    *,
    catalog: bytes = b"",
    page: bytes = b"",
    pages: bytes | None = None,
    objects: Sequence[bytes] = (),
    contents: bytes | None = None,
    version: bytes = b"1.7",
    newline: bytes = b"\n",
    hidden: bytes = b"",
) -> bytes:
    """A document of one page with a classic table. `hidden` lies in the file without being in the table."""
    numbered = [
        b"<< /Type /Catalog /Pages 2 0 R %s >>" % catalog,
        pages or b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> %s >>" % page,
        contents or stream(SIMPLE_PAGE),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        *objects,
    ]
    head = b"%%PDF-%s\n%%\xe2\xe3\xcf\xd3\n" % version
    written = [b"%d 0 obj\n%s\nendobj\n" % (number, content) for number, content in enumerate(numbered, 1)]
    places = accumulate(map(len, written), initial=len(head))
    places_by_number = dict(zip(range(1, len(written) + 1), places, strict=False))
    return finished(b"".join((head, *written, hidden)), places_by_number, newline=newline)


def finished(
    data: bytes, places: Mapping[int, int], trailer: bytes = b"", newline: bytes = b"\n", root: int = 1
) -> bytes:
    """The objects with a table of their places, a trailer and an end."""
    start, size = len(data), max(places) + 1
    rows = [b"%d 1\n%010d 00000 n \n" % (number, place) for number, place in sorted(places.items())]
    table = b"xref\n0 1\n0000000000 65535 f \n" + b"".join(rows)
    trailer = b"trailer\n<< /Size %d /Root %d 0 R %s >>\n" % (size, root, trailer)
    return data + table + trailer + b"startxref\n%d\n%%%%EOF" % start + newline


def updated(data: bytes, objects: Mapping[int, bytes], root: int = 1) -> bytes:
    """A later version of some objects behind the document, as programs save small changes."""
    previous = data.rpartition(b"startxref\n")[2].split()[0]
    places = {}
    for number, content in objects.items():
        places[number] = len(data)
        data += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    return finished(data, places, trailer=b"/Prev %s" % previous, root=root)


def resaved(data: bytes, **how: object) -> bytes:
    """The same document as qpdf writes it: linearized, in object streams, encrypted."""
    saved = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as document:
        document.save(saved, **how)
    return saved.getvalue()


def bundled(data: bytes) -> bytes:
    """With everything that is no stream inside object streams."""
    return resaved(data, object_stream_mode=pikepdf.ObjectStreamMode.generate)


def superseded_script() -> bytes:
    """A script that lies in an object stream though a later version of the document has something else for it."""
    data = bundled(made(catalog=b"/OpenAction 6 0 R", objects=[SCRIPT]))
    with pikepdf.open(io.BytesIO(data)) as document:
        root, action = document.Root.objgen[0], document.Root.OpenAction.objgen[0]
    return updated(data, {action: b"<< /S /GoTo >>"}, root=root)


def locked(**passwords: str) -> bytes:
    return resaved(made(), encryption=pikepdf.Encryption(**passwords))


@functools.cache
def typeset(text: str, *, accessible: bool = False) -> bytes:
    """What a modern typesetter writes: typefaces within, tags, links."""
    data = typst.compile(text.encode(), pdf_standards=["ua-1"] if accessible else [])
    assert isinstance(data, bytes)
    return data


def of_size(size: int) -> bytes:
    """A document of exactly that many bytes, most of them a picture's."""
    empty = len(made(objects=[stream(b"", b"/Type /XObject /Subtype /Image /Width 1 /Height 1")]))
    filling = size - empty - len(str(size)) * 2
    while True:
        data = made(objects=[stream(b"\x9d" * filling, b"/Type /XObject /Subtype /Image /Width 1 /Height 1")])
        if len(data) == size:
            return data
        filling += size - len(data)


def old() -> bytes:
    """A page packed by LZW, as long as the codes stay nine bits long, and written in ASCII85."""
    bits = "".join(f"{code:09b}" for code in (256, *SIMPLE_PAGE, 257))
    size = len(bits) // 8 + 1
    packed = int(bits.ljust(size * 8, "0"), 2).to_bytes(size, "big")
    filters = b"/Filter [/ASCII85Decode /LZWDecode]"
    return made(contents=stream(base64.a85encode(packed) + b"~>", filters), version=b"1.2")


def bomb(times: int = 1) -> bytes:
    """A page that unpacks to more than is allowed, packed so many times."""
    content = bytes(60_000_000)
    for _ in range(times):
        content = zlib.compress(content, 1)
    return made(contents=stream(content, b"/Filter [%s]" % (b"/FlateDecode " * times)))


def bundle_bomb() -> bytes:
    """An object stream that unpacks to more than is allowed."""
    content = zlib.compress(b"6 0 " + b" " * 40_000_000 + b"<< >>", 1)
    data = made()[: -len(b"%%EOF\n")].rpartition(b"xref\n0 1")[0]
    places = {number: data.index(b"\n%d 0 obj" % number) + 1 for number in range(1, 6)}
    places[7] = len(data)
    data += b"7 0 obj\n%s\nendobj\n" % stream(content, b"/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode")
    places[8] = len(data)
    rows = [b"\0\0\0\0\0\0"]
    rows += [b"\1" + places[number].to_bytes(4, "big") + b"\0" for number in range(1, 6)]
    rows += [b"\2" + (7).to_bytes(4, "big") + b"\0"]
    rows += [b"\1" + places[number].to_bytes(4, "big") + b"\0" for number in (7, 8)]
    table = stream(b"".join(rows), b"/Type /XRef /Size 9 /W [1 4 1] /Root 1 0 R")
    return data + b"8 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (table, places[8])
