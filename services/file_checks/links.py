"""Addresses inside documents: those a person presses, and those a program fetches by itself."""

import re

SCHEMES = frozenset({"http", "https", "mailto", "tel", "sms"})
_SCHEME = re.compile(r"([a-z][a-z0-9+-]*):", re.IGNORECASE)
_LOCAL_TEMPLATE = re.compile(r"(?:file:///)?[a-z]:[/\\][^/\\]", re.IGNORECASE)
_INVISIBLE = re.compile(r"[\x00-\x20]+")


def is_plain_link(target: str) -> bool:
    """Whether pressing it opens a web page, a mail or a call, or a place beside the document; never another machine's
    file share, a script or a program."""
    address = _INVISIBLE.sub("", target)
    scheme = _SCHEME.match(address)
    if scheme:
        return scheme[1].lower() in SCHEMES
    return not _leads_to_machine(address)


def is_inside(target: str) -> bool:
    """Whether it names a part of the same document, or is a picture itself."""
    address = _INVISIBLE.sub("", target)
    return address.startswith("data:image/") or not (
        _SCHEME.match(address)
        or _leads_to_machine(address)
        or address.startswith(("/", "\\"))
        or ".." in re.split(r"[/\\]", address)
    )


def is_part(target: str) -> bool:
    """Whether it names a part of the same package, from its root or from another part."""
    address = _INVISIBLE.sub("", target)
    return not (_SCHEME.match(address) or _leads_to_machine(address))


def is_own_template(target: str) -> bool:
    """Whether it is the place on the writer's own disk of the template a document was made from.

    Word and LibreOffice note it in every document made from a template that is not the standard one, CVs most of all.
    Nothing is fetched across a network.
    """
    address = _INVISIBLE.sub("", target)
    return bool(_LOCAL_TEMPLATE.match(address)) or is_part(address)


def _leads_to_machine(address: str) -> bool:
    return address.replace("\\", "/").startswith("//")
