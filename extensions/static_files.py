"""Static files by content: `static_url("css/app.css")` is an address that changes when the file does.

Every file under static/ is read once at start, named by its hash, compressed, and answered by a small WSGI layer in
front of Flask: no session, no language prefix, no view. Addresses with a hash may be kept for ever by any cache; the
plain name answers too, for pages that must not depend on us (the proxy's own 503), but is asked for anew each time.
"""

import gzip
import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

FOLDER = Path(__file__).resolve().parent.parent / "static"
PREFIX = "/static/"
HASH_LENGTH = 12
CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".html": "text/html; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".png": "image/png",
    ".woff2": "font/woff2",
}
ALREADY_SMALL = {".woff2", ".png"}
_IMPORT = re.compile(r'@import "([^"]+)";\n?')
_URL = re.compile(r"url\(\"?((?!data:)[^)\"#]+)\"?\)")


@dataclass(frozen=True)
class StaticFile:
    """One file, ready to be sent."""

    content: bytes
    packed: bytes | None
    content_type: str
    etag: str


class StaticFiles:
    """All files of one folder, by plain name and by name with hash. Raises KeyError for names that do not exist."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        self._files: dict[str, StaticFile] = {}
        self._addresses: dict[str, str] = {}
        names = sorted(
            (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()),
            key=lambda name: (name.endswith(".css"), name),  # stylesheets last: they name the others by their hashes
        )
        for name in names:
            content = (folder / name).read_bytes()
            if name.endswith(".css"):
                content = self._stylesheet(name).encode()
            self._add(name, content)

    def url(self, name: str) -> str:
        """The address of a file: '/static/css/app.0123456789ab.css'."""
        return self._addresses[name]

    def find(self, path: str) -> tuple[StaticFile, bool] | None:
        """The file at a path below /static/, and whether the path carries its hash; None when there is none."""
        file = self._files.get(path)
        return None if file is None else (file, path not in self._addresses)

    def _add(self, name: str, content: bytes) -> None:
        suffix = Path(name).suffix
        digest = hashlib.sha256(content).hexdigest()[:HASH_LENGTH]
        hashed = f"{name.removesuffix(suffix)}.{digest}{suffix}"
        content_type = CONTENT_TYPES.get(suffix, "application/octet-stream")
        # mtime=0: the same bytes on every host, whenever it was started.
        packed = gzip.compress(content, 9, mtime=0) if suffix not in ALREADY_SMALL else None
        self._files[name] = self._files[hashed] = StaticFile(content, packed, content_type, f'"{digest}"')
        self._addresses[name] = PREFIX + hashed

    def _stylesheet(self, name: str) -> str:
        """A stylesheet with its local imports put in place and its url()s pointing at hashed addresses."""
        here = Path(name).parent
        text = (self._folder / name).read_text(encoding="utf-8")
        text = _URL.sub(lambda match: f'url("{self.url(_join(here, match[1]))}")', text)
        return _IMPORT.sub(lambda match: self._stylesheet(_join(here, match[1])) + "\n", text)


def _join(folder: Path, relative: str) -> str:
    parts: list[str] = []
    for part in (folder / relative).parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def layer(files: StaticFiles, application: "WSGIApplication") -> "WSGIApplication":
    """Answer /static/ before Flask sees the request; everything else passes through."""

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = str(environ.get("PATH_INFO", ""))
        if not path.startswith(PREFIX):
            return application(environ, start_response)
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return _plain(start_response, "405 Method Not Allowed", [("Allow", "GET, HEAD")])
        found = files.find(path.removeprefix(PREFIX))
        if found is None:
            return _plain(start_response, "404 Not Found", [])
        file, by_hash = found
        headers = [
            ("ETag", file.etag),
            ("Cache-Control", "public, max-age=31536000, immutable" if by_hash else "no-cache"),
            ("X-Content-Type-Options", "nosniff"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
        ]
        if file.packed is not None:
            headers.append(("Vary", "Accept-Encoding"))
        if file.etag in str(environ.get("HTTP_IF_NONE_MATCH", "")):
            start_response("304 Not Modified", headers)
            return []
        body = file.content
        if file.packed is not None and "gzip" in str(environ.get("HTTP_ACCEPT_ENCODING", "")):
            body = file.packed
            headers.append(("Content-Encoding", "gzip"))
        start_response("200 OK", [*headers, ("Content-Type", file.content_type), ("Content-Length", str(len(body)))])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    return answer


def _plain(start_response: "StartResponse", status: str, headers: list[tuple[str, str]]) -> list[bytes]:
    body = status.encode()
    start_response(
        status, [*headers, ("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
    )
    return [body]


def init_app(app: Flask) -> None:
    """Give templates `static_url()` and put the static layer in front of the application."""
    files = StaticFiles()
    url: Callable[[str], str] = files.url
    app.jinja_env.globals["static_url"] = url
    app.wsgi_app = layer(files, app.wsgi_app)  # type: ignore[method-assign, assignment]
