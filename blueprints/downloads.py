"""Files on their way to a person: a download that can do nothing on our pages (security.md C58)."""

from collections.abc import Iterable

from flask import Response

from services.file_checks.names import download_header


def attachment(content: bytes | Iterable[bytes], name: str, media_type: str, size: int | None = None) -> Response:
    """An answer that the browser saves under `name`, and never runs or shows as a page of ours; `size` for what comes
    piece by piece."""
    response = Response(content, mimetype=media_type)
    if size is not None:
        response.content_length = size
    response.headers["Content-Disposition"] = download_header(name)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
