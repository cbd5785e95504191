"""Made-up registrations, told as the stories of commands/demo.py are: by the services, each at its own moment."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from extensions import clock
from extensions.database import db
from models.enums import (
    AvailabilityKind,
    CapacityPeriod,
    CapacityUnit,
    ConsentPurpose,
    CvSection,
    Experience,
    FieldOfWork,
    Housing,
    Language,
    LinkPurpose,
    PrivacyCaseKind,
    Role,
    StartSpeed,
    TimeOfDay,
    TravelTime,
    Visibility,
    Workload,
)
from models.professional import Link, Professional
from services import (
    areas,
    authorisations,
    availability,
    blocks,
    competence,
    consents,
    contact_details,
    cvs,
    email_confirmation,
    privacy_cases,
    registration,
)
from services.access import Actor

NOW, LATER, PAUSED = AvailabilityKind.NOW, AvailabilityKind.FROM_DATE, AvailabilityKind.PAUSED
MOST_CONSENTS = (ConsentPurpose.REGISTER, ConsentPurpose.SHOWN_TO_ORGANISATIONS, ConsentPurpose.VACANCY_ALERTS)
TRONDELAG, TRONDHEIM, TROMSO, KAUTOKEINO, KARASJOK, OSLO = "50", "5001", "5501", "5612", "5610", "0301"


@dataclass(frozen=True)
class Registration:
    """What one person answers; everything unsaid is what most would say."""

    key: str
    ago: int
    """Days since the registration."""
    postal_code: str = "7013"
    consents: Sequence[ConsentPurpose] = MOST_CONSENTS
    language: Language = Language.BOKMAL
    about: Mapping[str, Any] = field(default_factory=dict)
    competence: Mapping[str, Any] = field(default_factory=dict)
    availability: Mapping[str, Any] = field(default_factory=dict)
    reach: Mapping[str, Any] = field(default_factory=lambda: {"municipalities": [TRONDHEIM]})
    summary: str | None = None
    hides_from: str | None = None
    stops_at_about: bool = False
    confirmed_again: int | None = None
    """Days since the last confirmation, when it was after the registration."""


PEOPLE = (
    Registration(
        "professional_nurse",
        12,
        competence={"fields": [FieldOfWork.NURSING_HOME, FieldOfWork.ACUTE], "languages": ["no", "en", "uk"]},
        availability={"times": [TimeOfDay.NIGHT, TimeOfDay.WEEKEND], "start_speed": StartSpeed.SAME_DAY},
        summary="Sykepleier med ti år på akuttmottak og sykehjem. Tar gjerne nattevakter.",
    ),
    Registration(
        "professional_doctor",
        50,
        confirmed_again=9,
        competence={"professions": ["LE"], "fields": [FieldOfWork.ACUTE], "experience": Experience.OVER_10},
        availability={"kind": LATER, "from_days": 20, "workload": Workload.P60},
        reach={"counties": [TRONDELAG], "travel": TravelTime.STAY_AWAY, "housing": Housing.YES},
        hides_from="883974832",
    ),
    Registration(
        "professional_midwife",
        20,
        competence={"professions": ["JO", "SP"], "fields": [FieldOfWork.MATERNITY]},
        availability={
            "times": [TimeOfDay.WEEKEND],
            "workload": Workload.ON_CALL,
            "capacity_count": 2,
            "capacity_unit": CapacityUnit.WEEKENDS,
            "capacity_period": CapacityPeriod.MONTH,
        },
        reach={"whole_country": True, "travel": TravelTime.STAY_AWAY, "housing": Housing.DEPENDS},
    ),
    Registration(
        "professional_sami",
        5,
        postal_code="9520",
        competence={"fields": [FieldOfWork.HOME_CARE], "languages": ["no", "se", "en"]},
        reach={"municipalities": [KAUTOKEINO, KARASJOK], "travel": TravelTime.OVER_ONE_HOUR},
    ),
    Registration("professional_lis1", 8, competence={"professions": ["LE"], "experience": Experience.UP_TO_1}),
    Registration("personnel_doctor", 3, competence={"professions": ["LE"]}, reach={"counties": [TRONDELAG]}),
    Registration(
        "professional_radiographer",
        30,
        postal_code="9008",
        competence={"professions": ["RA"]},
        availability={"kind": PAUSED, "pause_days": 25},
        reach={"municipalities": [TROMSO]},
    ),
    Registration("professional_psychologist", 47, competence={"professions": ["PS"]}),
    Registration("professional_capitals", 66, competence={"professions": ["HF"]}),
    Registration("professional_social_educator", 16, consents=MOST_CONSENTS[:1], competence={"professions": ["VP"]}),
    Registration("professional_suspended", 40),
    Registration("professional_not_in_hpr", 6),
    Registration("professional_conditions", 14, competence={"professions": ["LE"]}, language=Language.NYNORSK),
    Registration(
        "professional_long_name",
        11,
        postal_code="0150",
        about={"is_address_protected": True},
        competence={"professions": ["KE"]},
        reach={"municipalities": [OSLO]},
    ),
    Registration("professional_paramedic", 2, stops_at_about=True),
)


def stories() -> list[Callable[[Any], Iterator[timedelta]]]:
    """One story for each registration, and what some of them ask."""
    return [lambda world, one=one: _registers(world, one) for one in PEOPLE] + [_asks]


def _registers(world: Any, one: Registration) -> Iterator[timedelta]:
    person = world.people[one.key]
    yield timedelta(days=one.ago)
    actor: Actor = world.actor(person, Role.PROFESSIONAL)
    professional = consents.answer(actor, set(one.consents))
    db.session.flush()
    authorisations.check(professional.id)
    given, family = person.names
    about = {
        "given_name": given,
        "family_name": family,
        "email": person.email,
        "phone": f"+479{one.ago:03d}{len(person.key):04d}",
        "street": "Furulia 7",
        "postal_code": one.postal_code,
        "citizenship": "NO",
        "language": one.language,
        "is_address_protected": False,
        "employer": "",
        "hides_from_employer": False,
    }
    contact_details.save(actor, professional, about | dict(one.about))
    if one.stops_at_about:
        return
    yield timedelta(days=one.ago) - timedelta(minutes=5)
    _confirm_address(professional)
    competence.save(actor, _competence(one))
    availability.save(actor, _availability(one.availability))
    areas.save(actor, _reach(one.reach))
    registration.finish(actor)
    if one.summary:
        cvs.save_summary(actor, one.summary)
        cvs.show_to(actor, Visibility.CONSENTED)
        job = {"title": "Sykepleier", "place": "Akuttmottaket", "from_month": 8, "from_year": 2016, "is_current": True}
        cvs.add(actor, CvSection.EXPERIENCE, job)
    if one.hides_from:
        blocks.hide(actor, one.hides_from)
    if one.confirmed_again is not None:
        yield timedelta(days=one.confirmed_again)
        availability.press(world.actor(person, Role.PROFESSIONAL), NOW)


def _competence(one: Registration) -> dict[str, Any]:
    return {
        "professions": ["SP"],
        "fields": [FieldOfWork.NURSING_HOME],
        "experience": Experience.FROM_6_TO_10,
        "last_practised": clock.today().year,
        "languages": ["no", "en"],
        "has_driving_licence": True,
        "record_systems": [],
        "other": None,
    } | dict(one.competence)


def _availability(told: Mapping[str, Any]) -> dict[str, Any]:
    answers: dict[str, Any] = {
        "kind": NOW,
        "workload": Workload.P100,
        "times": [TimeOfDay.DAY, TimeOfDay.EVENING],
        "start_speed": StartSpeed.WITHIN_WEEK,
    } | dict(told)
    for days, name in (("from_days", "from_date"), ("pause_days", "paused_until")):
        if days in answers:
            answers[name] = _in_days(answers.pop(days))
    return answers


def _in_days(days: int) -> date:
    return clock.today() + timedelta(days=days)


def _reach(told: Mapping[str, Any]) -> dict[str, Any]:
    nowhere: dict[str, Any] = {"whole_country": False, "counties": [], "municipalities": []}
    return nowhere | {"travel": TravelTime.ONE_HOUR, "housing": Housing.NO} | dict(told)


def _confirm_address(professional: Professional) -> None:
    """As if the person had followed the link of the e-mail."""
    wanted = (Link.professional_id == professional.id, Link.purpose == LinkPurpose.EMAIL_CONFIRMATION)
    link = db.session.query(Link).filter(*wanted).one()
    email_confirmation.confirm(link)


def _asks(world: Any) -> Iterator[timedelta]:
    """Two cases for the Directorate: one to correct, one about a look."""
    yield timedelta(days=4)
    for key, kind, text in (
        ("professional_midwife", PrivacyCaseKind.RECTIFY, "Navnet mitt er skrevet feil i HPR. Hva gjør jeg?"),
        ("professional_nurse", PrivacyCaseKind.LOOK_UP, "Hvem i Tromsø så på meg, og hvorfor?"),
    ):
        actor = world.actor(world.people[key], Role.PROFESSIONAL)
        privacy_cases.open_case(actor, kind, text)
