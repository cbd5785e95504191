"""DOCX and ODT files that must be refused, each with its reason."""

import stat
import struct
import zipfile

from services.file_checks.verdicts import RefusalReason as Reason
from tests.files import packages, pictures
from tests.files.cases import EICAR, Case, make
from tests.files.packages import code, docx, odt, relation, relations


def docx_case(what: str, reason: Reason, inner: str = "", **how: object) -> Case:
    return Case(f"DOCX: {what}", "cv.docx", make(docx, inner, **how), reason)


def related(kind: str, target: str, outside: bool = False) -> tuple[str]:
    return (relation(99, kind, target, outside),)


def override(part: str, content_type: str) -> tuple[str]:
    return (f'<Override PartName="/{part}" ContentType="{content_type}"/>',)


def template(target: str) -> bytes:
    return relations(relation(1, "attachedTemplate", target, outside=True))


def is_link(entry: zipfile.ZipInfo) -> None:
    entry.create_system, entry.external_attr = 3, (stat.S_IFLNK | 0o777) << 16


def has_password(data: bytes) -> bytes:
    """The mark of a password on the last entry, at its place and in the list."""
    changed = bytearray(data)
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        struct.pack_into("<H", changed, changed.rindex(signature) + place, 1)
    return bytes(changed)


def many_elements() -> bytes:
    each = b"".join(b"<b>%x</b>" % (number * 7919 % 499_979) for number in range(500_000))
    return docx(word__styles_dot_xml=b"<a>%s</a>" % each)


VBA = packages.old_compound_file("Root Entry", "VBA", "_VBA_PROJECT")
OLE_OBJECT = packages.old_compound_file("Root Entry", "\x01Ole10Native")
ENTITIES = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "%s">]><a>&b;</a>"""
OUTSIDE_ENTITY = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>"""
NESTED = "".join(
    f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'
    + (f"<w:r><w:instrText>{text}</w:instrText></w:r>" if text else "")
    for kind, text in (("begin", " IF "), ("begin", " DD"), ("separate", ""), ("end", ""), ("end", ""))
).replace(" DD", " QUOTE 68 68 69 ")
EMBEDDED, EXTERNAL, MACROS = Reason.EMBEDDED, Reason.EXTERNAL, Reason.MACROS
FIELDS, UNSAFE = Reason.LIVE_FIELDS, Reason.UNSAFE_STRUCTURE
WORD = "application/vnd.ms-word"
DRAWING = "http://schemas.microsoft.com/office/word/2012/wordprocessingDrawing"

