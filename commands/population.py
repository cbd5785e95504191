"""`flask demo people`: a believable population of any size, the same one every time, for demonstrations and benchmarks.

Every person is made as the models' own rows, judged by services/listing.py like everybody else, and written with COPY.
"""

import csv
import random
from bisect import bisect
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate, count, islice
from typing import Any
from uuid import UUID

import click
from flask.cli import with_appcontext
from sqlalchemy import Enum, select
from sqlalchemy.dialects.postgresql import ARRAY

from commands.demo import demo
from config import Environment
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
GIVEN = (
    *("Anne", "Inger", "Kari", "Marit", "Ingrid", "Liv", "Eva", "Berit", "Astrid", "Bjørg", "Hilde", "Anna"),
    *("Marianne", "Randi", "Ida", "Nina", "Maria", "Elisabeth", "Kristin", "Sara", "Silje", "Áile", "Elle"),
    *(
        "Jan",
        "Per",
        "Bjørn",
        "Ole",
        "Lars",
        "Kjell",
        "Knut",
        "Arne",
        "Svein",
        "Thomas",
        "Hans",
        "Geir",
        "Tor",
        "Morten",
    ),
    *(
        "Terje",
        "Odd",
        "Erik",
        "Martin",
        "Andreas",
        "John",
        "Anders",
        "Nils",
        "Ánte",
        "Máhtte",
        "Ahmed",
        "Piotr",
        "Olena",
    ),
)
FAMILY = (
    *("Bjørkelia", "Furumo", "Granås", "Havdal", "Isfjell", "Jordheim", "Kvitnes", "Lyngvær", "Myrbakk", "Nordvåg"),
    *("Ospelund", "Pilskog", "Rognhaug", "Seljebrekk", "Tindeland", "Ulvedal", "Vierud", "Ytterstad", "Ærlandsen"),
    *(
        "Østfjord",
        "Åkermo",
        "Bruskerud",
        "Dalsberget",
        "Einerhaug",
        "Fossebakken",
        "Gautdalen",
        "Hyttebråten",
        "Ŋielasj",
    ),
    *("Krokvoll", "Lindesve", "Moltemyr", "Nøttestad", "Olderskog", "Rypedal", "Skarvhei", "Tyttebærhaug", "Vassfaret"),
)
PROFESSIONS = (
    *(("SP", 41), ("HF", 24), ("LE", 11), ("VP", 5), ("FT", 4), ("HP", 3), ("BI", 2), ("HE", 2), ("PS", 2), ("AA", 2)),
    *(("JO", 1.2), ("RA", 1), ("ET", 1.5), ("TL", 0.8), ("TP", 0.4), ("FA1", 0.6), ("KE", 0.2), ("OP", 0.3)),
)
"""Shares in percent, roughly those of the register of 2020 and of HPR."""
CONFIRMED = ((6, 40), (20, 30), (35, 15), (50, 9), (75, 6))
"""Days since the confirmation, at most, and the share: some are older than sixty days, and hidden."""
TRONDHEIM_POSTAL_CODE = "7013"


@dataclass(frozen=True)
class Weighted:
    """Values with weights, to pick from."""

    values: Sequence[Any]
    sums: Sequence[float]

    @classmethod
    def of(cls, pairs: Iterable[tuple[Any, float]]) -> "Weighted":
        values, weights = zip(*pairs, strict=True)
        return cls(values, list(accumulate(weights)))

    def pick(self, rng: random.Random) -> Any:
        return self.values[bisect(self.sums, rng.random() * self.sums[-1])]


