"""Made-up organisations, applications and users that make every page worth looking at; never in production.

Everything happens through the services, at its own moment in the past and in order of time: what the pages, the log
and the mailbox show is what would be there had the people of the stand-ins' file used the service for half a year.
"""

import heapq
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from uuid import uuid4

import click
from flask.cli import with_appcontext
from sqlalchemy import select, update

from adapters.errors import Unavailable
from commands import demo_professionals
from config import Environment
from extensions import clock
from extensions.agencies import settings
from extensions.database import db
from models.account import Account
from models.application import AccessApplication
from models.enums import AccessLevel, GrantStatus, Language, MessageStatus, NomineeOutcome, Role
from models.grant import Grant
from models.message import Message
from models.national_numbers import FIRST_WEIGHTS, SECOND_WEIGHTS
from models.outbox import OutboxEntry
from services import (
    application_drafts,
    applications,
    casework,
    decisions,
    grant_register,
    grants,
    housekeeping,
    invitations,
    letters,
    mail_delivery,
    national_ids,
    questions,
    staff,
)
from services.access import Actor
from services.application_drafts import ContactAnswers
from services.letters import Outcome
from services.outbox import Job

PEOPLE = Path(__file__).parent.parent / "stubs" / "people.json"
TRONDHEIM, TROMSO, OSLO_HEALTH, KAUTOKEINO = "942110464", "940101808", "997506499", "945475056"
SOGNDAL, UTSIRA, STILLEVIK, LONG_NAME = "922121893", "964979901", "310000019", "310000191"
ST_OLAV, INNLANDET, SOUTH_EAST, NEW_TRUST, OSLO = "883974832", "983971709", "991324968", "310000043", "958935420"
DECLARATION = "Jeg bekrefter at opplysningene er riktige, og at personene trenger tilgang i jobben sin."
CONFIDENTIALITY = "Jeg har taushetsplikt, og bruker registeret bare når jeg trenger det i jobben."
R, C, U = AccessLevel.READER, AccessLevel.RECRUITER, AccessLevel.USER_ADMINISTRATOR

Story = Iterator[timedelta]
"""What happens in one matter: yields how long ago the next thing happened, then does it."""


@dataclass(frozen=True)
class Person:
    """Somebody made up. `key` finds him or her in the stand-ins' file; others exist only here."""

    key: str
    name: str
    number: str
    email: str
    title: str = "Rådgiver"

    @property
    def names(self) -> tuple[str, str]:
        given, _blank, family = self.name.rpartition(" ")
        return given, family


People = Sequence[tuple[Person, AccessLevel]]


def ready_text(key: str, language: Language = Language.BOKMAL) -> str:
    """One of the ready questions."""
    return next(ready.text for ready in letters.ready_questions() if (ready.key, ready.language) == (key, language))


