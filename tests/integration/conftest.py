"""Signing in as a person does: through our pages and ID-porten's stand-in."""

from collections.abc import Callable
from urllib.parse import urlsplit

import httpx
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from stubs.testing import Stubs


@pytest.fixture
def provider_answer(stubs: Stubs) -> Callable[..., str]:
    """provider_answer(url, key): be the browser at ID-porten; returns the address it is sent back to."""

    def go(url: str, key: str, acr: str | None = None) -> str:
        back = urlsplit(httpx.get(stubs.sign_in_as(url, key, acr)).headers["Location"])
        return f"{back.path}?{back.query}"

    return go


@pytest.fixture
def log_in(submit: Callable[..., TestResponse], provider_answer: Callable[..., str]) -> Callable[..., TestResponse]:
    """log_in(client, "stranger", next="/soknad"): press the button, sign in at ID-porten, come back."""

    def go(client: FlaskClient, key: str, next: str = "", fresh: bool = False, acr: str | None = None) -> TestResponse:
        query = {"next": next} | ({"ny": "1"} if fresh else {})
        page = f"/logg-inn?{httpx.QueryParams(query)}"
        started = submit(client, page)
        assert started.status_code == 303, started.text
        return client.get(provider_answer(started.headers["Location"], key, acr))

    return go