class Country:
    """Where people live, by population, and what lies beside it."""

    def __init__(self) -> None:
        with (FOLDER / "kommuner.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        self.homes = Weighted.of((row["kommunenummer"], float(row["folketall_2024"] or 500)) for row in rows)
        self.county = {row["kommunenummer"]: row["fylkesnummer"] for row in rows}
        self.neighbours: dict[str, list[str]] = {number: [] for number in self.county}
        with (FOLDER / "kommune_naboer.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                one, other = row["kommunenummer"], row["nabo_kommunenummer"]
                self.neighbours[one].append(other)
                self.neighbours[other].append(one)
        with (FOLDER / "postnummer.csv").open(encoding="utf-8", newline="") as file:
            self.postal_code = {row["kommunenummer"]: row["postnummer"] for row in csv.DictReader(file)}


class Population:
    """People number `first` and on; number n is the same person whatever the size asked for."""

    def __init__(self, seed: int, now: datetime) -> None:
        self.seed, self.now, self.today = seed, now, now.astimezone(clock.OSLO).date()
        self.country = Country()
        self.professions = Weighted.of(PROFESSIONS)
        self.confirmed = Weighted.of(CONFIRMED)
        self.limits = listing.Limits.in_force()
        self.version = consents.current(self.today)

    def rows(self, number: int, national_id: str) -> list[Base]:
        """Everything that is stored of one person, and the search row when the person is listed."""
        rng = random.Random(f"{self.seed}|{number}")
        account = self._account(rng, number, national_id)
        person = self._professional(rng, number, account)
        parts = [person.competence, person.availability, person.reach, person.hpr, *person.authorisations]
        rows: list[Base] = [account, person, *(part for part in parts if part is not None), *person.consents]
        if person.cv is not None:
            rows.append(person.cv)
        verdict = listing.judge(person, self.now, self.limits)
        if verdict.is_listed:
            columns = listing.columns(person, self.now, verdict)
            rows.append(Listing(professional_id=person.id, listed_since=person.completed_at, **columns))
        return rows

    def _account(self, rng: random.Random, number: int, national_id: str) -> Account:
        account = Account(id=_uuid(rng), created_at=self.now, name=f"{rng.choice(GIVEN)} {rng.choice(FAMILY)}")
        national_ids.put(account, national_id)
        return account

    def _professional(self, rng: random.Random, number: int, account: Account) -> Professional:
        home = self.country.homes.pick(rng)
        given, _blank, family = (account.name or "").partition(" ")
        confirmed = self.now - timedelta(days=rng.random() * self.confirmed.pick(rng))
        availability = self._availability(rng, confirmed)
        profession = self.professions.pick(rng)
        person_id = _uuid(rng)
        person = Professional(
            id=person_id,
            account_id=account.id,
            status=ProfessionalStatus.PAUSED
            if availability.kind is AvailabilityKind.PAUSED
            else ProfessionalStatus.ACTIVE,
            started_at=confirmed - timedelta(days=30),
            completed_at=confirmed - timedelta(days=30),
            last_used_at=confirmed,
            given_name=given,
            family_name=family,
            email=f"person{number}@befolkning.example",
            email_confirmed_at=confirmed,
            phone=f"+479{number % 10_000_000:07d}",
            postal_code=self.country.postal_code.get(home, TRONDHEIM_POSTAL_CODE),
            municipality_number=home,
            language=Language.BOKMAL,
            is_address_protected=rng.random() < 0.002,
            competence=self._competence(rng, profession),
            availability=availability,
            reach=self._reach(rng, home),
            hpr=self._hpr(rng, number),
            authorisations=[self._authorisation(rng, profession)],
            consents=self._consents(rng, confirmed),
        )
        if rng.random() < 0.4:
            person.cv = Cv(summary="Erfaren og fleksibel.", visibility=Visibility.CONSENTED, updated_at=confirmed)
        _give_owner(person)
        return person

    def _competence(self, rng: random.Random, profession: str) -> Competence:
        others = [code for code in ("en", "se", "de", "pl", "ar", "so", "uk", "es") if rng.random() < 0.12]
        return Competence(
            professions=[profession],
            fields=rng.sample(list(FieldOfWork), rng.randint(1, 3)),
            experience=rng.choice(list(Experience)),
            last_practised=self.today.year - min(int(rng.expovariate(0.7)), 15),
            languages=["no", *others],
            has_driving_licence=rng.random() < 0.85,
            record_systems=[],
        )

    def _availability(self, rng: random.Random, confirmed: datetime) -> Availability:
        kind = rng.choices(list(AvailabilityKind), (68, 22, 10))[0]
        later = kind is AvailabilityKind.FROM_DATE
        return Availability(
            kind=kind,
            from_date=confirmed.date() + timedelta(days=rng.randint(5, 60)) if later else None,
            workload=rng.choices(list(Workload), (12, 14, 18, 12, 28, 16))[0],
            times=sorted(rng.sample(list(TimeOfDay), rng.randint(1, 4))),
            start_speed=rng.choices(list(StartSpeed), (20, 50, 30))[0],
            confirmed_at=confirmed,
            reminders=0,
        )

    def _reach(self, rng: random.Random, home: str) -> Reach:
        how = rng.random()
        near = self.country.neighbours[home]
        return Reach(
            whole_country=how < 0.08,
            counties=[self.country.county[home]] if 0.08 <= how < 0.22 else [],
            municipalities=[home, *rng.sample(near, min(len(near), rng.randint(0, 3)))] if how >= 0.22 else [],
            travel=rng.choice(list(TravelTime)),
            housing=rng.choice(list(Housing)),
        )

    def _hpr(self, rng: random.Random, number: int) -> HprRecord:
        checked = self.now - timedelta(hours=24 * rng.random())
        return HprRecord(
            status=rng.choices((HprStatus.VALID, HprStatus.EXPIRED), (97, 3))[0],
            number=f"{80_000_000 + number % 10_000_000}",
            checked_at=checked,
            asked_at=checked,
            next_check_at=checked + timedelta(hours=24),
        )

    def _authorisation(self, rng: random.Random, profession: str) -> ProfessionalAuthorisation:
        of_profession = professions.specialities().get(profession, [])
        chosen = rng.sample(of_profession, 1) if of_profession and rng.random() < 0.4 else []
        since = self.today.replace(day=1) - timedelta(days=rng.randint(300, 15_000))
        licence = rng.random() < 0.04
        return ProfessionalAuthorisation(
            id=_uuid(rng),
            profession=profession,
            profession_name=professions.name_of(profession),
            kind="4" if licence else "1",
            kind_name="Lisens" if licence else "Autorisasjon",
            specialities=[code for code, _name in chosen],
            speciality_names=[name for _code, name in chosen],
            valid_from=since,
            valid_to=self.today + timedelta(days=rng.randint(1, 400)) if licence else date(2070, 1, 1),
            is_active=True,
            has_conditions=False,
        )

    def _consents(self, rng: random.Random, given_at: datetime) -> list[ConsentEvent]:
        shares = (1.0, 0.94, 0.5, 0.4, 0.5)
        return [
            ConsentEvent(
                id=_uuid(rng),
                purpose=purpose,
                act=ConsentAct.GIVEN,
                text_version=self.version.name,
                text_hash=self.version.hash_of(purpose, Language.BOKMAL),
                language=Language.BOKMAL,
                happened_at=given_at,
                order=order,
                channel="web",
                login_level="idporten-loa-high",
            )
            for order, (purpose, share) in enumerate(zip(ConsentPurpose, shares, strict=True))
            if rng.random() < share
        ]


def national_numbers(seed: int) -> Iterator[str]:
    """Synthetic national identity numbers (month + 80), each once, born 1940–1999; none of the stand-ins' people, who
    are told apart by their individual numbers."""
    for n in count():
        day, rest = 1 + n % 28, n // 28
        month, rest = 81 + rest % 12, rest // 12
        start = f"{day:02d}{month:02d}{40 + rest % 60:02d}{(seed + rest // 60) % 400:03d}"
        digits = [int(digit) for digit in start]
        first = -sum(weight * digit for weight, digit in zip(FIRST_WEIGHTS, digits, strict=False)) % 11
        second = -sum(weight * digit for weight, digit in zip(SECOND_WEIGHTS, [*digits, first], strict=False)) % 11
        if first < 10 and second < 10:
            yield f"{start}{first}{second}"


def _uuid(rng: random.Random) -> UUID:
    return UUID(int=rng.getrandbits(128), version=4)


def _give_owner(person: Professional) -> None:
    """What a flush would do: each row knows whose it is."""
    for part in (person.competence, person.availability, person.reach, person.hpr, person.cv):
        if part is not None:
            part.professional_id = person.id
    for authorisation in person.authorisations:
        authorisation.professional_id = person.id
    for consent in person.consents:
        consent.professional_id = person.id


def write(rows: Iterable[Base]) -> None:
    """COPY rows into their tables, in the order in which the tables refer to one another."""
    by_table: dict[str, list[Base]] = {}
    for row in rows:
        by_table.setdefault(row.__tablename__, []).append(row)
    connection: Any = db.session.connection().connection.driver_connection
    for table in Base.metadata.sorted_tables:
        found = by_table.get(table.name)
        if not found:
            continue
        columns = list(table.columns)
        names = ", ".join(f'"{column.name}"' for column in columns)
        readers = [_reader(column) for column in columns]
        with connection.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
            for row in found:
                copy.write_row([read(row) for read in readers])


def _reader(column: Any) -> Callable[[Base], Any]:
    """How one column's value is read from a row that was never flushed: its default where nothing was said, enums by
    value."""
    name, default = column.key, column.default
    is_enum = isinstance(column.type, Enum)
    is_enums = isinstance(column.type, ARRAY) and isinstance(column.type.item_type, Enum)

    def read(row: Base) -> Any:
        value = getattr(row, name)
        if value is None and default is not None:
            value = default.arg(None) if default.is_callable else default.arg
        if is_enum and value is not None:
            return value.value
        return [item.value for item in value] if is_enums else value

    return read


@demo.command("people")
@click.option("--count", "size", type=click.IntRange(1, 1_000_000), required=True, help="How many, up to a million.")
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed, another population.")
@with_appcontext
def people(size: int, seed: int) -> None:
    """Add a population of made-up registered people. Refused in production."""
    if settings().environment is Environment.PRODUCTION:
        raise click.ClickException("Made-up people have no place in production")
    population, numbers = Population(seed, clock.now()), national_numbers(seed)
    first_index = national_ids.index_of(next(national_numbers(seed)))
    if db.session.scalar(select(Account.id).where(Account.national_id_index == first_index)):
        raise click.ClickException(f"The population of seed {seed} is here already")
    listed = 0
    for first in range(0, size, BATCH):
        rows: list[Base] = []
        for number, national_id in enumerate(islice(numbers, min(BATCH, size - first)), first):
            rows += population.rows(number, national_id)
        listed += sum(isinstance(row, Listing) for row in rows)
        write(rows)
        db.session.commit()
    click.echo(f"{size} people, {listed} of them listed")


COMMANDS = ()
"""Its command belongs to `flask demo`."""
