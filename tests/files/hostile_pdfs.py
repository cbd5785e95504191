"""PDFs that must be refused, each with its reason."""

from services.file_checks.verdicts import RefusalReason as Reason
from tests.files import pdfs
from tests.files.cases import EICAR, Case, make, object_
from tests.files.honest import FIELD, FORM
from tests.files.packages import docx
from tests.files.pdfs import FIRST_FREE, SCRIPT, made, stream

SIX = f"{FIRST_FREE} 0 R".encode()
FILE_INSIDE = b"<< /Type /Filespec /F (vedlegg.txt) /EF << /F 7 0 R >> >>"
ATTACHED = [FILE_INSIDE, stream(EICAR, b"/Type /EmbeddedFile")]
ESCAPED = b"<< /#53 /J#61v#61Script /#4a#53 (app.alert\\(1\\)) >>"
HUGE = b"/Type /XObject /Subtype /Image /Width 60000 /Height 60000 /BitsPerComponent 1 /ColorSpace /DeviceGray"


def annotation(entries: bytes) -> bytes:
    return b"/Annots [<< /Type /Annot /Rect [0 0 9 9] %s >>]" % entries


def pdf_case(what: str, reason: Reason, **how: object) -> Case:
    return Case(f"PDF: {what}", "cv.pdf", make(made, **how), reason)


def page_circle() -> bytes:
    return made(
        pages=b"<< /Type /Pages /Kids [6 0 R] /Count 1 >>",
        objects=[b"<< /Type /Pages /Kids [2 0 R] /Parent 2 0 R /Count 1 >>"],
    )


def deep_pages(depth: int = 3000) -> bytes:
    each = [
        b"<< /Type /Pages /Parent %d 0 R /Kids [%d 0 R] /Count 1 >>" % (number - 1, number + 1)
        for number in range(FIRST_FREE, FIRST_FREE + depth)
    ]
    return made(pages=b"<< /Type /Pages /Kids [6 0 R] /Count 1 >>", objects=[*each, b"<< /Type /Page >>"])


def broad_pages(breadth: int = 6000) -> bytes:
    kids = b"".join(b"%d 0 R " % number for number in range(FIRST_FREE, FIRST_FREE + breadth))
    return made(
        pages=b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, breadth),
        objects=[b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>"] * breadth,
    )


def looping_tables() -> bytes:
    data = made()
    place = data.rpartition(b"startxref\n")[2].split()[0]
    return data.replace(b"/Size 6", b"/Size 6 /Prev " + place)


def misplaced(number: int, **how: object) -> bytes:
    """Where the table says that object 5 is, a second object of another number is."""
    data = made(hidden=object_(number, b"<< /Type /Font >>"), **how)  # type: ignore[arg-type]
    font, second = data.index(b"5 0 obj"), data.rindex(b"%d 0 obj" % number)
    return data.replace(b"%010d" % font, b"%010d" % second)


