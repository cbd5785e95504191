"""Files with the verdict each must get: honest ones that must pass, hostile ones with the reason they must not.

All are made at run time (security.md C50–C57, B8–B11).
"""

import base64

from services.file_checks.verdicts import MAX_BYTES
from services.file_checks.verdicts import RefusalReason as Reason
from tests.files import packages, pdfs, pictures
from tests.files.cases import EICAR, Case, document, make
from tests.files.honest import HONEST
from tests.files.hostile_packages import HOSTILE_DOCX, HOSTILE_ODT
from tests.files.hostile_pdfs import HOSTILE_PDF
from tests.files.packages import docx
from tests.files.pdfs import made

PIXELS = Reason.TOO_MANY_PIXELS
HOSTILE_PICTURES = (
    document("JPG: cut off", "a.jpg", lambda: pictures.jpeg(600, 400)[:-900], Reason.DAMAGED),
    document("PNG: cut off", "a.png", lambda: pictures.png(600, 400)[:-200], Reason.DAMAGED),
    document("PNG: wrong checksum", "a.png", lambda: pictures.png().replace(b"IDATx", b"IDATy"), Reason.DAMAGED),
    document("PNG: 900 megapixels", "a.png", pictures.flood_png, PIXELS),
    document("PNG: one line of pixels too many", "a.png", make(pictures.flood_png, 8000, 5001), PIXELS),
    document("PNG: text that unpacks to 100 MB", "a.png", pictures.text_bomb_png, Reason.DAMAGED),
    document("JPG: 3 600 megapixels", "a.jpg", pictures.flood_jpeg, PIXELS),
    document("JPG: hundreds of passes", "a.jpg", pictures.scanned_jpeg, Reason.TOO_COMPLEX),
    document("JPG: end of a ZIP of many disks behind its end", "a.jpg", pictures.split_archive, Reason.MIXED),
    document("JPG: ZIP behind its end", "a.jpg", lambda: pictures.jpeg() + docx(), Reason.MIXED),
    document(
        "PNG: PDF within",
        "a.png",
        lambda: pictures.png()[:33] + pictures.chunk(b"tEXt", made()) + pictures.png()[33:],
        Reason.MIXED,
    ),
    document("JPG: HEIC under another name", "a.jpg", pictures.heic, Reason.MISNAMED),
    document("JPG: PNG under another name", "a.jpg", pictures.png, Reason.MISNAMED),
    document("PNG: SVG under another name", "a.png", lambda: pictures.SVG, Reason.MISNAMED),
    document("JPG: web page under another name", "a.jpg", lambda: pictures.HTML, Reason.MISNAMED),
    document("HEIC", "a.heic", pictures.heic, Reason.WRONG_TYPE),
    document("SVG", "a.svg", lambda: pictures.SVG, Reason.WRONG_TYPE),
    Case("JPG as a CV", "cv.jpg", pictures.jpeg, Reason.WRONG_TYPE),
)

HOSTILE_OTHERS = (
    Case("empty", "cv.pdf", lambda: b"", Reason.EMPTY),
    Case("one byte too many", "cv.pdf", make(pdfs.of_size, MAX_BYTES + 1), Reason.TOO_BIG),
    Case("30 MB", "cv.docx", lambda: bytes(30_000_000), Reason.TOO_BIG),
    Case("program", "cv.exe", lambda: b"MZ" + bytes(500), Reason.WRONG_TYPE),
    Case("program called PDF", "cv.pdf", lambda: b"MZ" + bytes(500), Reason.MISNAMED),
    Case("web page", "cv.html", lambda: pictures.HTML, Reason.WRONG_TYPE),
    Case("web page called PDF", "cv.pdf", lambda: pictures.HTML, Reason.MISNAMED),
    Case("DOCM", "cv.docm", docx, Reason.WRONG_TYPE),
    Case("PDF called DOCX", "cv.docx", made, Reason.MISNAMED),
    Case("DOCX called PDF", "cv.pdf", docx, Reason.MISNAMED),
    Case("test virus", "eicar.com", lambda: EICAR, Reason.WRONG_TYPE),
    Case("test virus called PDF", "eicar.pdf", lambda: EICAR, Reason.MISNAMED),
    Case("test virus as text", "cv.pdf", lambda: base64.b64encode(EICAR), Reason.MISNAMED),
    Case("extension hidden by a turn of direction", "cv\u202efdp.exe", made, Reason.WRONG_TYPE),
    Case("no extension", "cv", made, Reason.WRONG_TYPE),
    Case("plain ZIP", "cv.zip", lambda: packages.zipped({"a": b"a"}), Reason.WRONG_TYPE),
)

HOSTILE = (*HOSTILE_PDF, *HOSTILE_DOCX, *HOSTILE_ODT, *HOSTILE_PICTURES, *HOSTILE_OTHERS)

__all__ = ["HONEST", "HOSTILE"]
