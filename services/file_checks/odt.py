"""ODT: text and pictures as LibreOffice writes them, and nothing that runs, fetches or hides (security.md C55)."""

from collections.abc import Mapping

from services.file_checks import archives, markup, parts
from services.file_checks.links import is_inside, is_own_template, is_plain_link
from services.file_checks.markup import local
from services.file_checks.verdicts import MEDIA_TYPES, FileType, RefusalReason, Refused

MIME_TYPE = MEDIA_TYPES[FileType.ODT]
MANIFEST = "META-INF/manifest.xml"
LAYOUT_CACHE = "layout-cache"
"""LibreOffice's own notes on where pages break; numbers only."""

_ELEMENTS: Mapping[str, RefusalReason] = {
    "encryption-data": RefusalReason.PASSWORD,
    "library-embedded": RefusalReason.MACROS,
    "library-linked": RefusalReason.MACROS,
    "module": RefusalReason.MACROS,
    "event-listener": RefusalReason.MACROS,
    "execute-macro": RefusalReason.MACROS,
    "object": RefusalReason.EMBEDDED,
    "object-ole": RefusalReason.EMBEDDED,
    "plugin": RefusalReason.EMBEDDED,
    "applet": RefusalReason.EMBEDDED,
    "floating-frame": RefusalReason.EMBEDDED,
    "dde-source": RefusalReason.LIVE_FIELDS,
    "dde-connection": RefusalReason.LIVE_FIELDS,
    "dde-connection-decl": RefusalReason.LIVE_FIELDS,
    "connection-resource": RefusalReason.LIVE_FIELDS,
    "submission": RefusalReason.ACTION,
}
_SCRIPTS: Mapping[str, RefusalReason] = {
    "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}script": RefusalReason.SCRIPT,
    "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}script": RefusalReason.MACROS,
    markup.SVG_SCRIPT: RefusalReason.SCRIPT,
}
_SCRIPT_ADDRESSES = ("vnd.sun.star.script:", "vnd.sun.star.expand:", "macro:", "service:", "javascript:")
_MACRO_FOLDERS = ("basic/", "scripts/", "dialogs/")


def check(data: bytes) -> None:
    """Raises Refused."""
    contents = archives.unpack(data)
    if next(iter(contents), "") != "mimetype" or contents.pop("mimetype") != MIME_TYPE.encode():
        raise Refused(RefusalReason.MISNAMED)
    if MANIFEST not in contents or "content.xml" not in contents:
        raise Refused(RefusalReason.DAMAGED)
    markup.check_amount(content for name, content in contents.items() if parts.is_xml(name))
    markup.walk(contents.pop(MANIFEST), _Manifest())
    for name, content in contents.items():
        if name.lower().startswith(_MACRO_FOLDERS):
            raise Refused(RefusalReason.MACROS)
        if parts.is_xml(name):
            if content:  # LibreOffice leaves empty files for settings that are as they were
                markup.walk(content, _Text())
        elif content and (name != LAYOUT_CACHE or content.startswith(parts.FOREIGN)):
            parts.check_binary(name, content)


class _Manifest(markup.Onlooker):
    """The document says of itself what its first entry says, and nothing in it has a password."""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if local(tag) == "encryption-data":
            raise Refused(RefusalReason.PASSWORD)
        named = {local(key): value for key, value in attributes.items()}
        if named.get("full-path") == "/" and named.get("media-type") != MIME_TYPE:
            raise Refused(RefusalReason.MISNAMED)


class _Text(markup.Onlooker):
    """Reads a part for elements and addresses that are refused."""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = local(tag)
        if reason := _ELEMENTS.get(name) or _SCRIPTS.get(tag):
            raise Refused(reason)
        for key, value in attributes.items():
            if local(key) == "href":
                _check_address(name, value)


def _check_address(element: str, address: str) -> None:
    if address.strip().lower().startswith(_SCRIPT_ADDRESSES):
        raise Refused(RefusalReason.MACROS)
    if element == "a":
        if not is_plain_link(address):
            raise Refused(RefusalReason.LINK)
    elif not (is_own_template(address) if element == "template" else is_inside(address)):
        raise Refused(RefusalReason.EXTERNAL)