HOSTILE_DOCX = (
    docx_case(
        "macros",
        MACROS,
        word__vbaProject_dot_bin=VBA,
        related=related("vbaProject", "vbaProject.bin"),
        types=override("word/vbaProject.bin", "application/vnd.ms-office.vbaProject"),
    ),
    docx_case("macros called a picture", MACROS, word__media__image1_dot_png=VBA),
    docx_case(
        "macros by their type alone",
        MACROS,
        word__a_dot_xml=b"<a/>",
        types=override("word/a.xml", f"{WORD}.vbaData+xml"),
    ),
    docx_case(
        "macros by their relation alone",
        MACROS,
        related=related("http://schemas.microsoft.com/office/2006/relationships/vbaProject", "media/image1.png"),
    ),
    Case(
        "DOCX: DOCM under another name",
        "cv.docx",
        lambda: packages.zipped(
            {
                **packages.docx_parts(),
                "[Content_Types].xml": packages.content_types(main=f"{WORD}.document.macroEnabled.main+xml"),
            }
        ),
        MACROS,
    ),
    docx_case(
        "template on the web", EXTERNAL, word___rels__settings_dot_xml_dot_rels=template("http://x.example/a.dotm")
    ),
    docx_case(
        "template on a file share", EXTERNAL, word___rels__settings_dot_xml_dot_rels=template("file://srv/a.dotm")
    ),
    docx_case(
        "template on a Windows share", EXTERNAL, word___rels__settings_dot_xml_dot_rels=template(r"\\srv\a.dotm")
    ),
    docx_case("picture on the web", EXTERNAL, related=related("image", "https://x.example/1.png", True)),
    docx_case("picture on the web, said to be inside", EXTERNAL, related=related("image", "https://x.example/1.png")),
    docx_case("drawing on the web", EXTERNAL, '<w:pict><v:imagedata src="https://x.example/1.png"/></w:pict>'),
    docx_case("drawing that is a script", Reason.SCRIPT, word__media__image1_dot_svg=pictures.SVG),
    docx_case("object elsewhere", EMBEDDED, related=related("oleObject", "http://x.example/a.hta", True)),
    docx_case(
        "link to a program", Reason.LINK, related=related("hyperlink", "file:///C:/Windows/system32/calc.exe", True)
    ),
    docx_case("link that is a script", Reason.LINK, related=related("hyperlink", "java&#10;script:alert(1)", True)),
    docx_case("link that starts a tool", Reason.LINK, related=related("hyperlink", "ms-msdt:/id PCWDiagnostic", True)),
    docx_case("link in a field to a file share", Reason.LINK, code(r' HYPERLINK "\\\\srv\\a" ')),
    docx_case(
        "object inside",
        EMBEDDED,
        word__embeddings__oleObject1_dot_bin=OLE_OBJECT,
        related=related("oleObject", "embeddings/oleObject1.bin"),
    ),
    docx_case("object called a picture", EMBEDDED, word__media__image1_dot_png=OLE_OBJECT),
    docx_case("object in the text", EMBEDDED, "<w:object><o:OLEObject Type='Embed' ProgID='Package'/></w:object>"),
    docx_case("spreadsheet inside", EMBEDDED, word__embeddings__a_dot_xlsx=b"PK\x03\x04" + bytes(50)),
    docx_case("document inside", EMBEDDED, related=related("package", "embeddings/a.docx")),
    docx_case(
        "web page inside",
        EMBEDDED,
        "<w:altChunk r:id='rId99'/>",
        word__a_dot_html=pictures.HTML,
        related=related("aFChunk", "a.html"),
    ),
    docx_case("test virus inside", EMBEDDED, word__eicar_dot_com=EICAR),
    docx_case("test virus called a picture", EMBEDDED, word__media__image1_dot_png=EICAR),
    docx_case("program inside", EMBEDDED, word__media__image1_dot_emf=b"MZ" + bytes(100)),
    docx_case("ActiveX", EMBEDDED, "<w:control r:id='rId99' w:name='a'/>"),
    docx_case("part of another document", EXTERNAL, "<w:subDoc r:id='rId99'/>"),
    docx_case("frames of other documents", EXTERNAL, related=related("frame", "http://x.example/a.docx", True)),
    docx_case("film from the web", Reason.MEDIA, f"<w:p><v:webVideoPr xmlns:v='{DRAWING}' embeddedHtml='x'/></w:p>"),
    docx_case("mail merge", FIELDS, "<w:mailMerge><w:connectString w:val='a'/></w:mailMerge>"),
    docx_case("DDE", FIELDS, code(r' DDE excel "a" "b" ')),
    docx_case("DDE, its name in pieces", FIELDS, code(" DD", "E", "AUTO c:\\\\cmd.exe ")),
    docx_case("DDE in a simple field", FIELDS, '<w:fldSimple w:instr=" ddeauto cmd "/>'),
    docx_case("DDE spelled out as numbers in another field", FIELDS, f"<w:p>{NESTED}</w:p>"),
    docx_case(
        "DDE in a field without end", FIELDS, code(" DDE a ").replace('"end"', '"begin"').replace("separate", "a")
    ),
    docx_case("DDE against its argument", FIELDS, code(' DDEAUTO"c:\\\\cmd.exe" ')),
    docx_case("DDE where Word keeps other people's XML", FIELDS, customXml__a_dot_xml=packages.body(code(" DDE a "))),
    docx_case(
        "text called a typeface",
        UNSAFE,
        word__footer1_dot_odttf=packages.body(code(" DDE a ")),
        types=override("word/footer1.odttf", f"{packages.TYPE}.footer+xml"),
    ),
    docx_case(
        "relations under capital letters",
        EXTERNAL,
        word___rels__settings_dot_xml_dot_RELS=template("http://x.example/"),
    ),
    docx_case("DDE in a footer", FIELDS, word__footer1_dot_xml=packages.body(code(" DDEAUTO a "))),
    docx_case("text of another file", FIELDS, code(r' INCLUDETEXT "\\\\srv\\a.docx" ')),
    docx_case("picture of another file", FIELDS, code(' INCLUDEPICTURE "https://x.example/1.png" ')),
    docx_case("entities that swell", UNSAFE, word__styles_dot_xml=ENTITIES % (b"a" * 1000)),
    docx_case("entity outside", UNSAFE, word__styles_dot_xml=OUTSIDE_ENTITY),
    Case("DOCX: half a million elements", "cv.docx", many_elements, Reason.TOO_COMPLEX),
    docx_case("XML that is not", Reason.DAMAGED, word__styles_dot_xml=b"<a><b></a>"),
    docx_case("picture of 900 megapixels", Reason.TOO_MANY_PIXELS, word__media__image1_dot_png=pictures.flood_png()),
    docx_case("damaged picture", Reason.DAMAGED, word__media__image1_dot_png=pictures.png()[:20]),
    docx_case("60 MB of nothing", Reason.BOMB, word__styles_dot_xml=bytes(60_000_000)),
    docx_case("nothing, a thousand times as large unpacked", Reason.BOMB, word__styles_dot_xml=b" " * 9_000_000),
    Case("DOCX: part that says it is small", "cv.docx", packages.understated, Reason.BOMB),
    Case("DOCX: part that says it is a little smaller", "cv.docx", make(packages.understated, 5000), Reason.DAMAGED),
    Case(
        "DOCX: 2 001 entries",
        "cv.docx",
        lambda: packages.zipped(packages.docx_parts() | {f"word/{number}.xml": b"" for number in range(1997)}),
        Reason.TOO_COMPLEX,
    ),
    docx_case("name that climbs", UNSAFE, **{"..__..__evil_dot_xml": b"<a/>"}),
    docx_case("absolute name", UNSAFE, **{"__etc__evil_dot_xml": b"<a/>"}),
    docx_case("name on a drive", UNSAFE, **{"C:__evil_dot_xml": b"<a/>"}),
    docx_case("name with a line break", UNSAFE, **{"word__a\n_dot_xml": b"<a/>"}),
    Case(
        "DOCX: name that climbs on Windows",
        "cv.docx",
        lambda: packages.renamed(docx(word__aaaa_dot_xml=b"<a/>"), b"word/aaaa.xml", b"..\\..\\aaa.xml"),
        UNSAFE,
    ),
    Case(
        "DOCX: name with NUL",
        "cv.docx",
        lambda: packages.renamed(docx(word__aaaa_dot_xml=b"<a/>"), b"word/aaaa.xml", b"word/a.xml\0aa"),
        UNSAFE,
    ),
    Case("DOCX: symbolic link", "cv.docx", make(packages.entry_with, is_link), UNSAFE),
    Case("DOCX: part twice", "cv.docx", packages.doubled, UNSAFE),
    Case("DOCX: part twice in other letters", "cv.docx", make(packages.doubled, str.upper), UNSAFE),
    Case("DOCX: two entries in one place", "cv.docx", packages.overlapping, UNSAFE),
    Case("DOCX: entry that is not in the list", "cv.docx", packages.hidden_entry, UNSAFE),
    Case("DOCX: entry with another name in place", "cv.docx", packages.other_name_in_place, UNSAFE),
    Case(
        "DOCX: another packing",
        "cv.docx",
        make(packages.entry_with, lambda entry: setattr(entry, "compress_type", zipfile.ZIP_LZMA)),
        UNSAFE,
    ),
    Case("DOCX: entry with a password", "cv.docx", lambda: has_password(docx()), Reason.PASSWORD),
    Case(
        "DOCX: password",
        "cv.docx",
        make(packages.old_compound_file, "EncryptionInfo", "EncryptedPackage"),
        Reason.PASSWORD,
    ),
    Case("DOCX: DOC under another name", "cv.docx", make(packages.old_compound_file, "WordDocument"), Reason.MISNAMED),
    Case("DOCX: web page behind its end", "cv.docx", lambda: docx() + pictures.HTML, Reason.MIXED),
    Case("DOCX: something before its start", "cv.docx", lambda: b"PK\x03\x04" + docx(), UNSAFE),
    Case("DOCX: cut off", "cv.docx", lambda: packages.word_docx()[:-300], Reason.DAMAGED),
    Case("DOCX: wrong bytes in the middle", "cv.docx", lambda: docx().replace(b"\xcb", b"\xcc"), Reason.DAMAGED),
    Case("DOCX: ZIP with the test virus", "cv.docx", lambda: packages.zipped({"eicar.com": EICAR}), Reason.MISNAMED),
    Case(
        "DOCX: spreadsheet under another name",
        "cv.docx",
        lambda: packages.zipped(
            {
                **packages.docx_parts(),
                "[Content_Types].xml": packages.content_types(
                    main="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
                ),
            }
        ),
        Reason.MISNAMED,
    ),
    Case("DOCX: ODT under another name", "cv.docx", odt, Reason.MISNAMED),
    Case(
        "DOCX: without its text",
        "cv.docx",
        lambda: packages.zipped(
            {name: content for name, content in packages.docx_parts().items() if name != "word/document.xml"}
        ),
        Reason.DAMAGED,
    ),
)


