"""E-mails: what they say, that each is sent once, and what becomes of those that cannot be (ux.md section 6, R9)."""

# ruff: noqa: E501 - the guide's texts

import re
from datetime import date, datetime, timedelta
from html.parser import HTMLParser
from uuid import UUID

import pytest
from sqlalchemy import select

from dev.bootstrap import compile_translations
from extensions import clock
from extensions.database import db
from extensions.keys import Purpose, keyring
from models.audit import AuditEvent
from models.enums import ApplicationStatus, InvitationStatus, Language, MessageKind, MessageStatus
from models.grant import Invitation
from models.message import Message
from models.national_numbers import occurs_in
from models.outbox import OutboxEntry
from services import links, mail_delivery, mailbox, messages
from services.messages import Unsendable

NB, NN, EN = Language.BOKMAL, Language.NYNORSK, Language.ENGLISH
END = {
    NB: "Hilsen Helsedirektoratet\n\nDu kan ikke svare på denne e-posten. Ikke send sensitive opplysninger på e-post. "
    "Hjelp: localhost/hjelp",
    NN: "Helsing Helsedirektoratet\n\nDu kan ikkje svare på denne e-posten. Ikkje send sensitive opplysningar på e-post. "
    "Hjelp: localhost/nn/hjelp",
}
SERVICE = "Nasjonalt register over tilgjengelig helsepersonell"
WORDS = {
    (MessageKind.APPLICATION_RECEIVED, NB): (
        "Vi har mottatt søknaden ABCD EFGH 2345",
        "Vi har mottatt søknaden om tilgang for Sørreisa kommune. Vi behandler den innen 5 dager. Logg inn på localhost for "
        "å se status og laste ned kvitteringen.",
    ),
    (MessageKind.APPLICATION_RECEIVED, NN): (
        "Vi har fått søknaden ABCD EFGH 2345",
        "Vi har fått søknaden om tilgang for Sørreisa kommune. Vi behandlar han innan 5 dagar. Logg inn på localhost for å "
        "sjå status og laste ned kvitteringa.",
    ),
    (MessageKind.MORE_INFORMATION, NB): (
        "Vi trenger svar om søknaden ABCD EFGH 2345",
        "Vi har et spørsmål om søknaden for Sørreisa kommune. Svar innen 5. juni 2027. Logg inn på localhost og velg "
        "«Svar nå».",
    ),
    (MessageKind.MORE_INFORMATION, NN): (
        "Vi treng svar om søknaden ABCD EFGH 2345",
        "Vi har eit spørsmål om søknaden for Sørreisa kommune. Svar innan 5. juni 2027. Logg inn på localhost og vel "
        "«Svar no».",
    ),
    (MessageKind.APPLICATION_GRANTED, NB): (
        "Søknaden ABCD EFGH 2345 er innvilget",
        "Sørreisa kommune har fått tilgang til registeret. Personene som har fått tilgang, får hver sin invitasjon. Logg inn "
        "på localhost for å lese vedtaket.",
    ),
    (MessageKind.APPLICATION_GRANTED, NN): (
        "Søknaden ABCD EFGH 2345 er innvilga",
        "Sørreisa kommune har fått tilgang til registeret. Personane som har fått tilgang, får kvar sin invitasjon. Logg inn "
        "på localhost for å lese vedtaket.",
    ),
    (MessageKind.APPLICATION_DECLINED, NB): (
        "Vi har behandlet søknaden ABCD EFGH 2345",
        "Vi har avgjort søknaden for Sørreisa kommune. Logg inn på localhost for å lese vedtaket, begrunnelsen og hvordan "
        "dere kan klage.",
    ),
    (MessageKind.APPLICATION_DECLINED, NN): (
        "Vi har behandla søknaden ABCD EFGH 2345",
        "Vi har avgjort søknaden for Sørreisa kommune. Logg inn på localhost for å lese vedtaket, grunngivinga og korleis "
        "de kan klage.",
    ),
    (MessageKind.APPEAL_UPHELD, NB): (
        "Klagen om søknaden ABCD EFGH 2345 er tatt til følge",
        "Vi har tatt klagen fra Sørreisa kommune til følge. En saksbehandler som ikke var med på det første vedtaket, "
        "behandler søknaden på nytt. Logg inn på localhost for å følge den.",
    ),
    (MessageKind.APPEAL_UPHELD, NN): (
        "Klaga om søknaden ABCD EFGH 2345 er teken til følgje",
        "Vi har teke klaga frå Sørreisa kommune til følgje. Ein saksbehandlar som ikkje var med på det første vedtaket, "
        "behandlar søknaden på nytt. Logg inn på localhost for å følgje han.",
    ),
    (MessageKind.PROVISIONAL_REPLY, NB): (
        "Vi har ikke avgjort søknaden ABCD EFGH 2345 ennå",
        "Det tar mer enn en måned å avgjøre søknaden for Sørreisa kommune. Vi må undersøke noe i søknaden nærmere. Vi regner "
        "med å svare innen 5. juni 2027.\n\nLogg inn på localhost for å følge søknaden.",
    ),
    (MessageKind.PROVISIONAL_REPLY, NN): (
        "Vi har ikkje avgjort søknaden ABCD EFGH 2345 enno",
        "Det tek meir enn ein månad å avgjere søknaden for Sørreisa kommune. Vi må undersøkje noko i søknaden nærare. Vi "
        "reknar med å svare innan 5. juni 2027.\n\nLogg inn på localhost for å følgje søknaden.",
    ),
    (MessageKind.INVITATION, NB): (
        "Invitasjon til registeret",
        f"Sørreisa kommune har fått tilgang til {SERVICE}, og du er invitert som bruker. Ta imot innen 5. juni 2027:\n\n"
        "http://localhost/i/TOKEN\n\nDu logger inn med ID-porten. Lenken er personlig, ikke send den videre. "
        "Venter du ikke denne e-posten, kan du slette den.",
    ),
    (MessageKind.INVITATION, NN): (
        "Invitasjon til registeret",
        f"Sørreisa kommune har fått tilgang til {SERVICE}, og du er invitert som brukar. Ta imot innan 5. juni 2027:\n\n"
        "http://localhost/nn/i/TOKEN\n\nDu loggar inn med ID-porten. Lenka er personleg, ikkje send ho vidare. "
        "Ventar du ikkje denne e-posten, kan du slette han.",
    ),
    (MessageKind.INVITATION_REMINDER, NB): (
        "Påminnelse: invitasjon til registeret",
        "Du har ikke tatt imot invitasjonen fra Sørreisa kommune ennå. Den gjelder til 5. juni 2027:\n\n"
        "http://localhost/i/TOKEN",
    ),
    (MessageKind.INVITATION_REMINDER, NN): (
        "Påminning: invitasjon til registeret",
        "Du har ikkje teke imot invitasjonen frå Sørreisa kommune enno. Han gjeld til 5. juni 2027:\n\n"
        "http://localhost/nn/i/TOKEN",
    ),
    (MessageKind.INVITATION_EXPIRED, NB): (
        "Invitasjonen til registeret er utløpt",
        "Invitasjonen fra Sørreisa kommune gikk ut 5. juni 2027. Trenger du fortsatt tilgang, kan du be kontaktpersonen "
        "sende en ny.",
    ),
    (MessageKind.INVITATION_EXPIRED, NN): (
        "Invitasjonen til registeret har gått ut",
        "Invitasjonen frå Sørreisa kommune gjekk ut 5. juni 2027. Treng du framleis tilgang, kan du be kontaktpersonen "
        "sende ein ny.",
    ),
    (MessageKind.LISTING_LOST, NB): (
        "Du vises ikke lenger for virksomheter",
        "Virksomheter som søker i registeret, kan ikke lenger se deg. Logg inn på localhost for å se hvorfor, og hva du kan "
        "gjøre.",
    ),
    (MessageKind.PROFILE_ERASED, NB): (
        "Profilen din er slettet",
        "Du trakk samtykket 5. juni 2027 kl. 13.45. Vi har slettet opplysningene dine i registeret.\n\nVirksomheter du har "
        "hatt kontakt med, kan ha egne notater. Spør dem hvis du vil ha innsyn eller sletting.\n\nReferanse: ABCD EFGH 2345",
    ),
    (MessageKind.PROFILE_ERASED, NN): (
        "Profilen din er sletta",
        "Du trekte samtykket 5. juni 2027 kl. 13.45. Vi har sletta opplysningane dine i registeret.\n\nVerksemder du har "
        "hatt kontakt med, kan ha eigne notat. Spør dei viss du vil ha innsyn eller sletting.\n\nReferanse: ABCD EFGH 2345",
    ),
    (MessageKind.BEFORE_ERASURE, NB): (
        "Profilen din blir slettet 5. juli 2027",
        "Du har ikke brukt profilen siden 5. juli 2022. Vi sletter den 5. juli 2027.\n\nVil du stå i registeret, kan du "
        "logge inn på localhost og bekrefte at du er tilgjengelig.",
    ),
    (MessageKind.BEFORE_ERASURE, NN): (
        "Profilen din blir sletta 5. juli 2027",
        "Du har ikkje brukt profilen sidan 5. juli 2022. Vi slettar han 5. juli 2027.\n\nVil du stå i registeret, kan du "
        "logge inn på localhost og stadfeste at du er tilgjengeleg.",
    ),
    (MessageKind.NEW_PEOPLE, NB): (
        "Nye personer som passer søket ditt",
        "Det er 3 nye treff siden 5. juni 2027 i søkene du har lagret for Sørreisa kommune. Logg inn på localhost for å se "
        f"dem.\n\nStopp varslene:\n\nhttp://localhost/v/{UUID(int=7)}/STOP",
    ),
    (MessageKind.PRIVACY_CASE_RECEIVED, NB): (
        "Vi har mottatt saken ABCD EFGH 2345",
        "Vi har mottatt saken din om personvern. Du får svar innen 5. juni 2027. Det er gratis.\n\nLogg inn på localhost for "
        "å følge saken.",
    ),
}
ABOUT_PRIVACY_CASES = (
    MessageKind.PRIVACY_CASE_RECEIVED,
    MessageKind.PRIVACY_CASE_EXTENDED,
    MessageKind.PRIVACY_CASE_ANSWERED,
)
FACTS = {
    MessageKind.FILE_REFUSED: {"uploaded_on": date(2027, 6, 5), "was_closed": False},
    MessageKind.MORE_INFORMATION: {"due_on": date(2027, 6, 5)},
    MessageKind.PROVISIONAL_REPLY: {"reason": "examined", "expected_on": date(2027, 6, 5)},
    MessageKind.RECONFIRMATION_DUE: {"due_on": date(2027, 6, 5)},
    MessageKind.ACCESS_UNUSED: {"since": date(2027, 3, 5), "due_on": date(2027, 6, 5)},
    MessageKind.ACCESS_LOCKED: {"since": date(2027, 3, 5)},
    MessageKind.INVITATION_ACCEPTED: {"accepted": datetime(2027, 6, 5, 13, 45, tzinfo=clock.OSLO)},
    MessageKind.NEW_PEOPLE: {"grant_id": str(UUID(int=7)), "count": 3, "is_more": False, "since": date(2027, 6, 5)},
    MessageKind.PROFILE_ERASED: {
        "asked_at": datetime(2027, 6, 5, 13, 45, tzinfo=clock.OSLO),
        "reference": "ABCD EFGH 2345",
        "by_person": True,
    },
    MessageKind.SHORTLIST_UNUSED: {"deleted_on": date(2027, 6, 5)},
    MessageKind.BEFORE_ERASURE: {"used_on": date(2022, 7, 5), "erased_on": date(2027, 7, 5)},
    **{kind: {"reference": "ABCD EFGH 2345", "due_on": date(2027, 6, 5)} for kind in ABOUT_PRIVACY_CASES},
}
OF_INVITATIONS = {MessageKind.INVITATION, MessageKind.INVITATION_REMINDER, MessageKind.INVITATION_EXPIRED}


