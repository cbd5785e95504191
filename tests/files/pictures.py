"""Pictures, whole and otherwise."""

import io
import struct
import zlib

from PIL import Image
from PIL.PngImagePlugin import PngInfo

GPS, PLACE = 0x8825, {1: "N", 2: (59.0, 54.0, 40.0), 3: "E", 4: (10.0, 45.0, 8.0)}
ORIENTATION, CAMERA = 0x0112, 0x0110


def image(width: int = 60, height: int = 40, mode: str = "RGB") -> Image.Image:
    return Image.linear_gradient("L").resize((width, height)).convert(mode)


def jpeg(width: int = 60, height: int = 40, mode: str = "RGB", **how: object) -> bytes:
    file = io.BytesIO()
    image(width, height, mode).save(file, "JPEG", **how)
    return file.getvalue()


def png(width: int = 60, height: int = 40, mode: str = "RGB", **how: object) -> bytes:
    file = io.BytesIO()
    image(width, height, mode).save(file, "PNG", **how)
    return file.getvalue()


def telephone_jpeg() -> bytes:
    """As a telephone takes it: the place, the camera, which way is up, a comment."""
    exif = Image.Exif()
    exif[ORIENTATION], exif[CAMERA] = 6, "Telefon 9"
    exif.get_ifd(GPS).update(PLACE)
    return jpeg(exif=exif, comment=b"Hjemme hos Kari")


def double_jpeg() -> bytes:
    """Two pictures in one file (MPO), which many telephones call a JPEG."""
    file = io.BytesIO()
    image().save(file, "MPO", save_all=True, append_images=[image(30, 20)])
    return file.getvalue()


def told_png() -> bytes:
    """With texts about who and where."""
    info = PngInfo()
    info.add_text("Author", "Kari Nordmann")
    info.add_itxt("Place", "Gáranasvuotna", zip=True)
    return png(pnginfo=info)


def flood_png(width: int = 30_000, height: int = 30_000) -> bytes:
    """A tiny file that says it is an enormous picture."""
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">LLBBBBB", width, height, 1, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(bytes(height)))
        + chunk(b"IEND", b"")
    )


def text_bomb_png() -> bytes:
    """A picture with a text that unpacks to a hundred megabytes."""
    whole = png()
    bomb = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(100_000_000), 9))
    return whole[:33] + bomb + whole[33:]


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">L", len(content)) + kind + content + struct.pack(">L", zlib.crc32(kind + content))


def flood_jpeg() -> bytes:
    """A small JPEG whose header says 60 000 by 60 000."""
    data = bytearray(jpeg())
    frame = data.index(b"\xff\xc0")
    struct.pack_into(">HH", data, frame + 5, 60_000, 60_000)
    return bytes(data)


def scanned_jpeg(scans: int = 500) -> bytes:
    """A progressive picture with one pass repeated over and over: work out of nothing."""
    data = jpeg(progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * scans + data[-2:]


def split_archive() -> bytes:
    """A picture with what looks like the end of an archive on many disks."""
    return jpeg() + b"PK\x05\x06" + b"\x07\0" * 9


def heic() -> bytes:
    return b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200)


SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!DOCTYPE html><html><script>alert(1)</script></html>"
