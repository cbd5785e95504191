"""DOCX and ODT, part by part, and ZIP files built as no program builds them."""

import io
import struct
import warnings
import zipfile
from collections.abc import Callable, Mapping

from tests.files.pictures import png

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml"
OFFICE = "urn:oasis:names:tc:opendocument:xmlns"
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

Parts = dict[str, bytes]


def zipped(parts: Mapping[str, bytes], stored: tuple[str, ...] = ()) -> bytes:
    """The parts in order; a name may stand twice when it differs by a trailing «\\0», which is then cut off."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that stand twice
        for name, content in parts.items():
            way = zipfile.ZIP_STORED if name in stored or name.endswith("/") else zipfile.ZIP_DEFLATED
            entry = zipfile.ZipInfo(name.rstrip("\0"), (2026, 11, 22, 12, 0, 0))
            entry.compress_type = way
            archive.writestr(entry, content)
    return file.getvalue()


# DOCX


def relation(number: int, kind: str, target: str, outside: bool = False) -> str:
    kind = kind if "://" in kind else f"{R}/{kind}"
    mode = ' TargetMode="External"' if outside else ""
    return f'<Relationship Id="rId{number}" Type="{kind}" Target="{target}"{mode}/>'


def relations(*each: str) -> bytes:
    namespace = "http://schemas.openxmlformats.org/package/2006/relationships"
    return f'{XML}<Relationships xmlns="{namespace}">{"".join(each)}</Relationships>'.encode()


def content_types(*more: str, main: str = f"{TYPE}.document.main+xml") -> bytes:
    namespace = "http://schemas.openxmlformats.org/package/2006/content-types"
    return (
        f'{XML}<Types xmlns="{namespace}">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="png" ContentType="image/png"/>'
        f'<Override PartName="/word/document.xml" ContentType="{main}"/>'
        f"{''.join(more)}</Types>"
    ).encode()


def body(inner: str = "") -> bytes:
    return (
        f'{XML}<w:document xmlns:w="{W}" xmlns:r="{R}" xmlns:v="urn:schemas-microsoft-com:vml" '
        'xmlns:o="urn:schemas-microsoft-com:office:office">'
        f"<w:body><w:p><w:r><w:t>Áŋŋe Čeđŧá, sykepleier</w:t></w:r></w:p>{inner}"
        "<w:sectPr/></w:body></w:document>"
    ).encode()


def code(*pieces: str) -> str:
    """A field whose code stands in so many runs."""
    runs = "".join(f'<w:r><w:instrText xml:space="preserve">{piece}</w:instrText></w:r>' for piece in pieces)
    return (
        f'<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r>{runs}'
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>1</w:t></w:r>'
        '<w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>'
    )


def docx_parts(inner: str = "", *, types: tuple[str, ...] = (), related: tuple[str, ...] = (), **more: bytes) -> Parts:
    """The parts of a small document. `types` and `related` add to what it says of itself; `more` are further parts,
    «__» for «/» and «_dot_» for «.»."""
    return {
        "[Content_Types].xml": content_types(*types),
        "_rels/.rels": relations(relation(1, "officeDocument", "word/document.xml")),
        "word/document.xml": body(inner),
        "word/_rels/document.xml.rels": relations(*related),
        **{name.replace("__", "/").replace("_dot_", "."): content for name, content in more.items()},
    }


def docx(inner: str = "", *, types: tuple[str, ...] = (), related: tuple[str, ...] = (), **more: bytes) -> bytes:
    return zipped(docx_parts(inner, types=types, related=related, **more))


def word_docx() -> bytes:
    """As Word writes one: styles, header, footer, comments, footnotes, picture, links, fields, settings, typeface."""
    part = '<Override PartName="/word/{0}.xml" ContentType="' + TYPE + '.{0}+xml"/>'
    named = ("styles", "settings", "webSettings", "fontTable", "numbering", "comments", "footnotes", "endnotes")
    types = (
        '<Default Extension="jpeg" ContentType="image/jpeg"/>',
        '<Default Extension="emf" ContentType="image/x-emf"/>',
        '<Default Extension="odttf" ContentType="application/vnd.openxmlformats-officedocument.obfuscatedFont"/>',
        *(part.format(name) for name in named),
        f'<Override PartName="/word/header1.xml" ContentType="{TYPE}.header+xml"/>',
        '<Override PartName="/docProps/core.xml" '
        'ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>',
    )
    link = '<w:hyperlink r:id="rId3"><w:r><w:t>lenke</w:t></w:r></w:hyperlink>'
    fields = code(' HYPERLINK "https://helsenorge.no" ') + code(" PAGE ") + code(r' TOC \o "1-3" \h \z \u ')
    fields += f'<w:p><w:fldSimple w:instr=" NUMPAGES "><w:r><w:t>2</w:t></w:r></w:fldSimple>{link}</w:p>'
    xml = f'{XML}<w:{{0}} xmlns:w="{W}"><w:p><w:r><w:t>tekst</w:t></w:r></w:p></w:{{0}}>'
    related = (
        relation(1, "styles", "styles.xml"),
        relation(2, "settings", "settings.xml"),
        relation(3, "hyperlink", "https://www.nrk.no/sápmi?a=1&amp;b=æ", outside=True),
        relation(4, "hyperlink", "mailto:kari@example.no", outside=True),
        relation(5, "image", "media/image1.png"),
        relation(6, "header", "header1.xml"),
        relation(7, "comments", "comments.xml"),
        relation(8, "hyperlink", "#_Toc1", outside=True),
        relation(9, "customXml", "../customXml/item1.xml"),
        relation(10, "font", "fonts/font1.odttf"),
    )
    parts = docx_parts(fields, types=types, related=related)
    parts |= {f"word/{name}.xml": xml.format(name).encode() for name in (*named, "header1")}
    parts |= {
        "word/media/image1.png": png(40, 30),
        "word/media/image2.emf": b"\x01\0\0\0" + bytes(100),
        "word/fonts/font1.odttf": bytes(range(200)),
        "word/_rels/settings.xml.rels": relations(
            relation(1, "attachedTemplate", r"file:///C:\Users\Kari\AppData\Roaming\Microsoft\Templates\CV.dotx", True)
        ),
        "customXml/item1.xml": b"<b:Sources xmlns:b='urn:x'><b:object/></b:Sources>",
        "docProps/core.xml": b"<coreProperties/>",
    }
    return zipped(parts)


def libreoffice_docx() -> bytes:
    """As LibreOffice writes one: the list of types last."""
    parts = docx_parts(docProps__core_dot_xml=b"<coreProperties/>")
    parts["[Content_Types].xml"] = parts.pop("[Content_Types].xml")
    return zipped(parts)


def strict_docx() -> bytes:
    """ISO's strict form, with names of its own for the same relations."""
    parts = docx_parts()
    strict = "http://purl.oclc.org/ooxml/officeDocument/relationships"
    parts["_rels/.rels"] = relations(relation(1, f"{strict}/officeDocument", "word/document.xml"))
    parts["word/_rels/document.xml.rels"] = relations(relation(1, f"{strict}/hyperlink", "https://x.example", True))
    return zipped(parts)