class World:
    """The people, and what they do; every act is at the clock's moment."""

    def __init__(self) -> None:
        entries = json.loads(PEOPLE.read_text(encoding="utf-8"))["people"]
        self.people = {
            entry["key"]: Person(
                entry["key"],
                entry["name"],
                entry["national_id"],
                entry.get("email") or f"{_ascii(entry['name'])}@virksomhet.example",
                entry.get("title") or "Personalrådgiver",
            )
            for entry in entries
        }
        self.staff = {entry["key"]: Role(entry["staff"]) for entry in entries if entry.get("staff")}
        self._made = count(1)

    def somebody(self, name: str, domain: str, title: str = "Rådgiver") -> Person:
        """One more made-up person, at an organisation's domain."""
        return Person("", name, _made_up_number(next(self._made)), f"{_ascii(name)}@{domain}", title)

    def account(self, person: Person) -> Account:
        """The person's account, as the first sign-in makes it."""
        known = db.session.scalar(
            select(Account).where(Account.national_id_index.in_(national_ids.indexes_of(person.number)))
        )
        if known is not None:
            return known
        account = Account(id=uuid4(), name=person.name, created_at=clock.now())
        national_ids.put(account, person.number)
        db.session.add(account)
        db.session.flush()  # others refer to it
        return account

    def actor(self, person: Person, role: Role = Role.SUBMITTER) -> Actor:
        account = self.account(person)
        now = account.last_login_at = clock.now()
        return Actor(account.id, account.id, account.name, role, now, now, now, now + timedelta(hours=8))

    def worker(self, key: str) -> Actor:
        return self.actor(self.people[key], self.staff[key])

    def begin(
        self, key: str, unit: str, domain: str, people: Sequence[tuple[Person, AccessLevel]]
    ) -> AccessApplication:
        """A draft with everything but the contact person."""
        who = self.people[key]
        actor = self.actor(who)
        application = applications.start(actor, unit)
        db.session.flush()  # the steps find it
        application_drafts.save_submitter(
            actor,
            application,
            {
                "submitter_email": f"{_ascii(who.name)}@{domain}",
                "submitter_mobile": "+4798765432",
                "submitter_job_title": who.title,
            },
        )
        for person, level in people:
            given, family = person.names
            answers = {
                "given_name": given,
                "family_name": family,
                "email": person.email,
                "mobile": "+4791234567",
                "job_title": person.title,
                "access_level": level,
            }
            application_drafts.add_nominee(actor, application, answers, national_id=person.number)
        return application

    def apply(
        self,
        key: str,
        unit: str,
        domain: str,
        people: People,
        contact: Person | None = None,
    ) -> AccessApplication:
        """A whole application, handed in."""
        application = self.begin(key, unit, domain, people)
        actor = self.actor(self.people[key])
        if contact is None:
            application_drafts.save_contact(actor, application, ContactAnswers.SUBMITTER)
        else:
            given, family = contact.names
            person = {"given_name": given, "family_name": family, "email": contact.email, "mobile": "+4790123456"}
            application_drafts.save_contact(
                actor, application, ContactAnswers.OTHER, person, national_id=contact.number
            )
        db.session.flush()  # it is read again, locked
        return applications.submit(actor, application.id, DECLARATION)

    def take(self, worker: str, application: AccessApplication, note: str | None = None) -> None:
        casework.take(self.worker(worker), application)
        if note:
            casework.add_note(self.worker(worker), application, note)

    def ask(self, worker: str, application: AccessApplication, text: str, opened: Sequence[str] = ()) -> None:
        questions.ask(self.worker(worker), application, text=text, due_on=questions.default_due(), opened_steps=opened)

    def decide(self, worker: str, application: AccessApplication, declined: dict[str, str] | None = None) -> None:
        """Grant everybody what was applied for, but those in `declined`, with the reason."""
        outcomes = [
            Outcome(nominee.id, NomineeOutcome.DECLINED, reason=(declined or {})[nominee.name])
            if nominee.name in (declined or {})
            else Outcome(nominee.id, NomineeOutcome.GRANTED, nominee.access_level)
            for nominee in application.nominees
        ]
        decisions.decide(self.worker(worker), application.id, outcomes, letters.draft_text(application))

    def sign_in(self, person: Person) -> None:
        """The person uses an access, and nothing more."""
        account_id = self.actor(person).account_id
        active = (Grant.account_id == account_id) & (Grant.status == GrantStatus.ACTIVE)
        db.session.execute(update(Grant).where(active).values(last_login_at=clock.now()))

    def accept(self, person: Person, application: AccessApplication) -> Grant:
        """The person takes the newest invitation into use."""
        grant = self.grant(person, application)
        newest = invitations.latest(grant)
        assert newest is not None
        return grants.accept(self.actor(person), newest, CONFIDENTIALITY)

    def grant(self, person: Person, application: AccessApplication) -> Grant:
        nominee = next(nominee for nominee in application.nominees if nominee.email == person.email)
        return db.session.scalars(select(Grant).where(Grant.nominee_id == nominee.id)).one()


def tromso(world: World) -> Story:
    """In use for half a year: users at each level, one that was stopped, one invited now with a D-number."""
    domain = "tromso-kommune.example"
    reader, administrator = world.people["reader"], world.people["user_administrator"]
    recruiter = world.somebody("Mikkel Isfjelldal", domain, "Rekrutteringsleder")
    former = world.somebody("Ragna Bølgebryter", domain, "Vikarkoordinator")
    yield timedelta(days=158)
    people = [(reader, R), (administrator, U), (recruiter, C), (former, R)]
    first = world.apply("submitter_many", TROMSO, domain, people)
    yield timedelta(days=157, hours=3)
    world.take("caseworker_1", first)
    yield timedelta(days=157, hours=2)
    world.decide("caseworker_1", first)
    for person, days in ((administrator, 157), (reader, 156), (recruiter, 154), (former, 153)):
        yield timedelta(days=days)
        world.accept(person, first)
    yield timedelta(days=60)
    reason = "Har sluttet i kommunen."
    grant_register.stop(world.worker("caseworker_1"), world.grant(former, first), reason)
    yield timedelta(days=6)
    second = world.apply("submitter_many", TROMSO, domain, [(world.people["nominee_d_number"], C)])
    yield timedelta(days=5)
    world.take("caseworker_2", second)
    world.decide("caseworker_2", second)
    for person, days in ((recruiter, 4), (reader, 2), (administrator, 1)):
        yield timedelta(days=days)
        world.sign_in(person)