@pytest.fixture(scope="module", autouse=True)
def languages():
    compile_translations()


@pytest.fixture
def organisation(make):
    return make.organisation("940755603", "Sørreisa kommune")


@pytest.fixture
def invitation(make, organisation):
    row = make.invitation(make.user(organisation=organisation, status="invited"), status=InvitationStatus.QUEUED)
    row.expires_at = datetime(2027, 6, 5, 21, 59, tzinfo=clock.OSLO)
    return row


@pytest.fixture
def application(make, organisation):
    return make.application(ApplicationStatus.SUBMITTED, organisation=organisation, reference="ABCDEFGH2345")


@pytest.fixture
def message(application, invitation):
    """message(kind, language): a queued message about the application, or about the invitation."""
    db.session.merge(invitation)

    def queue(kind, language=NB, recipient="navn@kommune.example", **facts):
        about = {"invitation_id": invitation.id} if kind in OF_INVITATIONS else {"application_id": application.id}
        queued = mailbox.queue(kind, "event", recipient, language, **about, **FACTS.get(kind, {}), **facts)
        db.session.commit()
        return queued

    return queue


@pytest.fixture
def written(message):
    return lambda *args, **facts: messages.compose(message(*args, **facts))


def body(email, kind):
    return email.get_body((kind,)).get_content().replace("\r\n", "\n")