def old_compound_file(*names: str) -> bytes:
    """The beginning of an old compound file, with the names of what is in it."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + b"".join(name.encode("utf-16-le") for name in names)


# ODT


def odt_parts(inner: str = "", *, manifest: str = "", mime: str = "text", **more: bytes) -> Parts:
    mime_type = f"application/vnd.oasis.opendocument.{mime}"
    spaces = " ".join(
        f'xmlns:{name}="{OFFICE}:{name}:1.0"'
        for name in ("office", "text", "style", "script", "form", "presentation", "table", "meta")
    )
    spaces += f' xmlns:draw="{OFFICE}:drawing:1.0" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return {
        "mimetype": mime_type.encode(),
        "content.xml": (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<office:document-content {spaces}><office:scripts/>'
            f"<office:body><office:text><text:p>Áŋŋe Čeđŧá</text:p>{inner}</office:text></office:body>"
            "</office:document-content>"
        ).encode(),
        **{name.replace("__", "/").replace("_dot_", "."): content for name, content in more.items()},
        "META-INF/manifest.xml": (
            f'<manifest:manifest xmlns:manifest="{OFFICE}:manifest:1.0">'
            f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{mime_type}"/>'
            f'<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>{manifest}'
            "</manifest:manifest>"
        ).encode(),
    }


def odt(inner: str = "", *, manifest: str = "", mime: str = "text", **more: bytes) -> bytes:
    return zipped(odt_parts(inner, manifest=manifest, mime=mime, **more), stored=("mimetype",))


def libreoffice_odt() -> bytes:
    """As LibreOffice writes one: thumbnail, picture, link, comment, empty folders and its own notes on pages."""
    inner = (
        '<text:p><text:a xlink:type="simple" xlink:href="https://www.nrk.no/sápmi">lenke</text:a>'
        '<text:a xlink:href="#Kapittel|outline">her</text:a>'
        '<draw:frame><draw:image xlink:href="Pictures/1.png" xlink:show="embed"/></draw:frame>'
        "<office:annotation><text:p>kommentar</text:p></office:annotation></text:p>"
    )
    parts = odt_parts(inner)
    settings = {f"Configurations2/{folder}/": b"" for folder in ("toolbar", "menubar", "images/Bitmaps")}
    meta = (
        f'<office:document-meta xmlns:office="{OFFICE}:office:1.0" xmlns:meta="{OFFICE}:meta:1.0" '
        'xmlns:xlink="http://www.w3.org/1999/xlink"><office:meta>'
        '<meta:template xlink:href="../../Maler/CV.ott"/></office:meta></office:document-meta>'
    )
    more = {
        **settings,
        "Configurations2/accelerator/current.xml": b"",
        "manifest.rdf": b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>',
        "meta.xml": meta.encode(),
        "Pictures/1.png": png(40, 30),
        "Thumbnails/thumbnail.png": png(20, 20),
        "layout-cache": b"\x05\x00\x00\x00",
    }
    last = parts.pop("META-INF/manifest.xml")
    return zipped({**parts, **more, "META-INF/manifest.xml": last}, stored=("mimetype",))


# ZIP files as no program builds them


def entry_with(change: Callable[[zipfile.ZipInfo], None], name: str = "word/extra.xml") -> bytes:
    """A document with one more entry, changed before it is written."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, content in docx_parts().items():
            archive.writestr(part, content)
        entry = zipfile.ZipInfo(name)
        change(entry)
        archive.writestr(entry, b"<a/>")
    return file.getvalue()