def innlandet(world: World) -> Story:
    """A health trust in use, whose administrator is another organisation's too."""
    domain = "sykehuset-innlandet.example"
    people = [
        (world.people["user_administrator"], U),
        (world.somebody("Steinar Myrull", domain, "Bemanningsleder"), C),
        (world.somebody("Gunnlaug Tjernsli", domain, "Enhetsleder"), R),
    ]
    yield timedelta(days=110)
    application = world.apply("submitter_many", INNLANDET, domain, people)
    yield timedelta(days=108)
    world.take("case_lead", application, "Administratoren har samme rolle i Tromsø. Ringte trusten, og det stemmer.")
    world.decide("case_lead", application)
    for person, _level in people:
        yield timedelta(days=107)
        world.accept(person, application)


def st_olav(world: World) -> Story:
    """One has an invitation that works, the other's has run out."""
    domain = "stolav.example"
    hedda, emil = world.people["nominee_trust_1"], world.people["nominee_trust_2"]
    yield timedelta(days=26)
    application = world.apply("submitter_trust", ST_OLAV, domain, [(hedda, C), (emil, R)])
    yield timedelta(days=22)
    world.take("caseworker_1", application)
    world.decide("caseworker_1", application)
    yield timedelta(days=3)
    invitations.resend(world.worker("caseworker_1"), world.grant(hedda, application))


def trondheim(world: World) -> Story:
    """Partly granted; then a second application that waits for the contact person's answer; and a draft."""
    domain = "trondheim-kommune.example"
    nora, jonas, turid = (world.people[key] for key in ("nominee_municipality_1", "nominee_municipality_2", "contact"))
    yield timedelta(days=9)
    first = world.apply("submitter_municipality", TRONDHEIM, domain, [(nora, R), (jonas, C)], turid)
    yield timedelta(days=8)
    world.take("caseworker_1", first)
    yield timedelta(days=7)
    reason = "Søknaden forklarer ikke hvilke oppgaver i stillingen som krever tilgang til registeret."
    world.decide("caseworker_1", first, {jonas.name: reason})
    yield timedelta(days=5)
    private = Person("", "Even Regnbuedal", world.somebody("x", domain).number, "even.regnbuedal@gmail.com", "Lege")
    people = [(private, R), (world.somebody("Solfrid Elvesus", domain, "Avdelingsleder"), C)]
    second = world.apply("submitter_municipality", TRONDHEIM, domain, people, turid)
    yield timedelta(days=3)
    world.take("caseworker_1", second, "Private adresser kan vi ikke bruke uten en god grunn.")
    world.ask("caseworker_1", second, ready_text("private_address"), ["personer"])
    yield timedelta(hours=20)
    world.begin("submitter_municipality", TRONDHEIM, domain, [(world.somebody("Torbjørg Lyngmo", domain), R)])


def kautokeino(world: World) -> Story:
    """New, with Sami names, and every check in order: a decision on one page."""
    domain = "kautokeino-kommune.example"
    people = [
        (world.somebody("Máhtte Šiellaloŋká", domain, "Kommuneoverlege"), C),
        (world.somebody("Biret Čáhcerávdna", domain, "Leder for helsestasjonen"), R),
    ]
    yield timedelta(hours=5)
    world.apply("submitter_sami", KAUTOKEINO, domain, people)