class Reader(HTMLParser):
    """What a person reads in the HTML part."""

    def __init__(self, html):
        super().__init__()
        self.words = []
        self.is_body = False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.is_body = self.is_body or tag == "body"

    def handle_data(self, data):
        if self.is_body:
            self.words += data.split()


@pytest.mark.parametrize(("kind", "language"), WORDS)
def test_it_says_what_the_guide_says(context, written, invitation, kind, language):
    subject, text = WORDS[kind, language]
    email = written(kind, language)
    assert email["Subject"] == subject
    expected = f"{subject}\n\nHei\n\n{text}\n\n{END[language]}\n".replace("TOKEN", invitation.token)
    expected = expected.replace("STOP", links.alerts_path(UUID(int=7)).rpartition("/")[2])
    assert body(email, "plain") == expected


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("kind", MessageKind)
def test_text_and_html_say_the_same(context, written, kind, language):
    email = written(kind, language)
    html = body(email, "html")
    read = " ".join(Reader(html).words)
    for paragraph in body(email, "plain").strip().split("\n\n"):
        assert paragraph in read
    assert f'<html lang="{language}">' in html
    assert "<img" not in html and "<script" not in html and "http-equiv" not in html


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("kind", MessageKind)
def test_headers_and_limits(context, written, kind, language):
    email = written(kind, language)
    assert email["From"] == "Helsedirektoratet <ikke-svar@helsedirektoratet.example>"
    assert email["Reply-To"] == "Helsedirektoratet <hjelp@helsedirektoratet.example>"
    assert email["To"] == "navn@kommune.example"
    assert email["Auto-Submitted"] == "auto-generated"
    assert email["Content-Language"] == language
    assert len(email["Subject"]) <= 60
    found = re.findall(r"https?://\S+", body(email, "plain") + body(email, "html"))
    assert bool(found) == (kind in {MessageKind.INVITATION, MessageKind.INVITATION_REMINDER, MessageKind.NEW_PEOPLE})
    assert "Nominert" not in email.as_string() and "Innsender" not in email.as_string()
    assert not occurs_in(body(email, "plain"))


