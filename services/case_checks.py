"""What a caseworker would otherwise look up by hand, as checks with a result in words (ux.md B2, «Kontroller»)."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from extensions import clock
from extensions.database import db
from extensions.language import show_date, show_datetime
from models.application import AccessApplication, Nominee
from models.enums import GrantStatus
from models.grant import Grant
from models.organisation import Organisation
from services import national_ids, references, words
from services.case_rules import OPEN

REGISTRY_FRESH = timedelta(hours=24)
"""How old Enhetsregisteret's answer may be when access is granted."""

FREE_MAIL = frozenset(
    """
    altibox.no aol.com broadpark.no c2i.net fastmail.com frisurf.no getmail.no gmail.com gmx.com gmx.net googlemail.com
    haugnett.no hey.com hotmail.com hotmail.no icloud.com live.com live.no lyse.net mac.com mail.com me.com msn.com
    online.no outlook.com proton.me protonmail.com start.no tele2.no yahoo.com yahoo.no yandex.com zoho.com
    """.split()  # noqa: SIM905
)
_GENERIC_WORDS = frozenset({"kommune", "herad", "suohkan", "gielda", "gïelte", "tjïelte", "hf", "rhf", "helseforetak"})
_SHARED_SUFFIXES = frozenset({"kommune", "herad", "suohkan"})
"""Second-level names under .no that municipalities share: the label before them names the municipality."""
_FOLDED = str.maketrans({"ø": "o", "æ": "ae", "đ": "d", "ŋ": "n", "ŧ": "t", "ß": "ss"})


class CheckState(StrEnum):
    FINE = "fine"
    LOOK = "look"
    """The caseworker should look; it does not stop the decision."""


@dataclass(frozen=True)
class Check:
    key: str
    title: str
    state: CheckState
    lines: tuple[str, ...]


def is_free_mail(address: str) -> bool:
    """Whether an address is at a provider anybody can get one from."""
    return domain_of(address) in FREE_MAIL


def domain_of(address: str) -> str:
    return address.rsplit("@", 1)[-1].lower()


def is_registry_fresh(organisation: Organisation) -> bool:
    """Whether Enhetsregisteret has confirmed the organisation within the last day."""
    return organisation.verified_at is not None and clock.now() - organisation.verified_at <= REGISTRY_FRESH


def belongs_to(domain: str, organisation_name: str) -> bool:
    """Whether a mail domain reads as the organisation's own: `trondheim.kommune.no`, `stolav.no`. A hint, no gate."""
    labels = domain.lower().split(".")[:-1]
    if len(labels) > 1 and labels[-1] in _SHARED_SUFFIXES:
        labels = labels[:-1]
    label = _folded(labels[-1]) if labels else ""
    return bool(label) and any(_alike(label, name) for name in _names_in(organisation_name))


def _names_in(organisation_name: str) -> Iterable[str]:
    for part in re.split(r"[/–]| - ", organisation_name.lower()):
        words_left = [word for word in part.split() if word not in _GENERIC_WORDS]
        if name := _folded("".join(words_left)):
            yield name


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.lower().translate(_FOLDED))
    return re.sub(r"[^a-z0-9]", "", plain)


def _alike(label: str, name: str) -> bool:
    return label == name or (len(label) >= 4 and name.startswith(label)) or (len(name) >= 4 and label.startswith(name))


def of(application: AccessApplication) -> list[Check]:
    """Every check of a case, in the order the page shows them."""
    grants = _grants_of(application)
    return [
        _registry(application.organisation),
        _right(application),
        _addresses(application, grants),
        _earlier_access(application, grants),
        _duplicates(application),
    ]


def all_fine(checks: Iterable[Check]) -> bool:
    return all(check.state is CheckState.FINE for check in checks)


def _check(key: str, title: str, problems: list[str], fine: str) -> Check:
    return Check(key, title, CheckState.LOOK if problems else CheckState.FINE, tuple(problems) or (fine,))


def _registry(organisation: Organisation) -> Check:
    kind = words.ORGANISATION_KIND[organisation.kind]
    when = show_datetime(organisation.verified_at) if organisation.verified_at else None
    problems = []
    if organisation.needs_check:
        problems.append(
            _("Navnet sier helseforetak, men virksomheten står ikke på listen over helseforetak. Sjekk hva den er.")
        )
    if when is None:
        problems.append(_("Enhetsregisteret har ikke bekreftet virksomheten ennå. Spør på nytt."))
    fine = _(
        "%(type)s, organisasjonsform %(form)s. Bekreftet %(tid)s. "
        "Vi spør på nytt når du innvilger, hvis svaret er over ett døgn gammelt.",
        type=kind,
        form=organisation.form,
        tid=when or "–",
    )
    return _check("registry", _("Virksomhetstype i Enhetsregisteret"), problems, fine)


def _right(application: AccessApplication) -> Check:
    confirmed = application.right_confirmed_at
    return _check(
        "right",
        _("Innsenderens rett da søknaden ble signert"),
        [] if confirmed else [_("Altinn har ikke bekreftet at innsenderen kunne søke for virksomheten.")],
        _("Altinn bekreftet retten %(tid)s.", tid=show_datetime(confirmed)) if confirmed else "",
    )


