"""Honest documents made at run time, to be uploaded."""

import io
import os
import zipfile

import pikepdf


def pdf(*, size: int | None = None, holding: bytes | None = None) -> bytes:
    """A page of PDF, never the same twice. `size` makes it exactly so many bytes; `holding` are bytes that stand in it
    as they are."""
    small = _pdf(os.urandom(64).hex().encode() + (holding or b""))
    if size is None:
        return small
    padding = size - len(small)
    for _ in range(5):
        made = _pdf(os.urandom(64).hex().encode() + (holding or b""), os.urandom(padding))
        if len(made) == size:
            return made
        padding += size - len(made)
    raise AssertionError(f"no PDF of {size} bytes")


def _pdf(text: bytes, picture: bytes = b"") -> bytes:
    document = pikepdf.new()
    page = document.add_blank_page(page_size=(595, 842))
    page.Contents = document.make_stream(b"% " + text + b"\nBT ET")
    if picture:
        image = document.make_stream(picture)
        image.Type, image.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
        image.Width, image.Height, image.BitsPerComponent = len(picture), 1, 8
        image.ColorSpace = pikepdf.Name.DeviceGray
        page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Picture=image))
    made = io.BytesIO()
    document.save(made, compress_streams=False)
    return made.getvalue()


def docx(text: str = "Sykepleier", **more: bytes) -> bytes:
    """The least Word takes for a document; further parts by path, with slashes for double underscores."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "[Content_Types].xml",
            '<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/'
            'content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.'
            'relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName='
            '"/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.'
            'document.main+xml"/></Types>',
        )
        archive.writestr(
            "_rels/.rels",
            '<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/'
            '2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
            'relationships/officeDocument" Target="word/document.xml"/></Relationships>',
        )
        archive.writestr(
            "word/document.xml",
            '<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="http://schemas.openxmlformats.org/'
            f'wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body></w:document>',
        )
        for name, content in more.items():
            archive.writestr(name.replace("__", "/"), content)
    return made.getvalue()


def zipped(content: bytes) -> bytes:
    """A ZIP with one file in it."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("cv.txt", content)
    return made.getvalue()
