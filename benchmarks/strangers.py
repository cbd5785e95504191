"""`python -m benchmarks.strangers`: whether the time of an answer tells what is there (security.md C13, C28).

What another organisation has is asked for beside ids of nothing, by turns, over the real web process. Only the ratio of
the medians means anything, and only far from 1: the statements are the same, which tests/rules/test_idor.py asserts.
"""

import logging
import socket
import statistics
import sys
import tempfile
from itertools import product
from pathlib import Path
from time import perf_counter
from uuid import uuid4

from app import create_app
from benchmarks import load
from benchmarks.__main__ import request, sign_in
from config import Settings
from dev.environment import make_keys
from extensions.database import db
from models.enums import Role
from services import reference_data
from tests.builders import Builders
from tests.conftest import migrate
from tests.rules import test_idor as sweep
from tests.site import Site, running_site

CALLS = 200
MOST = 1.25
"""A ratio beyond which something but the machine's noise must be looked for."""


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_keys(folder / "keys")
        with running_site(folder, migrate, folder / "keys", WEB_MAX_REQUESTS="0") as site:
            site.relay.stop()
            site.worker.stop()
            app = create_app(Settings.from_environment(site.environment))
            logging.disable()
            with app.app_context():
                reference_data.load()
                db.session.commit()
            make = Builders(app)
            ids = {name: str(id_) for name, id_ in sweep.belongings(app, make, make.user()).items()}
            world = sweep.World({}, ids, str(make.professional().id))
            stranger = make.user(organisation=make.organisation("940101808", "Tromsø kommune"))
            cookie = sign_in(app, stranger.person, Role.ORGANISATION_USER, stranger.organisation_id)  # type: ignore[attr-defined]
            print("| Address | there, ms | nothing, ms | ratio |\n|---|---|---|---|")
            worst = 1.0
            for method, rule in sweep.swept(app, world):
                if method == "GET" and sweep.is_open(app, rule, "another organisation's reader"):
                    there, _nothing = next(sweep.pairs(rule, world))
                    path = sweep.address(app, rule, there)
                    nothing = [
                        sweep.address(app, rule, {name: str(uuid4()) for name in rule.arguments}) for _ in range(CALLS)
                    ]
                    medians = measure(site, cookie, path, nothing)
                    worst = max(worst, medians[0] / medians[1], medians[1] / medians[0])
                    print(f"| {rule.rule} | {medians[0]:.2f} | {medians[1]:.2f} | {medians[0] / medians[1]:.2f} |")
    print(f"\nThe furthest from 1: {worst:.2f} (goal: at most {MOST})")
    return int(worst > MOST)


def measure(site: Site, cookie: str, path: str, nothing: list[str]) -> tuple[float, float]:
    """The medians in milliseconds of what is there and of what is not, asked for by turns on one connection."""
    times: dict[bool, list[float]] = {True: [], False: []}
    with socket.create_connection(("127.0.0.1", int(site.url.rsplit(":", 1)[1]))) as connection:
        for one, is_there in product(nothing, (True, False)):
            asked = request(site, "GET", path if is_there else one, cookie)
            began = perf_counter()
            connection.sendall(asked)
            status, _body = load.receive(connection)
            times[is_there].append(1000 * (perf_counter() - began))
            assert status == 404
    return statistics.median(times[True]), statistics.median(times[False])


if __name__ == "__main__":
    sys.exit(main())