def sogndal(world: World) -> Story:
    """Everything in nynorsk."""
    domain = "sogndal-kommune.example"
    people = [
        (world.somebody("Kjellaug Fjøreskog", domain, "Kommunalsjef"), U),
        (world.somebody("Oddvar Bjørkebeit", domain, "Seksjonsleiar"), R),
    ]
    yield timedelta(days=40)
    application = world.apply("submitter_nynorsk", SOGNDAL, domain, people)
    yield timedelta(days=38)
    world.take("caseworker_2", application)
    world.ask("caseworker_2", application, ready_text("need", Language.NYNORSK))
    yield timedelta(days=36)
    text = "Kjellaug styrer vikarbruken i heile kommunen, og Oddvar har ansvaret for vaktlistene."
    applications.answer(world.actor(world.people["submitter_nynorsk"]), application, text)
    yield timedelta(days=35)
    world.decide("caseworker_2", application)
    for person, _level in people:
        yield timedelta(days=34)
        world.accept(person, application)


def stillevik(world: World) -> Story:
    """Handed in by somebody who is a caseworker, too, and may not touch it."""
    domain = "stillevik.example"
    yield timedelta(days=3)
    world.apply("caseworker_2", STILLEVIK, domain, [(world.somebody("Torleif Naustvik", domain, "Helsesjef"), U)])


def new_trust(world: World) -> Story:
    """Not on the list of health trusts; the answer to the question is new."""
    domain = "fjellheimen-sykehus.example"
    yield timedelta(days=6)
    people = [(world.somebody("Yngvild Fonnesti", domain, "HR-sjef"), U)]
    application = world.apply("submitter_new_trust", NEW_TRUST, domain, people)
    yield timedelta(days=5)
    world.take("caseworker_1", application)
    world.ask("caseworker_1", application, ready_text("organisation"))
    yield timedelta(days=1)
    text = "Vi eies av Helse Sør-Øst RHF, organisasjonsnummer 991 324 968, og ble opprettet i år."
    applications.answer(world.actor(world.people["submitter_new_trust"]), application, text)


def oslo(world: World) -> Story:
    """Withdrawn once; then one that nobody has taken, over its deadline and to be told why."""
    domain = "oslo-kommune.example"
    yield timedelta(days=48)
    first = world.apply("submitter_many", OSLO, domain, [(world.somebody("Brage Trikkevold", domain), R)])
    yield timedelta(days=47)
    applications.withdraw(world.actor(world.people["submitter_many"]), first)
    yield timedelta(days=22)
    people = [
        (world.somebody("Selma Parkdrag", domain, "Legevaktleder"), C),
        (world.somebody("Idunn Bryggestein", domain, "Fagsjef"), R),
        (world.somebody("Noor Åkebakken", domain, "Vaktplanlegger"), R),
    ]
    world.apply("submitter_agency", OSLO_HEALTH, domain, people)


def long_name(world: World) -> Story:
    """Everybody is proposed declined; it waits for a colleague."""
    domain = "aroysund.example"
    people = [(world.somebody(name, domain, "Styremedlem"), U) for name in ("Hallvard Tareskog", "Liss Ŋuorreluokta")]
    yield timedelta(days=4)
    application = world.apply("submitter_many", LONG_NAME, domain, people)
    yield timedelta(days=2)
    world.take("caseworker_1", application)
    reason = "Tilgang gis til dem som rekrutterer eller bemanner helsetjenesten. Et styreverv er ikke nok."
    world.decide("caseworker_1", application, {person.name: reason for person, _level in people})


def south_east(world: World) -> Story:
    """Declined by two, upheld after an appeal, and granted by a third."""
    domain = "helse-sorost.example"
    person = world.somebody("Aurora Kvitveis", domain, "Beredskapsleder")
    yield timedelta(days=70)
    application = world.apply("submitter_many", SOUTH_EAST, domain, [(person, R)])
    yield timedelta(days=68)
    world.take("caseworker_1", application)
    reason = "Et regionalt helseforetak ansetter ikke selv helsepersonell i helseforetakene."
    world.decide("caseworker_1", application, {person.name: reason})
    yield timedelta(days=67)
    decisions.approve(world.worker("case_lead"), application.id)
    yield timedelta(days=50)
    appeal = "Klagen viser at stillingen samordner bemanning mellom helseforetakene i beredskap."
    decisions.uphold_appeal(world.worker("caseworker_2"), application, appeal)
    yield timedelta(days=49)
    world.decide("caseworker_2", application)
    yield timedelta(days=46)
    world.accept(person, application)