def test_an_address_longer_than_a_line_stays_one_address(context, written, settings):
    site = "https://nasjonalt-register-over-helsepersonell.helsedirektoratet.example"
    settings(base_url=site)
    stop = written(MessageKind.NEW_PEOPLE, NN).as_bytes().decode()
    assert f"\r\nList-Unsubscribe: <{site}/nn{links.alerts_path(UUID(int=7))}>\r\n" in stop
    assert "\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in stop


def test_the_button_is_a_link_followed_by_its_address(context, written, invitation):
    html = body(written(MessageKind.INVITATION), "html")
    link = f"http://localhost/i/{invitation.token}"
    assert f'<a href="{link}"' in html and ">Ta imot invitasjonen</a>" in html
    assert f"<br>{link}</p>" in html


def test_names_with_all_our_letters_and_with_markup_come_through(context, make):
    row = make.organisation("999999999", "Guovdageainnu suohkan áčđŋšŧž & <b>æøå</b>")
    queued = mailbox.queue(
        MessageKind.ACCESS_ENDED,
        "x",
        "a@b.example",
        NB,
        application_id=make.application("submitted", organisation=row).id,
    )
    email = messages.compose(queued)
    assert "Guovdageainnu suohkan áčđŋšŧž & <b>æøå</b>." in body(email, "plain")
    assert "Guovdageainnu suohkan áčđŋšŧž &amp; &lt;b&gt;æøå&lt;/b&gt;." in body(email, "html")
    assert email.as_bytes().isascii()