def renamed(data: bytes, old: bytes, new: bytes) -> bytes:
    """Names of equal length exchanged in the archive, in its list as well."""
    assert len(old) == len(new) and data.count(old) >= 2
    return data.replace(old, new)


def doubled(case: Callable[[str], str] = str) -> bytes:
    """A document in which one part stands twice, perhaps in other letters."""
    return zipped({**docx_parts(), case("word/document.xml") + "\0": body("<w:p/>")})


def overlapping() -> bytes:
    """Two entries of the list that share one place in the file."""
    return with_list(zipped(docx_parts()), lambda rows: [*rows, rows[-1].replace(b"word/_rels/", b"word/_rele/")])


def hidden_entry() -> bytes:
    """An entry that lies in the file without standing in its list."""
    return with_list(zipped(docx_parts(word__hidden_dot_xml=b"<a/>")), lambda rows: rows[:-1])


def other_name_in_place() -> bytes:
    """An entry that has another name at its place than in the list."""
    return with_list(
        zipped(docx_parts(word__styles_dot_xml=b"<a/>")),
        lambda rows: [*rows[:-1], rows[-1].replace(b"word/styles.xml", b"word/stylez.xml")],
    )


def understated(size: int = 60_000_000) -> bytes:
    """A part that says it is small and is not."""
    data = bytearray(zipped(docx_parts(word__styles_dot_xml=bytes(size))))
    for signature, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<L", data, data.rindex(signature) + place, 100)
    return bytes(data)


def with_list(data: bytes, change: Callable[[list[bytes]], list[bytes]]) -> bytes:
    """The archive with the rows of its list changed."""
    end = data.rindex(b"PK\x05\x06")
    begin = struct.unpack_from("<L", data, end + 16)[0]
    rows = [b"PK\x01\x02" + row for row in data[begin:end].split(b"PK\x01\x02")[1:]]
    rows = change(rows)
    listed = b"".join(rows)
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, len(rows), len(rows), len(listed), begin, 0)
    return data[:begin] + listed + tail