S = Reason.SCRIPT
HOSTILE_PDF = (
    pdf_case("script on opening", S, catalog=b"/OpenAction " + SCRIPT),
    pdf_case("script in the list of scripts", S, catalog=b"/Names << /JavaScript << /Names [(a) %s] >> >>" % SCRIPT),
    pdf_case("script with its names escaped", S, catalog=b"/OpenAction " + ESCAPED),
    pdf_case("script on the page", S, page=b"/AA << /O %s >>" % SCRIPT),
    pdf_case("script behind a link", S, page=annotation(b"/Subtype /Link /A " + SCRIPT)),
    pdf_case(
        "script in a form's field", S, catalog=FORM, objects=[FIELD.replace(b">>", b"/AA << /K %s >> >>" % SCRIPT)]
    ),
    pdf_case("script named elsewhere", S, catalog=b"/OpenAction << /S 6 0 R >>", objects=[b"/JavaScript"]),
    pdf_case("script after another action", S, catalog=b"/OpenAction << /S /GoTo /Next [%s] >>" % SCRIPT),
    pdf_case("script no table points to", S, hidden=object_(90, SCRIPT)),
    pdf_case("object stream no table points to", Reason.DAMAGED, hidden=object_(90, stream(b"", b"/Type /Obj#53tm"))),
    Case("PDF: script in an object stream", "cv.pdf", lambda: pdfs.bundled(made(catalog=b"/OpenAction " + ESCAPED)), S),
    Case(
        "PDF: script in an earlier version",
        "cv.pdf",
        lambda: pdfs.updated(made(catalog=b"/OpenAction 6 0 R", objects=[SCRIPT]), {6: b"<< /S /GoTo >>"}),
        S,
    ),
    Case(
        "PDF: script that another object is taken for",
        "cv.pdf",
        make(misplaced, number=6, page=b"/Annots [6 0 R]", objects=[b"<< /Subtype /Link /A %s >>" % SCRIPT]),
        Reason.DAMAGED,
    ),
    Case("PDF: page that another object is taken for", "cv.pdf", make(misplaced, number=3), Reason.DAMAGED),
    Case("PDF: script in an object stream's earlier version", "cv.pdf", pdfs.superseded_script, S),
    pdf_case("starts a program", Reason.ACTION, catalog=b"/OpenAction << /S /Launch /F (cmd.exe) >>"),
    pdf_case(
        "starts a program named elsewhere",
        Reason.ACTION,
        page=annotation(b"/Subtype /Link /A << /S 6 0 R /F (cmd.exe) >>"),
        objects=[b"/Launch"],
    ),
    pdf_case(
        "sends a form", Reason.ACTION, page=annotation(b"/Subtype /Link /A << /S /SubmitForm /F (https://x.example) >>")
    ),
    pdf_case("fetches into a form", Reason.ACTION, catalog=b"/OpenAction << /S /ImportData /F (a.fdf) >>"),
    pdf_case(
        "opens another file",
        Reason.ACTION,
        page=annotation(b"/Subtype /Link /A << /S /GoToR /F (\\\\\\\\srv\\\\a.pdf) >>"),
    ),
    pdf_case(
        "opens a page on the web by itself",
        Reason.ACTION,
        catalog=b"/OpenAction << /S /URI /URI (https://x.example) >>",
    ),
    pdf_case(
        "link that is a script",
        Reason.LINK,
        page=annotation(b"/Subtype /Link /A << /S /URI /URI (java\\nscript:alert\\(1\\)) >>"),
    ),
    pdf_case(
        "link to a file share",
        Reason.LINK,
        page=annotation(b"/Subtype /Link /A << /S /URI /URI (file://srv/a.exe) >>"),
    ),
    pdf_case(
        "file inside, with the test virus",
        Reason.EMBEDDED,
        catalog=b"/Names << /EmbeddedFiles << /Names [(a) %s] >> >>" % SIX,
        objects=ATTACHED,
    ),
    pdf_case(
        "file pinned to the page",
        Reason.EMBEDDED,
        page=annotation(b"/Subtype /FileAttachment /FS " + SIX),
        objects=ATTACHED,
    ),
    pdf_case("opens a file inside", Reason.EMBEDDED, catalog=b"/OpenAction << /S /GoToE /T << /R /C >> >>"),
    pdf_case("portfolio", Reason.EMBEDDED, catalog=b"/Collection << /View /T >>"),
    pdf_case("film", Reason.MEDIA, page=annotation(b"/Subtype /Screen /A << /S /Rendition >>")),
    pdf_case("rich media", Reason.MEDIA, page=annotation(b"/Subtype /RichMedia /RichMediaContent << >>")),
    pdf_case("sound", Reason.MEDIA, page=annotation(b"/Subtype /Sound")),
    pdf_case("XFA form", Reason.DYNAMIC_FORM, catalog=b"/AcroForm << /XFA 6 0 R /Fields [] >>", objects=[stream(b"")]),
    pdf_case("content in another file", Reason.EXTERNAL, contents=stream(b"", b"/F (\\\\\\\\srv\\\\a)")),
    pdf_case("content on the web", Reason.EXTERNAL, objects=[b"<< /Type /Filespec /FS /URL /F (http://x.example) >>"]),
    Case("PDF: password", "cv.pdf", make(pdfs.locked, user="hemmelig", owner="eier"), Reason.PASSWORD),
    Case("PDF: locked without a password", "cv.pdf", make(pdfs.locked, user="", owner="eier"), Reason.PASSWORD),
    Case("PDF: cut off", "cv.pdf", lambda: made()[:-200], Reason.DAMAGED),
    Case("PDF: cut off in the middle of a picture", "cv.pdf", lambda: pdfs.of_size(50_000)[:25_000], Reason.DAMAGED),
    Case("PDF: text behind its end", "cv.pdf", lambda: made() + b"<script>alert(1)</script>", Reason.MIXED),
    Case("PDF: ZIP behind its end", "cv.pdf", lambda: made() + docx(), Reason.MIXED),
    Case("PDF: ZIP within", "cv.pdf", lambda: made(objects=[stream(docx())]), Reason.MIXED),
    Case("PDF: web page at its start", "cv.pdf", lambda: made(version=b"1.7\n<html><script>1</script>"), Reason.MIXED),
    Case("PDF: something before its start", "cv.pdf", lambda: b"\n" * 100 + made(), Reason.MISNAMED),
    Case("PDF: only a start", "cv.pdf", lambda: b"%PDF-1.7\n", Reason.DAMAGED),
    Case("PDF: only a start and an end", "cv.pdf", lambda: b"%PDF-1.7\nstartxref\n0\n%%EOF\n", Reason.DAMAGED),
    Case("PDF: pages in a circle", "cv.pdf", page_circle, Reason.DAMAGED),
    Case("PDF: pages without end downwards", "cv.pdf", deep_pages, Reason.DAMAGED),
    Case("PDF: pages without end sideways", "cv.pdf", broad_pages, Reason.TOO_COMPLEX),
    pdf_case("no page", Reason.DAMAGED, pages=b"<< /Type /Pages /Kids [] /Count 0 >>"),
    Case("PDF: tables in a circle", "cv.pdf", looping_tables, Reason.DAMAGED),
    pdf_case("lists in lists", Reason.TOO_COMPLEX, objects=[b"[" * 100_000 + b"]" * 100_000]),
    pdf_case("sixty thousand objects", Reason.TOO_COMPLEX, objects=[b"null"] * 60_000),
    Case("PDF: page that unpacks to 60 MB", "cv.pdf", pdfs.bomb, Reason.BOMB),
    Case("PDF: page packed twice", "cv.pdf", make(pdfs.bomb, times=2), Reason.BOMB),
    pdf_case("page packed by LZW, and far", Reason.TOO_COMPLEX, contents=stream(bytes(50_000), b"/Filter /LZWDecode")),
    pdf_case("page packed by LZW within another", Reason.TOO_COMPLEX, contents=stream(b"", b"/Filter [/Fl /LZW]")),
    Case("PDF: object stream that unpacks to 40 MB", "cv.pdf", pdfs.bundle_bomb, Reason.BOMB),
    pdf_case("picture of 3 600 megapixels", Reason.TOO_MANY_PIXELS, objects=[stream(b"", HUGE)]),
)