@pytest.mark.parametrize("bad", ["a@b.example\nBcc: x@y.example", "a@b.example\r\n", "a@b, c@d", "", "ab"])
def test_an_address_that_is_not_one_address_is_refused(context, message, bad):
    queued = message(MessageKind.APPLICATION_GRANTED, recipient=bad)
    with pytest.raises(Unsendable):
        messages.compose(queued)
    mail_delivery.send(queued.id)
    assert queued.status is MessageStatus.UNDELIVERABLE


def test_nul_is_refused():
    for text in ("a\0@b.example", "a@b.example\x7f", "a@b.example\u2028"):
        with pytest.raises(Unsendable):
            messages._address(text)


def test_a_subject_of_two_lines_is_refused(context, message, application):
    application = db.session.merge(application)
    queued = message(MessageKind.APPLICATION_GRANTED)
    application.reference = "AB\nBcc: x"
    with pytest.raises(Unsendable):
        messages.compose(queued)


def test_both_copies_of_a_repeated_mail_are_the_same(context, message):
    queued = message(MessageKind.INVITATION)
    first = messages.compose(queued)
    with clock.at(clock.now() + timedelta(hours=5)):
        second = messages.compose(queued)
    for header in ("Message-ID", "Date", "Subject", "To"):
        assert first[header] == second[header]
    assert body(first, "plain") == body(second, "plain")
    assert str(queued.id) in first["Message-ID"]


def test_the_link_is_the_stored_one_also_after_the_link_key_was_changed(app, context, message, invitation, tmp_path):
    queued = message(MessageKind.INVITATION_REMINDER)
    ring = keyring()
    before = dict(ring.primary)
    added = ring.save_with_new_primary(Purpose.LINK, tmp_path / "ring.json")
    try:
        assert ring.link_token("invitation", str(invitation.id)) != invitation.token
        assert invitation.token in body(messages.compose(queued), "plain")
    finally:
        ring.primary.update(before)
        del ring.keys[Purpose.LINK][added]


def test_the_same_event_is_one_mail(context, message, stubs, run_jobs):
    assert message(MessageKind.INVITATION) is not None
    assert message(MessageKind.INVITATION) is None
    assert run_jobs() == 1
    assert run_jobs() == 0
    assert len(stubs.mail()) == 1


