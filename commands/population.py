"""`flask demo people`: a believable population of any size, the same one every time, for demonstrations and benchmarks.

Every person is made as the models' own rows, judged by services/listing.py like everybody else, and written with COPY,
by as many processes as there are cores, a batch in each transaction: what is broken off goes on the next time.
"""

import csv
import os
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from datetime import datetime, timedelta
from functools import cache, lru_cache
from itertools import islice
from multiprocessing import get_context
from typing import Any, TypeVar
from uuid import UUID

import click
from flask.cli import with_appcontext
from sqlalchemy import LargeBinary, any_, inspect, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from commands.demo import demo
from commands.made_up import LICENCE, PLACES, Entry, Weighted, entry_of, start_of
from config import Environment, Settings
from extensions import clock
from extensions.agencies import settings
from extensions.database import db
from models.account import Account
from models.base import Base
from models.cv import Cv
from models.enums import (
    AvailabilityKind,
    ConsentAct,
    ConsentPurpose,
    Experience,
    FieldOfWork,
    Housing,
    HprStatus,
    Language,
    ProfessionalStatus,
    StartSpeed,
    TimeOfDay,
    TravelTime,
    Visibility,
    Workload,
)
from models.listing import Listing
from models.national_numbers import FIRST_WEIGHTS, SECOND_WEIGHTS
from models.professional import (
    Availability,
    Block,
    Competence,
    ConsentEvent,
    HprRecord,
    Professional,
    ProfessionalAuthorisation,
    Reach,
)
from services import consents, listing, national_ids, professions
from services.reference_data import FOLDER

BATCH = 5_000
CONFIRMED = Weighted.of(((6, 40), (20, 30), (35, 15), (50, 9), (75, 6)))
"""Days since the confirmation, at most, and the share: some are older than sixty days, and hidden."""
KINDS = Weighted.of(zip(AvailabilityKind, (68, 22, 10), strict=True))
WORKLOADS = Weighted.of(zip(Workload, (12, 14, 18, 12, 28, 16), strict=True))
SPEEDS = Weighted.of(zip(StartSpeed, (20, 50, 30), strict=True))
CONSENTS = tuple(zip(ConsentPurpose, (1.0, 0.94, 0.5, 0.4, 0.5), strict=True))
FIELDS, BANDS, TIMES = tuple(FieldOfWork), tuple(Experience), tuple(TimeOfDay)
TRAVELS, HOUSINGS = tuple(TravelTime), tuple(Housing)
LANGUAGES = {"en": 0.6, "de": 0.12, "pl": 0.06, "es": 0.06, "ar": 0.05, "so": 0.03, "uk": 0.03, "se": 0.01}
TRONDHEIM_POSTAL_CODE = "7013"
Row = TypeVar("Row", bound=Base)


def national_numbers() -> Iterator[str]:
    """The national identity numbers of the population, each once."""
    for start in map(start_of, range(PLACES)):
        digits = [int(digit) for digit in start]
        first = -sum(weight * digit for weight, digit in zip(FIRST_WEIGHTS, digits, strict=False)) % 11
        second = -sum(weight * digit for weight, digit in zip(SECOND_WEIGHTS, [*digits, first], strict=False)) % 11
        if first < 10 and second < 10:
            yield f"{start}{first}{second}"


