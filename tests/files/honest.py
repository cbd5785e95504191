"""Files that must pass."""

from services.file_checks.verdicts import MAX_BYTES, FileType
from tests.files import packages, pdfs, pictures
from tests.files.cases import Case, document, make
from tests.files.packages import docx, odt
from tests.files.pdfs import made, stream

LINKS = (
    b"/Annots [<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /F 4 /A << /S /URI /URI (https://www.nrk.no/) >> >> "
    b"<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A << /S /URI /URI (mailto:kari@example.no) >> >> "
    b"<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A << /S /GoTo /D [3 0 R /Fit] >> >> "
    b"<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A << /S /URI /URI (www.linkedin.com/in/kari) >> >>]"
)
FORM = b"/AcroForm << /Fields [6 0 R] /NeedAppearances true /DA (/Helv 0 Tf) >>"
FIELD = b"<< /FT /Tx /T (Navn) /V (Kari) /Type /Annot /Subtype /Widget /Rect [0 0 90 20] /P 3 0 R /F 4 >>"
SIGNATURE = (
    b"<< /FT /Sig /T (Signatur) /Subtype /Widget /Rect [0 0 0 0] /F 132 /V << /Type /Sig /Filter /Adobe.PPKLite "
    b"/SubFilter /ETSI.CAdES.detached /ByteRange [0 10 20 30] /Contents <" + b"0" * 400 + b"> >> >>"
)
TEXT_ABOUT_SCRIPTS = (
    b"/Names << /JavaScript << /Names [] >> /EmbeddedFiles << /Names [] >> >> "
    b"/PieceInfo << /About (HTML/JavaScript /JS /Launch /EmbeddedFile) >>"
)
MANY_PAGES = "#set document(title: [Mappe])\n" + "#pagebreak()\n".join("Side" for _ in range(300))
ACCESSIBLE = '#set document(title: [CV])\n#set text(lang: "se")\n= Áŋŋe Čeđŧá\n#link("https://helsenorge.no")[lenke]'

HONEST = (
    Case("PDF 1.4 with a classic table", "cv.pdf", make(made, version=b"1.4"), FileType.PDF),
    Case(
        "PDF 1.7, tagged and accessible", "CV Áŋŋe.pdf", make(pdfs.typeset, ACCESSIBLE, accessible=True), FileType.PDF
    ),
    Case("PDF 2.0", "cv.pdf", lambda: pdfs.resaved(made(), force_version="2.0"), FileType.PDF),
    Case("PDF, linearized", "CV.PDF", lambda: pdfs.resaved(made(page=LINKS), linearize=True), FileType.PDF),
    Case("PDF with object streams", "sjukepleiar.pdf", lambda: pdfs.bundled(made(page=LINKS)), FileType.PDF),
    Case("PDF with links", "cv.pdf", make(made, page=LINKS), FileType.PDF),
    Case(
        "PDF with a form",
        "skjema.pdf",
        make(made, catalog=FORM, page=b"/Annots [6 0 R]", objects=[FIELD]),
        FileType.PDF,
    ),
    Case("PDF that is signed", "vitnemål.pdf", make(made, catalog=FORM, objects=[SIGNATURE]), FileType.PDF),
    Case("PDF of many pages", "mappe.pdf", make(pdfs.typeset, MANY_PAGES), FileType.PDF),
    Case("PDF that opens on its first page", "cv.pdf", make(made, catalog=b"/OpenAction [3 0 R /Fit]"), FileType.PDF),
    Case(
        "PDF that opens on a place",
        "cv.pdf",
        make(made, catalog=b"/OpenAction << /S /GoTo /D [3 0 R /Fit] >>"),
        FileType.PDF,
    ),
    Case("PDF about scripts, with empty lists of them", "cv.pdf", make(made, catalog=TEXT_ABOUT_SCRIPTS), FileType.PDF),
    Case("PDF that was changed and saved", "cv.pdf", lambda: pdfs.updated(made(), {4: stream(b"BT ET")}), FileType.PDF),
    Case("PDF with CRLF at its end", "cv.pdf", make(made, newline=b"\r\n\r\n"), FileType.PDF),
    Case(
        "PDF with a scanned page",
        "attest.pdf",
        make(made, objects=[stream(pictures.jpeg(), b"/Subtype /Image /Width 60 /Height 40 /Filter /DCTDecode")]),
        FileType.PDF,
    ),
    Case("PDF packed as in the nineties", "vitnemål 1996.pdf", pdfs.old, FileType.PDF),
    Case("PDF of exactly 10 MB", "stor.pdf", make(pdfs.of_size, MAX_BYTES), FileType.PDF),
    Case("DOCX as Word writes it", "CV Čeđŧá Šŋ.docx", packages.word_docx, FileType.DOCX),
    Case("DOCX as LibreOffice writes it", "cv.docx", packages.libreoffice_docx, FileType.DOCX),
    Case("DOCX in ISO's strict form", "cv.DOCX", packages.strict_docx, FileType.DOCX),
    Case("DOCX of the smallest kind", "søknad.docx", docx, FileType.DOCX),
    Case(
        "DOCX in UTF-16",
        "cv.docx",
        lambda: docx(word__styles_dot_xml='<?xml version="1.0" encoding="UTF-16"?><a>Æ</a>'.encode("utf-16")),
        FileType.DOCX,
    ),
    Case("ODT as LibreOffice writes it", "Livsløp på øya.odt", packages.libreoffice_odt, FileType.ODT),
    Case("ODT of the smallest kind", "cv.odt", odt, FileType.ODT),
    document("JPG from a telephone", "bilde.jpeg", pictures.telephone_jpeg, FileType.JPEG),
    document("JPG, progressive", "bilde.jpg", make(pictures.jpeg, progressive=True), FileType.JPEG),
    document("JPG for print", "bilde.JPG", make(pictures.jpeg, mode="CMYK"), FileType.JPEG),
    document("JPG of two pictures", "bilde.jpg", pictures.double_jpeg, FileType.JPEG),
    document("JPG of 40 megapixels", "bilde.jpg", make(pictures.jpeg, 8000, 5000, mode="L"), FileType.JPEG),
    document("PNG with texts", "attest.png", pictures.told_png, FileType.PNG),
    document("PNG with a palette", "attest.png", make(pictures.png, mode="P"), FileType.PNG),
    document("PNG with transparency", "attest.png", make(pictures.png, mode="RGBA"), FileType.PNG),
    document("PDF among the documents", "kursbevis.pdf", made, FileType.PDF),
)
