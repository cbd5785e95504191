"""`python -m stubs`: every stand-in in one process, on ports from STUBS_PORT_BASE upwards, until SIGTERM.

Reads BASE_URL (of the application), STUBS_CLIENT_KEYS (folder with the clients' keys, which may come later),
STUBS_MAIL_FOLDER (default: `mail` beside that folder) and, when the application is told other names for the issuers
than 127.0.0.1, IDPORTEN_ISSUER, MASKINPORTEN_ISSUER and HELSEID_ISSUER. The same names with CLIENT_ID name the clients.
"""

import os
import signal
import threading
from pathlib import Path

from stubs.testing import CLIENT_ID, PORTS, Stubs


def main() -> None:
    """Serve until told to stop."""
    environ = os.environ
    base = int(environ.get("STUBS_PORT_BASE", "8100"))
    keys = Path(environ.get("STUBS_CLIENT_KEYS", "var/keys"))
    stubs = Stubs(
        keys,
        Path(environ.get("STUBS_MAIL_FOLDER") or keys.parent / "mail"),
        environ.get("IDPORTEN_CLIENT_ID", CLIENT_ID),
        environ.get("MASKINPORTEN_CLIENT_ID", CLIENT_ID),
        environ.get("HELSEID_CLIENT_ID", CLIENT_ID),
    )
    stubs.register(environ.get("BASE_URL", "http://localhost:8000").rstrip("/"))
    named = ("idporten", "maskinporten", "helseid")
    issuers = {name: environ.get(f"{name.upper()}_ISSUER", "").rstrip("/") for name in named}
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    stubs.serve([base + offset for offset in range(len(PORTS))], {name: url for name, url in issuers.items() if url})
    stop.wait()
    stubs.stop()


main()