class Country:
    """Where people live, by population, what lies beside it, and the municipality as an employer."""

    def __init__(self) -> None:
        with (FOLDER / "kommuner.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        self.homes = Weighted.of((row["kommunenummer"], float(row["folketall_2024"] or 500)) for row in rows)
        self.county = {row["kommunenummer"]: row["fylkesnummer"] for row in rows}
        self.employer = {row["kommunenummer"]: (row["organisasjonsnummer"], f"{row['navn']} kommune") for row in rows}
        self.neighbours: dict[str, list[str]] = {number: [] for number in self.county}
        with (FOLDER / "kommune_naboer.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                one, other = row["kommunenummer"], row["nabo_kommunenummer"]
                self.neighbours[one].append(other)
                self.neighbours[other].append(one)
        with (FOLDER / "postnummer.csv").open(encoding="utf-8", newline="") as file:
            self.postal_code = {row["kommunenummer"]: row["postnummer"] for row in csv.DictReader(file)}


class Population:
    """Person number n is the same, whatever the size asked for and whichever process makes the rows; another seed, and
    the same people answer otherwise."""

    def __init__(self, seed: int, now: datetime) -> None:
        self.seed, self.now, self.today = seed, now, clock.day(now)
        self.country = Country()
        self.limits = listing.Limits.in_force()
        self.version = consents.current(self.today)
        self.hashes = {purpose: self.version.hash_of(purpose, Language.BOKMAL) for purpose in ConsentPurpose}

    def rows(self, number: int, national_id: str) -> list[Base]:
        """Everything that is stored of one person, and the search row when the person is listed."""
        rng = random.Random(self.seed << 32 | number)
        entry = entry_of(national_id, self.today)
        assert entry is not None
        account = Account(id=_uuid(rng), created_at=self.now, name=f"{entry.given_name} {entry.family_name}")
        national_ids.put(account, national_id)
        person = self._professional(rng, number, account.id, entry)
        parts = (person.competence, person.availability, person.reach, person.hpr, person.cv)
        rows: list[Base] = [account, person, *(part for part in parts if part is not None)]
        rows += (*person.authorisations, *person.consents, *person.blocks)
        verdict = listing.judge(person, self.now, self.limits)
        if verdict.is_listed:
            columns = listing.columns(person, self.now, verdict)
            rows.append(_row(Listing, professional_id=person.id, listed_since=person.completed_at, **columns))
        return rows

    def _professional(self, rng: random.Random, number: int, account_id: UUID, entry: Entry) -> Professional:
        home = self.country.homes.pick(rng)
        confirmed = self.now - timedelta(days=rng.random() * CONFIRMED.pick(rng))
        person_id = _uuid(rng)
        availability = self._availability(rng, person_id, confirmed)
        is_paused = availability.kind is AvailabilityKind.PAUSED
        has_cv, hides = rng.random() < 0.4, rng.random() < 0.04
        return _row(
            Professional,
            id=person_id,
            account_id=account_id,
            status=ProfessionalStatus.PAUSED if is_paused else ProfessionalStatus.ACTIVE,
            started_at=confirmed - timedelta(days=30),
            completed_at=confirmed - timedelta(days=30),
            last_used_at=confirmed,
            given_name=entry.given_name,
            family_name=entry.family_name,
            email=f"person{number}@befolkning.example",
            email_confirmed_at=confirmed,
            phone=f"+479{number % 10_000_000:07d}",
            postal_code=self.country.postal_code.get(home, TRONDHEIM_POSTAL_CODE),
            municipality_number=home,
            language=Language.BOKMAL,
            is_address_protected=rng.random() < 0.002,
            employer=self.country.employer[home][1] if hides else None,
            competence=self._competence(rng, person_id, entry.profession),
            availability=availability,
            reach=self._reach(rng, person_id, home),
            hpr=self._hpr(rng, person_id, entry),
            authorisations=[_authorisation(rng, person_id, entry)],
            consents=list(self._consents(rng, person_id, confirmed)),
            blocks=[self._block(rng, person_id, home, confirmed)] if hides else [],
            cv=_row(
                Cv,
                professional_id=person_id,
                summary="Erfaren og fleksibel.",
                visibility=Visibility.CONSENTED,
                updated_at=confirmed,
            )
            if has_cv
            else None,
        )

    def _competence(self, rng: random.Random, person_id: UUID, profession: str) -> Competence:
        return _row(
            Competence,
            professional_id=person_id,
            professions=[profession],
            fields=_some(rng, FIELDS, 3),
            experience=rng.choice(BANDS),
            last_practised=self.today.year - min(int(rng.expovariate(0.7)), 15),
            languages=["no", *(code for code, share in LANGUAGES.items() if rng.random() < share)],
            has_driving_licence=rng.random() < 0.85,
        )

    def _availability(self, rng: random.Random, person_id: UUID, confirmed: datetime) -> Availability:
        kind = KINDS.pick(rng)
        later = kind is AvailabilityKind.FROM_DATE
        return _row(
            Availability,
            professional_id=person_id,
            kind=kind,
            from_date=confirmed.date() + timedelta(days=5 + int(55 * rng.random())) if later else None,
            workload=WORKLOADS.pick(rng),
            times=_some(rng, TIMES, 4),
            start_speed=SPEEDS.pick(rng),
            confirmed_at=confirmed,
        )

    def _reach(self, rng: random.Random, person_id: UUID, home: str) -> Reach:
        how = rng.random()
        return _row(
            Reach,
            professional_id=person_id,
            whole_country=how < 0.08,
            counties=[self.country.county[home]] if 0.08 <= how < 0.22 else [],
            municipalities=[home, *_some(rng, self.country.neighbours[home], 3, 0)] if how >= 0.22 else [],
            travel=rng.choice(TRAVELS),
            housing=rng.choice(HOUSINGS),
        )

    def _hpr(self, rng: random.Random, person_id: UUID, entry: Entry) -> HprRecord:
        is_valid = entry.valid_to >= self.today
        checked = self.now - timedelta(hours=20 * rng.random())
        return _row(
            HprRecord,
            professional_id=person_id,
            status=HprStatus.VALID if is_valid else HprStatus.EXPIRED,
            number=str(entry.number),
            checked_at=checked,
            asked_at=checked,
            next_check_at=checked + timedelta(hours=20 + 3 * rng.random()),
            valid_until=entry.valid_to if is_valid else None,
        )

    def _consents(self, rng: random.Random, person_id: UUID, given_at: datetime) -> Iterator[ConsentEvent]:
        for order, (purpose, share) in enumerate(CONSENTS):
            if rng.random() < share:
                yield _row(
                    ConsentEvent,
                    id=_uuid(rng),
                    professional_id=person_id,
                    purpose=purpose,
                    act=ConsentAct.GIVEN,
                    text_version=self.version.name,
                    text_hash=self.hashes[purpose],
                    language=Language.BOKMAL,
                    happened_at=given_at,
                    order=order,
                    channel=consents.CHANNEL,
                    login_level="idporten-loa-high",
                )

    def _block(self, rng: random.Random, person_id: UUID, home: str, since: datetime) -> Block:
        number, name = self.country.employer[home]
        return _row(
            Block,
            id=_uuid(rng),
            professional_id=person_id,
            organisation_number=number,
            organisation_name=name,
            is_employer=True,
            created_at=since,
        )


def _authorisation(rng: random.Random, person_id: UUID, entry: Entry) -> ProfessionalAuthorisation:
    """As the answer of HPR would be kept."""
    names = professions.speciality_names()
    return _row(
        ProfessionalAuthorisation,
        id=_uuid(rng),
        professional_id=person_id,
        profession=entry.profession,
        profession_name=professions.known()[entry.profession].names[Language.BOKMAL],
        kind=entry.kind,
        kind_name="Lisens" if entry.kind == LICENCE else "Autorisasjon",
        specialities=list(entry.specialities),
        speciality_names=[names[code][:100] for code in entry.specialities],
        valid_from=entry.valid_from,
        valid_to=entry.valid_to,
        is_active=True,
    )


def _uuid(rng: random.Random) -> UUID:
    return UUID(int=rng.getrandbits(128), version=4)


def _some(rng: random.Random, values: Sequence[Any], most: int, least: int = 1) -> list[Any]:
    """From `least` to `most` of the values."""
    return rng.sample(values, min(least + int((most - least + 1) * rng.random()), len(values)))


def _row(kind: type[Row], /, **facts: Any) -> Row:
    """A row that can be read, but neither changed nor kept: without the ORM's bookkeeping, which would cost more than
    everything else together."""
    row = kind.__new__(kind)
    row.__dict__.update(_blank(kind), **facts)
    return row


@cache
def _blank(kind: type[Base]) -> Mapping[str, Any]:
    """What a row holds where nothing was said: a column's default, no other rows."""
    mapper = inspect(kind)
    others: dict[str, Any] = {other.key: [] if other.uselist else None for other in mapper.relationships}
    return {column.key: _default(column.default) for column in mapper.columns} | others


def _default(default: Any) -> Any:
    if default is None:
        return None
    return default.arg(None) if default.is_callable else default.arg


def write(rows: Iterable[Base]) -> None:
    """COPY rows into their tables, in the order in which the tables refer to one another."""
    by_table: dict[str, list[Base]] = {}
    for row in rows:
        by_table.setdefault(row.__tablename__, []).append(row)
    connection: Any = db.session.connection().connection.driver_connection
    for table in Base.metadata.sorted_tables:
        keys = [column.key for column in table.columns]
        lines = ["\t".join([_copied(row.__dict__.get(key)) for key in keys]) for row in by_table.get(table.name, ())]
        if lines:
            names = ", ".join(f'"{column.name}"' for column in table.columns)
            with connection.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
                copy.write("\n".join(lines))


ESCAPED = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
IN_ARRAY = str.maketrans({"\\": r"\\", '"': r"\""})


def _copied(value: Any) -> str:
    """A value as COPY's text form has it."""
    if value is None:
        return r"\N"
    if isinstance(value, bytes):
        return rf"\\x{value.hex()}"
    if isinstance(value, list):
        return _copied(_array(tuple(value)))
    return value.translate(ESCAPED) if isinstance(value, str) else str(value)


@cache
def _array(values: tuple[str, ...]) -> str:
    return "{" + ",".join(f'"{value.translate(IN_ARRAY)}"' for value in values) + "}"


def fill(size: int, seed: int = 1, processes: int = 1) -> Iterator[tuple[int, int]]:
    """Make the first `size` people that are not there yet, a batch in each transaction. Yields, after each, how many of
    the people that covers and how many of them were new. Raises PopulationDiffers."""
    now, numbers = clock.now(), national_numbers()
    _require_same(seed, now)
    batches = [(seed, now, first, list(islice(numbers, min(BATCH, size - first)))) for first in range(0, size, BATCH)]
    if processes == 1 or len(batches) == 1:
        yield from (_make(*batch) for batch in batches)
        return
    with ProcessPoolExecutor(processes, get_context("spawn"), _start, (settings(),)) as pool:
        try:
            for done in as_completed([pool.submit(_make, *batch) for batch in batches]):
                yield done.result()
        finally:
            pool.shutdown(cancel_futures=True)


class PopulationDiffers(Exception):
    """There are people of another seed."""


def _require_same(seed: int, now: datetime) -> None:
    national_id = next(national_numbers())
    account, *_rest = _population(seed, now).rows(0, national_id)
    is_first = Account.national_id_index == national_ids.index_of(national_id)
    found = db.session.scalar(select(Account.id).where(is_first))
    db.session.rollback()  # others make the people, for longer than a transaction may stand idle
    if found not in (None, account.id):  # type: ignore[attr-defined]
        raise PopulationDiffers


def _start(known: Settings) -> None:
    """A process of its own, with an app of its own."""
    from app import create_app  # which knows every command

    create_app(known).app_context().push()


def _make(seed: int, now: datetime, first: int, numbers: Sequence[str]) -> tuple[int, int]:
    by_index = {national_ids.index_of(number): (n, number) for n, number in enumerate(numbers, first)}
    index = Account.national_id_index
    there = set(db.session.scalars(select(index).where(index == any_(literal(list(by_index), ARRAY(LargeBinary))))))
    new = [who for key, who in by_index.items() if key not in there]
    population = _population(seed, now)
    write(row for n, number in new for row in population.rows(n, number))
    db.session.commit()
    return len(numbers), len(new)


@lru_cache(maxsize=1)
def _population(seed: int, now: datetime) -> Population:
    return Population(seed, now)


@demo.command("people")
@click.option("--count", "size", type=click.IntRange(1, 1_000_000), required=True, help="How many, up to a million.")
@click.option("--seed", type=int, default=1, show_default=True, help="With another seed they answer otherwise.")
@click.option("--processes", type=click.IntRange(1), default=os.cpu_count(), show_default=True)
@with_appcontext
def people(size: int, seed: int, processes: int) -> None:
    """Make a population of made-up registered people, or go on where it was broken off. Refused in production."""
    if settings().environment is Environment.PRODUCTION:
        raise click.ClickException("Made-up people have no place in production")
    made = 0
    with click.progressbar(length=size, label="People") as bar:
        try:
            for covered, new in fill(size, seed, processes):
                made += new
                bar.update(covered)
        except PopulationDiffers:
            raise click.ClickException("There is a population already, of another seed") from None
    click.echo(f"{size} people, {made} of them new")


COMMANDS = ()
"""Its command belongs to `flask demo`."""
