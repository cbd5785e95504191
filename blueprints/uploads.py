"""Taking in a form with a file: who sends it is known first, slow senders are cut off, and no plain bytes get a name
(security.md C51, C59)."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Timer
from typing import Any, cast

from flask import Request
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import ClientDisconnected

from extensions.agencies import settings
from extensions.database import db
from services import attachments
from services.access import Actor
from services.errors import TooMany
from services.uploads import Upload

LARGEST_REQUEST = 64 * 1024 * 1024
"""Bytes that are read on, and thrown away, beyond the largest file: a browser hears no answer while it still sends."""
AT_ONCE = 4
"""Files that one process takes in at a time: half of its threads (gunicorn.conf.py), so that slow senders never hold
all of them and others' pages come as fast as before."""

_places = BoundedSemaphore(AT_ONCE)


class FormRequest(Request):
    """A request whose files are written nowhere but to an Upload."""

    def _get_file_stream(self, *_about: Any, **_more: Any) -> Any:
        return Upload()


def is_taken_in(request: Request) -> bool:
    """Whether the form has been read already; a refused one is not."""
    return "form" in vars(request)


def take_in(actor: Actor, request: Request) -> None:
    """Read the form and its file. Raises TooMany; ClientDisconnected (400) when the sender is too slow or gone."""
    db.finish(keep=True)  # when the session was last used; no row stays locked while a slow sender sends
    attachments.take_place(actor)
    if not _places.acquire(blocking=False):
        raise TooMany(_("Mange laster opp filer akkurat nå. Vent litt og prøv igjen."))
    try:
        request.max_content_length = LARGEST_REQUEST
        with _bounded(request.environ.get("gunicorn.socket")):
            if not request.form:  # reads all of it; a body that was cut off is no form
                raise ClientDisconnected
    finally:
        _places.release()


@contextmanager
def _bounded(connection: socket.socket | None) -> Iterator[None]:
    """End the reading when the sender is silent for long, or sends for very long."""
    if connection is None:
        yield
        return
    limit = Timer(settings().upload_limit, connection.shutdown, [socket.SHUT_RD])
    limit.daemon = True
    connection.settimeout(settings().upload_silence)
    limit.start()
    try:
        yield
    finally:
        limit.cancel()
        connection.settimeout(None)


def hash_of(file: FileStorage) -> bytes:
    """The SHA-256 of a file that was taken in."""
    upload = cast(Upload, file.stream)
    return upload.sha256
