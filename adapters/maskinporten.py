"""Maskinporten: machine tokens from a signed grant (integrations.md 3)."""

import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from adapters.errors import Unavailable
from adapters.http import client
from adapters.jose import Signer

SYSTEM = "maskinporten"
METADATA_SECONDS = 24 * 3600
EARLY_SECONDS = 30
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"

log = logging.getLogger(__name__)


class Maskinporten:
    """One client at one issuer. `issuer` ends with a slash, as Maskinporten's own does."""

    def __init__(
        self, issuer: str, client_id: str, private_key: Mapping[str, Any], clock: Callable[[], float] = time.time
    ) -> None:
        self.issuer = issuer
        self._signer = Signer(client_id, private_key)
        self._clock = clock
        self._http = client(issuer, system=SYSTEM)
        self._token_endpoint: tuple[float, str] | None = None
        self._tokens: dict[frozenset[str], tuple[float, str]] = {}

    def token(self, scopes: Sequence[str]) -> str:
        """A token holding all the scopes, from the cache until half a minute before it ends.

        A no from Maskinporten is about our registration and not about the person in front of the screen, so it too is
        `Unavailable`; its code and support id go to the log.
        """
        wanted = frozenset(scopes)
        ends, token = self._tokens.get(wanted, (0.0, ""))
        if self._clock() < ends:
            return token
        asked = self._clock()
        scope = " ".join(sorted(wanted))
        answer = self._http.call(
            "POST",
            self._endpoint(),
            form=lambda: {
                "grant_type": GRANT_TYPE,
                "assertion": self._signer.sign(self.issuer, self._clock(), scope=scope),
            },
            retry=True,
        )
        body = answer.json_object()
        if answer.status != 200:
            code, support = _explain(body)
            log.error("maskinporten: grant refused with %d %s (support id %s)", answer.status, code, support)
            raise Unavailable(SYSTEM, code)
        fresh, seconds = body.get("access_token"), body.get("expires_in")
        if not isinstance(fresh, str) or not fresh or not isinstance(seconds, int):
            raise Unavailable(SYSTEM, "no access_token")
        self._tokens[wanted] = (asked + seconds - EARLY_SECONDS, fresh)
        return fresh

    def now(self) -> float:
        """This client's clock, which those who cache what its tokens bought share."""
        return self._clock()

    def forget(self, scopes: Sequence[str]) -> None:
        """Drop the cached token: somebody downstream answered 401 to it."""
        self._tokens.pop(frozenset(scopes), None)

    def _endpoint(self) -> str:
        now = self._clock()
        if self._token_endpoint is None or now - self._token_endpoint[0] > METADATA_SECONDS:
            answer = self._http.call("GET", ".well-known/oauth-authorization-server", retry=True)
            document = answer.json_object() if answer.status == 200 else {}
            url = document.get("token_endpoint")
            if document.get("issuer") != self.issuer or not isinstance(url, str) or not url.startswith(self.issuer):
                raise Unavailable(SYSTEM, "metadata")
            self._token_endpoint = (now, url)
        return self._token_endpoint[1]


def _explain(body: Mapping[str, Any]) -> tuple[str, str]:
    """The MP code (or OAuth error) and the support id of an error answer, nothing else of its text."""
    description = str(body.get("error_description", ""))
    code = re.search(r"MP-[0-9]{3}", description)
    support = re.search(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{16,32}", description)
    error = re.sub("[^a-z_]", "", str(body.get("error", "")))[:40]
    return (code[0] if code else error or "refused", support[0] if support else "-")
