"""Rows from the fewest facts. Each builder works in an app context of its own unless one is there, commits, and
returns the rows."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from flask import Flask, has_app_context
from sqlalchemy import select

from extensions import clock
from extensions.database import db
from extensions.keys import keyring
from models.account import Account, Identity
from models.application import AccessApplication, Decision, Nominee, Question
from models.enums import (
    AccessLevel,
    AlertFrequency,
    ApplicationStatus,
    AvailabilityKind,
    ConsentAct,
    ConsentPurpose,
    ContactKind,
    DecisionStatus,
    Experience,
    FieldOfWork,
    GrantStatus,
    Housing,
    HprStatus,
    InvitationStatus,
    Language,
    OrganisationKind,
    ProfessionalStatus,
    Role,
    StartSpeed,
    TimeOfDay,
    TravelTime,
    Workload,
)
from models.grant import Grant, Invitation
from models.national_numbers import FIRST_WEIGHTS, SECOND_WEIGHTS
from models.organisation import Organisation
from models.professional import (
    Availability,
    Competence,
    ConsentEvent,
    HprRecord,
    Professional,
    ProfessionalAuthorisation,
    Reach,
)
from models.register import SavedSearch, Shortlist, ShortlistEntry
from services import consents, listing, national_ids, staff
from services.access import Actor
from services.sessions import hash_of

_serial = itertools.count(1)


def synthetic_number(serial: int | None = None) -> str:
    """A valid synthetic national identity number (month + 80), a new one each time."""
    for n in _serial if serial is None else itertools.count(serial):
        start = f"{1 + n % 28:02d}{81 + n // 28 % 12:02d}{50 + n // 336 % 49:02d}{100 + n // 16464 % 800:03d}"
        digits = [int(digit) for digit in start]
        first = -sum(w * d for w, d in zip(FIRST_WEIGHTS, digits, strict=False)) % 11
        if first == 10:
            continue
        second = -sum(w * d for w, d in zip(SECOND_WEIGHTS, [*digits, first], strict=False)) % 11
        if second != 10:
            return f"{start}{first}{second}"
    raise AssertionError


def authorisation(profession: str, **changes: Any) -> ProfessionalAuthorisation:
    """One that is in force and has no end, of somebody who is still to be made."""
    columns = {"profession_name": profession, "kind": "1", "kind_name": "Autorisasjon", "is_active": True}
    return ProfessionalAuthorisation(profession=profession, **columns | {"valid_from": date(2013, 6, 20)} | changes)


class Builders:
    def __init__(self, app: Flask) -> None:
        self.app = app

    @contextmanager
    def _context(self) -> Iterator[None]:
        if has_app_context():
            yield
            db.session.commit()
        else:
            with self.app.app_context():
                yield
                db.session.commit()

    def account(self, name: str | None = "Solveig Prøve", number: str | None = None) -> Account:
        """A person who has signed in once; `account.number` is the national identity number in clear, for tests
        only."""
        number = number or synthetic_number()
        with self._context():
            row = Account(id=uuid4(), name=name, created_at=clock.now(), last_login_at=clock.now())
            national_ids.put(row, number)
            row.identities.append(Identity(issuer="https://test.example", subject=f"sub-{row.id}"))
            db.session.add(row)
        row.number = number  # type: ignore[attr-defined]
        return row

    def staff(self, role: Role = Role.CASEWORKER, name: str = "Saga Saksbehandler") -> Account:
        """Somebody at the Directorate."""
        account = self.account(name)
        with self._context():
            staff.add(name, account.number, role)  # type: ignore[attr-defined]
        return account

    def registration(
        self,
        account: Account | None = None,
        status: ProfessionalStatus = ProfessionalStatus.STARTED,
        **facts: Any,
    ) -> Professional:
        """A registration and nothing around it. `professional.person` is the account."""
        person = account or self.account("Pia Pleier")
        now = clock.now()
        with self._context():
            row = Professional(
                **{
                    "id": uuid4(),
                    "account_id": person.id,
                    "status": status,
                    "started_at": now,
                    "completed_at": None if status is ProfessionalStatus.STARTED else now,
                    "last_used_at": now,
                    **facts,
                }
            )
            db.session.add(row)
        row.person = person  # type: ignore[attr-defined]
        return row

    def professional(self, account: Account | None = None, *, listed: bool = True, **changes: Any) -> Professional:
        """A finished registration of a nurse in Trondheim, listed unless told otherwise (then without the second
        consent). Changes go to the row they belong to: email=…, competence__professions=[…], hpr__status=…,
        availability__confirmed_at=…, reach__counties=[…]. `professional.number` is the national identity number and
        `professional.person` the account."""
        account = account or self.account("Kari Prøve")
        with self._context():
            now = clock.now()
            row = Professional(
                id=uuid4(),
                account_id=account.id,
                status=ProfessionalStatus.ACTIVE,
                started_at=now,
                completed_at=now,
                last_used_at=now,
                given_name="Kari",
                family_name="Prøve",
                email="kari.prove@example.no",
                email_confirmed_at=now,
                phone="+4798765432",
                postal_code="7013",
                municipality_number="5001",
                language=Language.BOKMAL,
                competence=Competence(
                    professions=["SP"],
                    fields=[FieldOfWork.NURSING_HOME],
                    experience=Experience.FROM_2_TO_5,
                    last_practised=clock.today().year,
                    languages=["nb"],
                    has_driving_licence=True,
                ),
                availability=Availability(
                    kind=AvailabilityKind.NOW,
                    workload=Workload.P100,
                    times=[TimeOfDay.DAY, TimeOfDay.NIGHT],
                    start_speed=StartSpeed.WITHIN_WEEK,
                    confirmed_at=now,
                ),
                reach=Reach(municipalities=["5001"], travel=TravelTime.ONE_HOUR, housing=Housing.NO),
                hpr=HprRecord(
                    # Not due: most people here are not in the stand-in of HPR.
                    status=HprStatus.VALID,
                    number="9900123",
                    checked_at=now,
                    asked_at=now,
                    next_check_at=None,
                ),
                authorisations=[authorisation("SP", profession_name="Sykepleier")],
            )
            wanted = list(ConsentPurpose)[: 2 if listed else 1]
            row.consents = [self.consent_event(purpose, order) for order, purpose in enumerate(wanted)]
            for name, value in changes.items():
                part, _, column = name.rpartition("__")
                setattr(getattr(row, part) if part else row, column, value)
            db.session.add(row)
            listing.refresh(row.id)
        row.number = getattr(account, "number", None)  # type: ignore[attr-defined]
        row.person = account  # type: ignore[attr-defined]
        return row

    def consent_event(self, purpose: ConsentPurpose, order: int = 0, **changes: Any) -> ConsentEvent:
        """A consent given now, not yet in the database."""
        version = consents.current(clock.today())
        facts: dict[str, Any] = {
            "purpose": purpose,
            "act": ConsentAct.GIVEN,
            "text_version": version.name,
            "text_hash": version.hash_of(purpose, Language.BOKMAL),
            "language": Language.BOKMAL,
            "happened_at": clock.now(),
            "order": order,
            "channel": "web",
            "login_level": "idporten-loa-high",
        }
        return ConsentEvent(**(facts | changes))

    def organisation(self, number: str | None = None, name: str | None = None, **facts: Any) -> Organisation:
        """A municipality (Trondheim by default), made once."""
        number = number or "942110464"
        with self._context():
            row = db.session.scalar(select(Organisation).where(Organisation.number == number))
            if row is None:
                row = Organisation(
                    **{
                        "number": number,
                        "name": name or f"KOMMUNE {number}",
                        "kind": OrganisationKind.MUNICIPALITY,
                        "form": "KOMM",
                        "address": "Rådhusgata 1, 7013 Trondheim",
                        "language": Language.BOKMAL,
                        "verified_at": clock.now(),
                        **facts,
                    }
                )
                db.session.add(row)
        return row

    def nominee(self, application: AccessApplication, number: str | None = None, **facts: Any) -> Nominee:
        """A person named in an application; `nominee.number` is the number in clear."""
        number = number or synthetic_number()
        with self._context():
            position = 1 + (
                db.session.scalar(
                    select(Nominee.position)
                    .where(Nominee.application_id == application.id)
                    .order_by(Nominee.position.desc())
                    .limit(1)
                )
                or 0
            )
            row = Nominee(
                id=uuid4(),
                application_id=application.id,
                position=position,
                **{
                    "given_name": "Nora",
                    "family_name": f"Nominert{'abcdefghijklmnopqrst'[position - 1]}",
                    "email": f"person{next(_serial)}@kommune.example",
                    "mobile": "+4798765432",
                    "job_title": "Avdelingsleder",
                    "access_level": AccessLevel.READER,
                    **facts,
                },
            )
            national_ids.put(row, number)
            db.session.add(row)
        row.number = number  # type: ignore[attr-defined]
        return row

    def application(
        self,
        status: ApplicationStatus = ApplicationStatus.DRAFT,
        *,
        submitter: Account | None = None,
        organisation: Organisation | None = None,
        nominees: int = 1,
        **facts: Any,
    ) -> AccessApplication:
        """A complete application in `status`; past the draft it carries a snapshot made from the row."""
        submitter = submitter or self.account("Inger Innsender")
        organisation = organisation or self.organisation()
        now = clock.now()
        sent = status is not ApplicationStatus.DRAFT
        with self._context():
            row = AccessApplication(
                id=uuid4(),
                **{
                    "reference": uuid4().hex[:12].upper(),
                    "status": status,
                    "organisation_id": organisation.id,
                    "unit_number": organisation.number,
                    "unit_name": organisation.name,
                    "language": Language.BOKMAL,
                    "submitter_id": submitter.id,
                    "submitter_name": submitter.name or "",
                    "submitter_email": "innsender@kommune.example",
                    "submitter_mobile": "+4791234567",
                    "submitter_job_title": "Personalrådgiver",
                    "contact_kind": ContactKind.SUBMITTER,
                    "created_at": now,
                    "changed_at": now,
                    "changed_by_id": submitter.id,
                    "submitted_at": now if sent else None,
                    "snapshot": {} if sent else None,
                    "snapshot_sha256": b"" if sent else None,
                    "right_confirmed_at": now if sent else None,
                    "registry_verified": True,
                    "due_on": clock.today() + timedelta(days=5) if sent else None,
                    "decided_at": now if status in ("granted", "partly_granted", "declined") else None,
                    "withdrawn_at": now if status == "withdrawn" else None,
                    **facts,
                },
            )
            db.session.add(row)
        row.people = [self.nominee(row) for _ in range(nominees)]  # type: ignore[attr-defined]
        return row

    def user(
        self,
        level: AccessLevel = AccessLevel.READER,
        *,
        organisation: Organisation | None = None,
        account: Account | None = None,
        status: GrantStatus = GrantStatus.ACTIVE,
    ) -> Grant:
        """A grant in `status`: of a person who has taken it into use, or is invited. `grant.person` is the account."""
        account = account or self.account("Berit Bruker")
        organisation = organisation or self.organisation()
        application = self.application(ApplicationStatus.GRANTED, organisation=organisation, nominees=0)
        nominee = self.nominee(application, account.number, access_level=level, granted_level=level, outcome="granted")  # type: ignore[attr-defined]
        now = clock.now()
        taken = status is not GrantStatus.INVITED
        with self._context():
            row = Grant(
                id=uuid4(),
                organisation_id=organisation.id,
                nominee_id=nominee.id,
                account_id=account.id if taken else None,
                level=level,
                granted_level=level,
                status=status,
                created_at=now,
                confirmed_at=now,
                accepted_at=now if taken else None,
                ended_at=now if status is GrantStatus.ENDED else None,
            )
            db.session.add(row)
        row.person = account  # type: ignore[attr-defined]
        return row

    def shortlist(self, grant: Grant, *people: Professional, name: str = "Sommervikarer") -> Shortlist:
        """A list that this user of an organisation has made, with these people on it; `list.places` are their ids on
        it, in the same order."""
        now = clock.now()
        with self._context():
            row = Shortlist(
                id=uuid4(),
                organisation_id=grant.organisation_id,
                name=name,
                created_by_id=grant.account_id,
                created_at=now,
                used_at=now,
            )
            places = [
                ShortlistEntry(id=uuid4(), professional_id=person.id, added_by_id=grant.account_id, added_at=now)
                for person in people
            ]
            row.entries = list(places)
            db.session.add(row)
        row.places = [place.id for place in places]  # type: ignore[attr-defined]
        return row

    def saved_search(self, grant: Grant, **facts: Any) -> SavedSearch:
        """A search for nurses that this user has saved now, without alerts unless told otherwise."""
        now = clock.now()
        with self._context():
            row = SavedSearch(
                **{
                    "id": uuid4(),
                    "organisation_id": grant.organisation_id,
                    "account_id": grant.account_id,
                    "name": "Sykepleiere",
                    "filters": {"professions": ["SP"]},
                    "frequency": AlertFrequency.NEVER,
                    "created_at": now,
                    "told_until": now,
                    **facts,
                }
            )
            db.session.add(row)
        return row

    def invitation(self, grant: Grant | None = None, status: InvitationStatus = InvitationStatus.SENT) -> Invitation:
        """An invitation to a grant; `invitation.token` is what stands in the link."""
        grant = grant or self.user(status=GrantStatus.INVITED)
        inviter = self.staff(name="Ivar Inviterer")
        now = clock.now()
        with self._context():
            id_ = uuid4()
            token = keyring().link_token("invitation", str(id_))
            row = Invitation(
                id=id_,
                grant_id=grant.id,
                token_hash=hash_of(token),
                status=status,
                language=Language.BOKMAL,
                email="invitert@kommune.example",
                created_at=now,
                created_by_id=inviter.id,
                expires_at=now + timedelta(days=14),
                sent_at=now if status is not InvitationStatus.QUEUED else None,
                accepted_at=now if status is InvitationStatus.ACCEPTED else None,
            )
            db.session.add(row)
        row.token = token  # type: ignore[attr-defined]
        return row

    def question(self, application: AccessApplication, asked_by: Account, **facts: Any) -> Question:
        """An open question about an application."""
        with self._context():
            row = Question(
                **{
                    "application_id": application.id,
                    "text": "Hvorfor trenger personen tilgang?",
                    "opened_steps": [],
                    "due_on": clock.today() + timedelta(days=14),
                    "asked_by_id": asked_by.id,
                    "asked_at": clock.now(),
                    **facts,
                }
            )
            db.session.add(row)
        return row

    def decision(self, application: AccessApplication, proposed_by: Account | None = None, **facts: Any) -> Decision:
        """A decision in force; of the submitter's when nobody else is given."""
        now = clock.now()
        with self._context():
            row = Decision(
                **{
                    "application_id": application.id,
                    "status": DecisionStatus.FINAL,
                    "outcomes": [],
                    "letter": "# Vedtak\n\nTekst.",
                    "language": Language.BOKMAL,
                    "proposed_by_id": proposed_by.id if proposed_by else application.submitter_id,
                    "proposed_at": now,
                    "decided_at": now,
                    **facts,
                }
            )
            db.session.add(row)
        return row

    def actor(self, account: Account, role: Role = Role.SUBMITTER, organisation: Any = None, **facts: Any) -> Actor:
        """The actor a session of this account would give, for tests of services."""
        now = clock.now()
        return Actor(
            **{
                "account_id": account.id,
                "session_id": uuid4(),
                "name": account.name,
                "role": role,
                "authenticated_at": now,
                "started_at": now,
                "last_seen_at": now,
                "expires_at": now + timedelta(hours=8),
                "organisation_id": organisation.id if organisation is not None else None,
                "organisation_name": organisation.name if organisation is not None else None,
                **facts,
            }
        )