def test_a_sent_invitation_is_sent(context, message, invitation, stubs, run_jobs):
    queued = message(MessageKind.INVITATION)
    run_jobs()
    mail_delivery.send(queued.id)
    (mail,) = stubs.mail()
    assert mail["links"] == [f"http://localhost/i/{invitation.token}"]
    assert fresh(queued).status is MessageStatus.SENT
    assert fresh(invitation).status is InvitationStatus.SENT
    assert fresh(invitation).sent_at == fresh(queued).sent_at
    assert actions() == ["invitation.sent"]


@pytest.mark.parametrize(("mode", "code"), [("refuse", "550"), ("reject_data", "554")])
def test_a_permanent_no_is_shown_on_message_and_invitation(context, message, invitation, stubs, run_jobs, mode, code):
    stubs.control("smtp", mode)
    queued = message(MessageKind.INVITATION)
    run_jobs()
    assert (fresh(queued).status, fresh(queued).refusal) == (MessageStatus.UNDELIVERABLE, code)
    assert fresh(invitation).status is InvitationStatus.UNDELIVERABLE
    assert actions() == ["message.undeliverable", "invitation.undeliverable"]


def test_two_days_of_no_answer_is_given_up(context, message, invitation, stubs, run_jobs):
    stubs.control("smtp", "greylist")
    queued = message(MessageKind.INVITATION)
    run_jobs()
    entry = db.session.scalars(select(OutboxEntry).execution_options(populate_existing=True)).one()
    assert entry.failures == 1 and entry.last_failure.startswith("away: smtp") and entry.done_at is None
    assert fresh(queued).status is MessageStatus.QUEUED
    with clock.at(entry.created_at + timedelta(hours=48)):
        run_jobs()
    assert (fresh(queued).status, fresh(queued).refusal) == (MessageStatus.UNDELIVERABLE, "gave_up")
    assert fresh(invitation).status is InvitationStatus.UNDELIVERABLE
    assert fresh(entry).done_at is not None


@pytest.mark.parametrize("status", [InvitationStatus.REVOKED, InvitationStatus.EXPIRED, InvitationStatus.ACCEPTED])
def test_an_invitation_that_no_longer_stands_is_not_sent(context, message, invitation, stubs, run_jobs, status):
    queued = message(MessageKind.INVITATION)
    row = db.session.get_one(Invitation, invitation.id)
    row.status, row.accepted_at = status, clock.now()
    db.session.commit()
    run_jobs()
    assert stubs.mail() == []
    assert fresh(queued).status is MessageStatus.CANCELLED


def test_a_refused_reminder_leaves_the_invitation_as_it_is(context, message, invitation, stubs, run_jobs):
    row = db.session.get_one(Invitation, invitation.id)
    row.status, row.sent_at = InvitationStatus.SENT, clock.now()
    stubs.control("smtp", "refuse")
    queued = message(MessageKind.INVITATION_REMINDER)
    run_jobs()
    assert fresh(queued).status is MessageStatus.UNDELIVERABLE
    assert fresh(invitation).status is InvitationStatus.SENT


def test_a_broken_template_is_our_fault_and_shows_no_content(context, message, stubs, run_jobs, monkeypatch, caplog):
    monkeypatch.setattr(messages, "_render", lambda *_: 1 / 0)
    message(MessageKind.INVITATION, recipient="hemmelig@kommune.example")
    run_jobs()
    entry = db.session.scalars(select(OutboxEntry).execution_options(populate_existing=True)).one()
    assert entry.last_failure.startswith("ZeroDivisionError at test_mail.py:")
    assert "hemmelig" not in caplog.text + entry.last_failure


def fresh(row):
    return db.session.get_one(type(row), row.id, populate_existing=True)


def actions():
    return list(
        db.session.scalars(
            select(AuditEvent.action)
            .where(AuditEvent.object_type.in_(("message", "invitation")))
            .order_by(AuditEvent.id)
        )
    )


def test_what_is_queued_holds_no_more_than_it_needs(context, message):
    assert isinstance(message(MessageKind.INVITATION), Message)
    entry = db.session.scalars(select(OutboxEntry)).one()
    assert list(entry.arguments) == ["message_id"]