def utsira(world: World) -> Story:
    """Declined, and still within the time for an appeal."""
    domain = "utsira-kommune.example"
    person = world.somebody("Sindre Fyrlykt", domain, "IT-konsulent")
    yield timedelta(days=13)
    application = world.apply("submitter_substantial", UTSIRA, domain, [(person, U)])
    yield timedelta(days=11)
    world.take("caseworker_2", application)
    reason = "Oppgavene som er beskrevet, gjelder drift av datasystemer og krever ikke tilgang til registeret."
    world.decide("caseworker_2", application, {person.name: reason})
    yield timedelta(days=10)
    decisions.approve(world.worker("case_lead"), application.id)


STORIES: tuple[Callable[[World], Story], ...] = (
    tromso,
    innlandet,
    st_olav,
    trondheim,
    kautokeino,
    sogndal,
    stillevik,
    new_trust,
    oslo,
    long_name,
    south_east,
    utsira,
)


@click.group("demo")
def demo() -> None:
    """Made-up data."""


@demo.command("load")
@with_appcontext
def load() -> None:
    """Load demo staff and stories, all or nothing; what is there already is left alone. Refused in production."""
    if settings().environment is Environment.PRODUCTION:
        raise click.ClickException("Demo data has no place in production")
    if not PEOPLE.exists():
        raise click.ClickException(f"{PEOPLE} is missing")
    world = World()
    for key, role in world.staff.items():
        staff.add(world.people[key].name, world.people[key].number, role)
        with clock.at(clock.now() - timedelta(days=200)):
            account = world.account(world.people[key])
        _claim(key, world, account)
    db.session.flush()
    if db.session.scalar(select(AccessApplication.id).limit(1)) is None:
        told = (*STORIES, *demo_professionals.stories())
        live(world, told)
        db.session.flush()
        db.session.execute(update(OutboxEntry).where(OutboxEntry.done_at.is_(None)).values(due_at=clock.now()))
        click.echo(f"{len(told)} stories told")
    else:
        click.echo("There are applications already: nothing more is made")
    db.session.commit()


def _claim(key: str, world: World, account: Account) -> None:
    """Tie the staff row to the account, as the first sign-in does."""
    row = staff.add(world.people[key].name, world.people[key].number, world.staff[key])
    row.account_id = account.id


def live(world: World, stories: Sequence[Callable[[World], Story]]) -> None:
    """Let the stories happen in the order of time, with the mail and the daily housekeeping between them."""
    now = clock.now()
    order = count()
    agenda: list[tuple[datetime, int, Story]] = []

    def go_on(story: Story) -> None:
        ago = next(story, None)
        if ago is not None:
            heapq.heappush(agenda, (now - ago, next(order), story))

    for begin in stories:
        go_on(begin(world))
    while agenda:
        moment, _n, story = heapq.heappop(agenda)
        with clock.at(moment):
            housekeeping.remind_invitations()
            housekeeping.expire_invitations()
            go_on(story)
            _deliver()
    housekeeping.expire_invitations()
    _deliver()


def _deliver() -> None:
    """Send what is queued, at the clock's moment; when the mail server is away it stays for the worker."""
    db.session.flush()
    queued = db.session.scalars(select(Message.id).where(Message.status == MessageStatus.QUEUED)).all()
    try:
        for message_id in queued:
            mail_delivery.send(message_id)
    except Unavailable:
        return
    db.session.execute(
        update(OutboxEntry)
        .where(OutboxEntry.job == Job.SEND_MESSAGE, OutboxEntry.done_at.is_(None))
        .values(done_at=clock.now())
    )


def _ascii(name: str) -> str:
    """A name as the front part of an address."""
    folded = name.lower().translate(str.maketrans("æøåáčđŋšŧžé", "aoaacdnstze"))
    return ".".join("".join(letter for letter in part if letter.isascii()) for part in folded.split())


def _made_up_number(n: int) -> str:
    """The n-th synthetic national identity number of our own (month + 80), apart from those in the stand-ins' file."""
    for serial in count(n * 20):
        start = f"{1 + n % 28:02d}{81 + n % 12:02d}{60 + n % 30:02d}{serial % 500:03d}"
        digits = [int(digit) for digit in start]
        first = -sum(weight * digit for weight, digit in zip(FIRST_WEIGHTS, digits, strict=False)) % 11
        second = -sum(weight * digit for weight, digit in zip(SECOND_WEIGHTS, [*digits, first], strict=False)) % 11
        if first < 10 and second < 10:
            return f"{start}{first}{second}"
    raise AssertionError


COMMANDS = (demo,)