BASIC = b'<script:module xmlns:script="urn:oasis:names:tc:opendocument:xmlns:script:1.0"/>'
LISTENER = (
    '<office:event-listeners><script:event-listener script:event-name="dom:load" '
    'xlink:href="vnd.sun.star.script:a.b.c?language=Basic&amp;location=document"/></office:event-listeners>'
)


def odt_case(what: str, reason: Reason, inner: str = "", **how: object) -> Case:
    return Case(f"ODT: {what}", "cv.odt", make(odt, inner, **how), reason)


def unpacked_mimetype() -> bytes:
    parts = packages.odt_parts()
    return packages.zipped({"content.xml": parts.pop("content.xml"), **parts}, stored=("mimetype",))


HOSTILE_ODT = (
    odt_case("macros", MACROS, Basic__Standard__Module1_dot_xml=BASIC),
    odt_case("macros in Python", MACROS, Scripts__python__a_dot_py=b"import os"),
    odt_case("macros at another place", MACROS, word__a_dot_xml=BASIC),
    odt_case("macro on opening", MACROS, LISTENER),
    odt_case("macro behind a link", MACROS, '<text:a xlink:href="vnd.sun.star.script:a.b?language=Basic"/>'),
    odt_case("macro in the text", MACROS, '<office:script script:language="JavaScript">1</office:script>'),
    odt_case(
        "form that is sent",
        Reason.ACTION,
        '<xf:submission xmlns:xf="http://www.w3.org/2002/xforms" action="http://x.example"/>',
    ),
    odt_case("script in a field", Reason.SCRIPT, '<text:script script:language="JavaScript">1</text:script>'),
    odt_case("object", EMBEDDED, '<draw:object xlink:href="./Object 1"/>'),
    odt_case("old object", EMBEDDED, '<draw:object-ole xlink:href="./Object 1"/>', Object_1=OLE_OBJECT),
    odt_case("object without a trace in the text", EMBEDDED, Pictures__1_dot_png=OLE_OBJECT),
    odt_case("frame with another page", EMBEDDED, '<draw:floating-frame xlink:href="http://x.example"/>'),
    odt_case("program for a browser", EMBEDDED, '<draw:applet xlink:href="http://x.example"/>'),
    odt_case("picture on the web", EXTERNAL, '<draw:image xlink:href="http://x.example/1.png"/>'),
    odt_case("picture beside the document", EXTERNAL, '<draw:image xlink:href="../1.png"/>'),
    odt_case("section of another document", EXTERNAL, '<text:section-source xlink:href="file://srv/a.odt"/>'),
    odt_case("template on a file share", EXTERNAL, '<meta:template xlink:href="smb://srv/a.ott"/>'),
    odt_case("link to a file share", Reason.LINK, '<text:a xlink:href="//srv/a.exe"/>'),
    odt_case("DDE", FIELDS, '<office:dde-source office:dde-application="soffice"/>'),
    odt_case("password", Reason.PASSWORD, manifest="<manifest:encryption-data/>"),
    odt_case("entities that swell", UNSAFE, styles_dot_xml=ENTITIES % (b"a" * 1000)),
    odt_case("template under another name", Reason.MISNAMED, mime="text-template"),
    odt_case("spreadsheet under another name", Reason.MISNAMED, mime="spreadsheet"),
    Case("ODT: kind not at the front", "cv.odt", unpacked_mimetype, Reason.MISNAMED),
    Case("ODT: DOCX under another name", "cv.odt", docx, Reason.MISNAMED),
    Case("ODT: 60 MB of nothing", "cv.odt", make(odt, Pictures__1_dot_png=bytes(60_000_000)), Reason.BOMB),
)