def _addresses(application: AccessApplication, grants: list[Grant]) -> Check:
    """Each person's mail domain against the organisation's name and the domains its users already have."""
    known = {
        domain_of(grant.nominee.email)
        for grant in grants
        if grant.organisation_id == application.organisation_id and grant.status is GrantStatus.ACTIVE
    }
    names = (application.organisation.name, application.unit_name)
    problems = []
    for nominee in application.nominees:
        domain = domain_of(nominee.email)
        if domain in FREE_MAIL:
            problems.append(_("%(navn)s har en privat e-postadresse (%(domene)s).", navn=nominee.name, domene=domain))
        elif domain not in known and not any(belongs_to(domain, name) for name in names):
            problems.append(
                _(
                    "%(navn)s bruker %(domene)s, som ikke ligner på navnet til virksomheten.",
                    navn=nominee.name,
                    domene=domain,
                )
            )
    domains = ", ".join(sorted({domain_of(nominee.email) for nominee in application.nominees}))
    return _check(
        "addresses",
        _("E-postdomene per person"),
        problems,
        _("Alle bruker adresser som ligner på virksomhetens: %(domener)s.", domener=domains),
    )


def _grants_of(application: AccessApplication) -> list[Grant]:
    """Every grant the organisation has, and every grant the persons have elsewhere."""
    persons = [index for nominee in application.nominees for index in _indexes_of(nominee)]
    return list(
        db.session.scalars(
            select(Grant)
            .join(Nominee, Nominee.id == Grant.nominee_id)
            .options(joinedload(Grant.nominee), joinedload(Grant.organisation))
            .where(
                (Grant.organisation_id == application.organisation_id) | Nominee.national_id_index.in_(persons),
                Nominee.application_id != application.id,
            )
        )
    )


def _indexes_of(nominee: Nominee) -> list[bytes]:
    number = national_ids.read(nominee)
    return national_ids.indexes_of(number) if number else []


def _earlier_access(application: AccessApplication, grants: list[Grant]) -> Check:
    problems = []
    for nominee in application.nominees:
        indexes = set(_indexes_of(nominee))
        problems += [
            _about(grant, nominee, application) for grant in grants if grant.nominee.national_id_index in indexes
        ]
    users = sum(
        grant.organisation_id == application.organisation_id and grant.status is not GrantStatus.ENDED
        for grant in grants
    )
    fine = (
        ngettext(
            "Virksomheten har %(num)s bruker fra før. Ingen av personene har hatt tilgang her.",
            "Virksomheten har %(num)s brukere fra før. Ingen av personene har hatt tilgang her.",
            users,
        )
        if users
        else _("Virksomheten har ingen brukere nå. Ingen av personene har hatt tilgang her.")
    )
    return _check("earlier_access", _("Tidligere tilgang"), problems, fine)


def _about(grant: Grant, nominee: Nominee, application: AccessApplication) -> str:
    if grant.status is GrantStatus.ENDED:
        text = _(
            "%(navn)s har hatt tilgang for %(virksomhet)s. %(grunn)s %(dato)s.",
            navn=nominee.name,
            virksomhet=grant.organisation.name,
            grunn=words.GRANT_END[grant.ended_as] if grant.ended_as else _("Avsluttet"),
            dato=show_date(grant.ended_at) if grant.ended_at else "",
        )
    elif grant.organisation_id == application.organisation_id:
        text = _("%(navn)s har allerede tilgang for virksomheten.", navn=nominee.name)
    else:
        text = _("%(navn)s har også tilgang for %(virksomhet)s.", navn=nominee.name, virksomhet=grant.organisation.name)
    return str(text)


def _duplicates(application: AccessApplication) -> Check:
    """Other open applications from the organisation, and the same persons in open applications anywhere."""
    persons = {index: nominee for nominee in application.nominees for index in _indexes_of(nominee)}
    others = db.session.scalars(
        select(AccessApplication)
        .options(joinedload(AccessApplication.organisation), joinedload(AccessApplication.nominees))
        .where(
            AccessApplication.id != application.id,
            AccessApplication.status.in_(OPEN),
            (AccessApplication.organisation_id == application.organisation_id)
            | AccessApplication.nominees.any(Nominee.national_id_index.in_(persons)),
        )
        .order_by(AccessApplication.submitted_at)
    ).unique()
    problems = []
    for other in others:
        theirs = (nominee.national_id_index for nominee in other.nominees)
        same = [persons[index].name for index in theirs if index in persons]
        reference = references.grouped(other.reference)
        if same:
            problems.append(
                _(
                    "%(navn)s står også i søknad %(ref)s fra %(virksomhet)s.",
                    navn=", ".join(same),
                    ref=reference,
                    virksomhet=other.organisation.name,
                )
            )
        else:
            problems.append(_("Virksomheten har også søknad %(ref)s til behandling.", ref=reference))
    return _check("duplicates", _("Mulig duplikat"), problems, _("Vi finner ingen andre søknader som ligner."))
