"""`python -m benchmarks.hpr_recheck`: a day of re-checks of 100 000 made-up people against the stand-in of HPR.

The day's clock is moved by hand, five minutes at a time as the schedule does; the asking, judging and storing are real,
each job in a transaction of its own. Tells the greatest age an answer reached, the rate, and memory along the way.
"""

import argparse
import logging
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from uuid import UUID

from flask import Flask
from sqlalchemy import func, select, update

from app import create_app
from commands import population
from config import Settings
from dev.environment import STUBS, local_settings, stub_port
from dev.postgres import Postgres, Role
from extensions import clock
from extensions.database import db
from models.listing import Listing
from models.outbox import OutboxEntry
from models.professional import HprAlarm, HprRecord
from services import hpr_recheck, reference_data
from services.outbox import Job
from services.settings import Key, value
from tests.conftest import migrate
from tests.site import listens, until

DAY = timedelta(days=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=100_000)
    people = parser.parse_args().people
    logging.disable()
    with tempfile.TemporaryDirectory() as name, Postgres(Path(name) / "postgres", durable=False) as postgres:
        postgres.create_database("bench")
        migrate(postgres, "bench")
        base = free_block(len(STUBS))
        url = postgres.url(Role.APP, "bench")
        environment = local_settings(
            Path(name),
            port=base - 1,
            stubs_port=base,
            database_url=url,
            database_owner_url=postgres.url(Role.OWNER, "bench"),
            redis_url="redis://localhost:1",
        )
        with stand_ins(environment, base):
            filling = get_context("spawn").Process(target=fill, args=(environment, people))
            filling.start()  # in a process of its own: the memory told of is the worker's
            filling.join()
            assert filling.exitcode == 0
            report(create_app(Settings.from_environment(environment)), people)


@contextmanager
def stand_ins(environment: dict[str, str], base: int) -> Iterator[None]:
    """The stand-ins in a process of their own."""
    process = subprocess.Popen([sys.executable, "-m", "stubs"], env=environment)
    try:
        until(lambda: listens(stub_port("hpr", base)), "the stand-ins")
        yield
    finally:
        process.terminate()
        process.wait()


def free_block(size: int) -> int:
    """The first of so many free ports in a row, below those the system gives out."""
    return next(base for base in range(20_000, 30_000, 100) if not any(map(listens, range(base, base + size))))


def fill(environment: dict[str, str], people: int) -> None:
    """People whom HPR confirmed at some time within the last day."""
    with create_app(Settings.from_environment(environment)).app_context():
        reference_data.load()
        db.session.commit()
        for _made in population.fill(people):
            pass


def report(app: Flask, people: int) -> None:
    with app.app_context():
        rate, listed = value(Key.HPR_CHECKS_PER_MINUTE), db.session.scalar(select(func.count()).select_from(Listing))
    start = clock.now()
    oldest, most, checks, spent, memory = timedelta(0), 0, 0, 0.0, [resident()]
    for round_ in range(DAY // hpr_recheck.EVERY):
        with clock.at(start + round_ * hpr_recheck.EVERY):
            began = time.perf_counter()
            asked = one_round(app)
            spent += time.perf_counter() - began
            with app.app_context():
                oldest = max(oldest, clock.now() - oldest_answer())
        checks, most = checks + asked, max(most, asked)
        if round_ % 48 == 47:
            memory.append(resident())
            print(f"{(round_ + 1) // 12:>3} h: {checks} checks, {memory[-1]:.0f} MB", flush=True)
    with app.app_context():
        alarms = db.session.scalar(select(func.count()).select_from(HprAlarm))
        still = db.session.scalar(select(func.count()).select_from(Listing))
    print("\n| | |\n|---|---|")
    print(f"| People, of them listed before and after the day | {people}, {listed} and {still} |")
    print(f"| Checks in the day | {checks} |")
    print(f"| Most in five minutes, by a rate of {rate} a minute | {most} of {5 * rate} |")
    print(f"| Greatest age of an answer | {oldest.total_seconds() / 3600:.1f} h |")
    print(f"| Time a check takes one worker, asking and storing | {1000 * spent / max(checks, 1):.1f} ms |")
    print(f"| One worker's share of the day | {spent / DAY.total_seconds():.1%} |")
    print(f"| Memory of the worker, at the start and every four hours | {', '.join(f'{m:.0f}' for m in memory)} MB |")
    print(f"| Alarms | {alarms} |")


def one_round(app: Flask) -> int:
    """What the schedule and the workers do every five minutes; returns how many were asked about."""
    with app.app_context():
        hpr_recheck.plan()
        db.session.commit()
        query = select(OutboxEntry.id, OutboxEntry.arguments)
        jobs = db.session.execute(query.where(OutboxEntry.job == Job.RECHECK_HPR, OutboxEntry.done_at.is_(None))).all()
    asked = 0
    for job_id, arguments in jobs:
        with app.app_context():
            ids = [UUID(id_) for id_ in arguments["professional_ids"]]
            hpr_recheck.run(ids)
            db.session.execute(update(OutboxEntry).where(OutboxEntry.id == job_id).values(done_at=clock.now()))
            db.session.commit()
        asked += len(ids)
    return asked


def oldest_answer() -> datetime:
    return db.session.scalar(select(func.min(HprRecord.checked_at))) or clock.now()


def resident() -> float:
    """This process' resident memory in megabytes (Linux)."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
