"""A cleaned picture is the same picture, and tells nothing of who took it and where (C53)."""

import io
from collections.abc import Callable

import pytest
from PIL import Image, ImageChops

from services.file_checks import images
from services.file_checks.verdicts import FileType
from tests.files import packages, pictures

SECRETS = (
    b"Telefon 9",
    b"Exif\0\0II*\0\x08\0\0\0\x03",
    b"Hjemme",
    b"Kari",
    "Gáranasvuotna".encode(),
    b"GPS",
    b"PK\x05\x06",
)


@pytest.mark.parametrize(
    ("make", "file_type"),
    [
        (pictures.telephone_jpeg, FileType.JPEG),
        (pictures.double_jpeg, FileType.JPEG),
        (lambda: pictures.jpeg(mode="CMYK"), FileType.JPEG),
        (lambda: pictures.jpeg(mode="L", progressive=True, icc_profile=b"Kari" * 9), FileType.JPEG),
        (lambda: pictures.jpeg() + packages.docx(), FileType.JPEG),
        (pictures.told_png, FileType.PNG),
        (lambda: pictures.png(mode="P"), FileType.PNG),
        (lambda: pictures.png(mode="LA"), FileType.PNG),
        (lambda: pictures.png(mode="I;16"), FileType.PNG),
        (lambda: pictures.png(mode="1"), FileType.PNG),
    ],
)
def test_a_cleaned_picture_is_the_picture_alone(make: Callable[[], bytes], file_type: FileType):
    data = make()
    clean = images.cleaned(data, file_type)
    before, after = Image.open(io.BytesIO(data)), Image.open(io.BytesIO(clean))
    assert (before.size, before.mode) == (after.size, after.mode)
    difference = ImageChops.difference(before.convert("RGB"), after.convert("RGB"))
    assert max(high for _, high in difference.getextrema()) <= (8 if file_type is FileType.JPEG else 0)
    assert [secret for secret in SECRETS if secret in clean] == []
    images.check(clean, file_type)


def test_a_cleaned_picture_still_stands_upright():
    clean = Image.open(io.BytesIO(images.cleaned(pictures.telephone_jpeg(), FileType.JPEG)))
    assert dict(clean.getexif()) == {pictures.ORIENTATION: 6}
    assert not clean.getexif().get_ifd(pictures.GPS)
