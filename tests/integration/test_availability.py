"""Availability (ux.md D7): the page, the presses on Min side, the schedule that asks and hides, and the links of its
e-mails (design.md D10, security.md C30–C37)."""

import re
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from extensions import clock
from extensions.database import db
from models.account import FormKey
from models.audit import AuditEvent
from models.enums import AvailabilityKind, CapacityPeriod, CapacityUnit, LinkPurpose, ProfessionalStatus, Role
from models.listing import Listing
from models.message import Message
from models.professional import Link, Professional
from services import availability, erasure, housekeeping, links, professionals
from services.errors import NotFound
from services.outbox import Job
from tests.pages import Page
from workers.availability import keep_fresh, refresh_listing
from workers.schedule import SCHEDULE

HOME = "/min-side"
PAGE = f"{HOME}/tilgjengelighet"
STEP = "/min-side/registrer/tilgjengelighet"
ANSWERS = {"kind": "now", "workload": "60", "times": ["evening", "weekend"], "start_speed": "same_day"}
NOON = datetime(2027, 2, 1, 12, tzinfo=clock.OSLO)


@pytest.fixture
def person(make):
    return make.professional()


@pytest.fixture
def arrive(client_for, person):
    """arrive(): the person signs in, now or at the moment the clock says."""
    return lambda: client_for(person.person, Role.PROFESSIONAL)


@pytest.fixture
def browser(arrive):
    return arrive()


@pytest.fixture
def now(app, person):
    """now(): the registration and whether it is listed, as it stands in the database."""

    def look():
        with app.app_context():
            row = db.session.get_one(Professional, person.id)
            listed = db.session.scalar(
                select(Listing.professional_id).where(
                    Listing.professional_id == person.id, Listing.listed_until > clock.now()
                )
            )
            row.availability  # noqa: B018 - loaded while there is a session
            return row, listed is not None

    return look


def errors(response):
    assert response.status_code == 422
    return re.findall(r'<p class="ds-validation-message"[^>]*>(.*?)</p>', response.text)


def in_days(days):
    return (clock.today() + timedelta(days=days)).isoformat()


class TestThePage:
    def test_what_is_said_is_kept_and_confirms(self, app, arrive, browser, submit, now):
        answers = ANSWERS | {
            "kind": "from_date", "from_date": in_days(10), "to_date": in_days(40), "capacity_until": in_days(40),
            "capacity_count": "2", "capacity_unit": "weekends", "capacity_period": "month",
        }  # fmt: skip
        with clock.at(clock.now() + timedelta(days=61)):
            assert "fordi du ikke har bekreftet siden" in arrive().get(PAGE).text
        assert submit(browser, PAGE, form=-1, **answers).headers["Location"] == "/min-side"
        row, is_listed = now()
        said = row.availability
        assert is_listed
        assert (said.kind, said.from_date) == (AvailabilityKind.FROM_DATE, clock.today() + timedelta(days=10))
        assert (said.capacity_count, said.capacity_unit) == (2, CapacityUnit.WEEKENDS)
        assert clock.now() - said.confirmed_at < timedelta(minutes=1)
        page = browser.get(PAGE).text
        assert "Løftet ditt nå: 2 helger i måneden til" in page and "Tilgjengelig fra" in page
        with app.app_context():
            event = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "availability.changed")).one()
            assert "capacity_count" in event.fields and event.subject_id == row.account_id

    def test_dates_and_promises_that_do_not_hold_together(self, browser, submit):
        yesterday, tomorrow = in_days(-1), in_days(1)
        day = (clock.today() + timedelta(days=9)).strftime("%d.%m.%Y")
        promise = {"capacity_count": "2", "capacity_unit": "weekends", "capacity_period": "month"}
        for changes, wrong in [
            ({"kind": "from_date"}, ["Velg datoen."]),
            ({"kind": "from_date", "from_date": "i morgen"}, ["Skriv datoen slik: 05.06.2027."]),
            ({"kind": "from_date", "from_date": yesterday}, ["Datoen må være i dag eller senere."]),
            ({"kind": "from_date", "from_date": "1.1.2199"}, ["Datoen er for langt fram i tid."]),
            (
                {"kind": "from_date", "from_date": in_days(9), "to_date": in_days(8)},
                [f"Sluttdatoen kan ikke være før {day}."],
            ),
            ({"to_date": yesterday}, ["Datoen må være i dag eller senere."]),
            ({"kind": "paused", "paused_until": in_days(0)}, ["Datoen må være senere enn i dag."]),
            ({"workload": "200"}, ["Velg hvor mye du kan jobbe."]),
            ({"times": None}, ["Velg minst ett tidspunkt."]),
            (promise | {"capacity_count": ""}, ["Skriv hvor mange, eller la hele løftet stå tomt."]),
            (promise | {"capacity_count": "to"}, ["Skriv et helt tall, for eksempel 2."]),
            (promise | {"capacity_count": "0"}, ["Skriv et helt tall, for eksempel 2."]),
            (promise | {"capacity_unit": ""}, ["Velg hva du kan ta, for eksempel helger."]),
            (promise | {"capacity_period": ""}, ["Velg hvor ofte, for eksempel i måneden."]),
            (promise | {"capacity_count": "6"}, ["Det er ikke så mange helger i måneden."]),
            (promise | {"capacity_until": yesterday}, ["Datoen må være i dag eller senere."]),
            (
                promise | {"to_date": in_days(9), "capacity_until": in_days(10)},
                [f"Du kan jobbe til {day}. Løftet kan ikke vare lenger."],
            ),
        ]:  # fmt: skip
            assert errors(submit(browser, PAGE, form=-1, **(ANSWERS | changes))) == wrong, changes
        # What belongs to another answer than the one given is not judged.
        left_over = {"from_date": yesterday, "paused_until": "tull", "to_date": tomorrow}
        assert submit(browser, PAGE, form=-1, **(ANSWERS | left_over)).status_code == 303

    def test_a_pause_keeps_the_rest_and_hides(self, arrive, browser, submit, now):
        submit(browser, PAGE, form=-1, **(ANSWERS | {"kind": "from_date", "from_date": in_days(30)}))
        assert submit(browser, PAGE, form=-1, kind="paused", paused_until=in_days(5)).status_code == 303
        row, is_listed = now()
        assert (row.status, is_listed) == (ProfessionalStatus.PAUSED, False)
        text = browser.get(PAGE).text
        assert "Ingen ser deg før" in text and "/tilgjengelighet/bekreft" not in text, "it would drop what is typed"
        with clock.at(clock.now() + timedelta(days=2)):
            assert submit(arrive(), HOME, to="/bekreft").status_code == 303
            row, is_listed = now()
        assert (row.status, is_listed) == (ProfessionalStatus.ACTIVE, True)
        assert row.availability.kind is AvailabilityKind.FROM_DATE, "it ends where it began"
        assert row.availability.paused_until is None

    def test_a_date_that_has_come_is_now(self, arrive, browser, submit, now):
        submit(browser, PAGE, form=-1, **(ANSWERS | {"kind": "from_date", "from_date": in_days(3)}))
        with clock.at(clock.now() + timedelta(days=4)):
            browser = arrive()
            form = Page(browser.get(PAGE).text).form(-1)
            assert (form.values["kind"], form.values["from_date"]) == ("now", "")
            assert submit(browser, PAGE, form=-1).status_code == 303

    def test_two_who_change_it_at_once(self, browser, submit, now):
        page = Page(browser.get(PAGE).text).form(-1)
        submit(browser, PAGE, form=-1, **ANSWERS)
        second = browser.post(PAGE, data=page.values | ANSWERS | {"workload": "20"})
        assert second.status_code == 409 and "60 prosent" in second.text and "20 prosent" in second.text

    def test_in_the_registration_it_leads_on_and_saves_itself(self, app, make, client_for, submit):
        person = make.professional(status=ProfessionalStatus.STARTED, completed_at=None, availability=None, reach=None)
        browser = client_for(person.person, Role.PROFESSIONAL)
        assert "Bekreft at dette stemmer" not in browser.get(STEP).text
        assert len(errors(submit(browser, STEP, go="next"))) == 4
        assert submit(browser, STEP, go="next", **ANSWERS).headers["Location"].endswith("/registrer/omrader")
        assert browser.get(PAGE).headers["Location"] == STEP
        with app.app_context():
            row = db.session.get_one(Professional, person.id)
            assert row.status is ProfessionalStatus.STARTED and row.availability.workload == "60"


class TestPresses:
    def test_each_does_what_it_says(self, arrive, submit, now):
        old = now()[0].availability.confirmed_at
        with clock.at(clock.now() + timedelta(days=2)):
            browser = arrive()
            said = browser.get(submit(browser, HOME, to="/senere").headers["Location"]).text
            row, is_listed = now()
            assert is_listed and "Du vises fortsatt, som tilgjengelig fra" in said
            assert row.availability.from_date == clock.today() + timedelta(days=14)
            assert row.availability.confirmed_at > old
            submit(browser, HOME, to="/pause")
            assert now()[1] is False and now()[0].status is ProfessionalStatus.PAUSED
            submit(browser, HOME, to="/bekreft")
            row, is_listed = now()
            assert is_listed and row.status is ProfessionalStatus.ACTIVE

    def test_two_weeks_are_never_earlier_than_what_was_said(self, browser, submit, now):
        def say(**changes):
            submit(browser, PAGE, form=-1, **(ANSWERS | changes))

        say(kind="from_date", from_date=in_days(30), to_date=in_days(60))
        submit(browser, HOME, to="/senere")
        row = now()[0].availability
        assert (row.from_date.isoformat(), row.to_date.isoformat()) == (in_days(30), in_days(60))
        say(to_date=in_days(14))
        pressed = Page(browser.get(HOME).text).form_to(f"{PAGE}/senere").values
        say(to_date=in_days(13))
        assert "/senere" not in browser.get(HOME).text
        refused = browser.post(f"{PAGE}/senere", data=pressed | {"form_key": "x" * 22})
        assert refused.status_code == 409 and "du bare kan jobbe til" in refused.text
        row = now()[0].availability
        assert (row.kind, row.to_date.isoformat()) == (AvailabilityKind.NOW, in_days(13))

    def test_a_period_that_is_over_begins_anew(self, app, browser, submit, now, person):
        with app.app_context():
            db.session.get_one(Professional, person.id).availability.to_date = clock.today() - timedelta(days=1)
            db.session.commit()
        assert "fordi du kunne jobbe til" in browser.get(PAGE).text
        submit(browser, HOME, to="/bekreft")
        assert now()[0].availability.to_date is None and now()[1]

    def test_before_the_page_is_answered_there_is_nothing_to_press(self, make, client_for):
        person = make.professional(status=ProfessionalStatus.STARTED, completed_at=None, availability=None)
        browser = client_for(person.person, Role.PROFESSIONAL)
        token = Page(browser.get(STEP).text).form(0).values["csrf_token"]
        assert browser.post(f"{PAGE}/pause", data={"csrf_token": token}).status_code == 404


def test_a_promise_in_plain_words(app):
    def said(count=2, unit=CapacityUnit.WEEKENDS, period=CapacityPeriod.MONTH, until=None):
        return availability.promise(
            availability.Availability(
                capacity_count=count, capacity_unit=unit, capacity_period=period, capacity_until=until
            )
        )

    with app.test_request_context("/"), clock.at(NOON):
        assert said(until=date(2027, 6, 30)) == "2 helger i måneden til 30. juni 2027"
        assert said(1, CapacityUnit.SHIFTS, CapacityPeriod.WEEK) == "1 vakt i uken"
        assert said(6, CapacityUnit.WEEKS, CapacityPeriod.YEAR) == "6 uker i året"
        assert said(until=date(2027, 1, 31)) is None
        assert said(None, None, None) is None


class TestTheSchedule:
    """Confirmed at noon on 1 February 2027; the clocks go forward on 28 March, day 55."""

    @pytest.fixture
    def person(self, make):
        with clock.at(NOON):
            return make.professional(hpr__checked_at=NOON + timedelta(days=58))

    @pytest.fixture
    def mails(self, app, stubs, run_jobs):
        """mails(moment): what is sent when the schedule's two jobs run at that moment."""
        assert {Job.KEEP_FRESH, Job.REFRESH_LISTING} <= {item.job for item in SCHEDULE}

        def sent(moment):
            before = len(stubs.mail())
            with app.app_context(), clock.at(moment):
                keep_fresh()
                refresh_listing()
                db.session.commit()
                run_jobs()
            return stubs.mail()[before:]

        return sent

    def test_asked_on_day_30_and_44_and_hidden_on_day_60(self, app, mails, now):
        day = timedelta(days=1)
        assert mails(NOON + 30 * day - timedelta(minutes=11)) == []
        (first,) = mails(NOON + 30 * day + timedelta(minutes=11))
        yes, no = first["links"]
        assert yes.endswith("?svar=ja") and no == yes.replace("?svar=ja", "?svar=pause")
        assert first["text"].split("\n\n")[:8] == [
            "Er du fortsatt tilgjengelig?",
            "Hei",
            "Du bekreftet sist 1. februar 2027. Velg det som stemmer.",
            "Ja, jeg er tilgjengelig",
            yes,
            "Nei, ta en pause",
            no,
            "Du bekrefter med ett trykk på siden som åpnes. Lenkene gjelder til 17. mars 2027. Svarer du ikke, "
            "skjuler vi deg 2. april 2027.",
        ]
        assert mails(NOON + 43 * day) == []
        (second,) = mails(NOON + 44 * day + timedelta(minutes=11))
        assert first["links"] != second["links"]
        assert mails(NOON + 59 * day) == []
        last = NOON.astimezone(clock.UTC) + 60 * day  # 13.00 in summer time
        with clock.at(last - timedelta(seconds=1)):
            assert now()[1]
        with clock.at(last):
            assert now()[1] is False, "at once, before any job"
        assert mails(last + timedelta(minutes=2)) == []
        with app.app_context():
            assert db.session.scalars(select(Listing.professional_id)).all() == []

    def test_an_answer_starts_the_days_anew(self, app, mails, person):
        mails(NOON + timedelta(days=31))
        with app.app_context(), clock.at(NOON + timedelta(days=32)):
            link = links.newest(person.id, LinkPurpose.AVAILABILITY)
            assert availability.answer_link(link, AvailabilityKind.NOW, again=False)
            db.session.commit()
        assert mails(NOON + timedelta(days=61)) == []
        assert len(mails(NOON + timedelta(days=63))) == 1

    def test_who_is_asked(self, app, make, mails, person):
        old = {"availability__confirmed_at": NOON - timedelta(days=31)}
        with clock.at(NOON):
            for number, changes in enumerate(
                [
                    {"availability__kind": AvailabilityKind.PAUSED, "status": ProfessionalStatus.PAUSED},
                    {"status": ProfessionalStatus.LEAVING},
                    {"status": ProfessionalStatus.STARTED, "completed_at": None},
                    {"restricted_at": NOON},
                    {"reminders_stopped_at": NOON},
                    {"email_failed_at": NOON},
                    {"consents": []},
                    {"listed": False},
                ]
            ):
                make.professional(email=f"p{number}@post.example", **old, **changes)
        sent = mails(NOON + timedelta(minutes=15))
        assert [mail["recipients"] for mail in sent] == [["p7@post.example"]]

    def test_who_is_shown_to_nobody_is_told_of_no_hiding(self, make, mails, person):
        with clock.at(NOON):
            make.professional(email="p@post.example", listed=False)
            make.professional(email="q@post.example", is_address_protected=True)
        sent = mails(NOON + timedelta(days=31))
        texts = {mail["recipients"][0]: mail["text"] for mail in sent}
        only_counted = "Du telles med i beredskapen bare så lenge du bekrefter."
        assert only_counted in texts["p@post.example"] and only_counted in texts["q@post.example"]
        assert [address for address, text in texts.items() if "skjuler vi deg" in text] == [person.email]

    def test_one_mail_to_whoever_was_paused_until_the_word_was_old(self, app, make, mails):
        with clock.at(NOON):
            away = make.professional(
                email="away@post.example",
                status=ProfessionalStatus.PAUSED,
                availability__kind=AvailabilityKind.PAUSED,
                availability__paused_until=date(2027, 4, 12),
                hpr__checked_at=NOON + timedelta(days=70),
            )
        assert mails(NOON + timedelta(days=69)) == []
        (mail,) = mails(datetime(2027, 4, 12, 0, 20, tzinfo=clock.OSLO))
        assert mail["recipients"] == ["away@post.example"]
        assert "Virksomheter ser deg ikke før du svarer." in mail["text"]
        assert mails(NOON + timedelta(days=75)) == []
        with app.app_context():
            row = db.session.get_one(Professional, away.id)
            assert (row.status, row.availability.kind) == (ProfessionalStatus.ACTIVE, AvailabilityKind.NOW)
            assert row.availability.paused_until is None
            assert db.session.get(Listing, away.id) is None, "sixty days have passed"

    def test_a_short_pause_ends_in_being_listed(self, app, make, mails):
        with clock.at(NOON):
            away = make.professional(
                status=ProfessionalStatus.PAUSED,
                availability__kind=AvailabilityKind.PAUSED,
                availability__from_date=date(2027, 2, 20),
                availability__paused_until=date(2027, 2, 10),
            )
        mails(datetime(2027, 2, 9, 23, 59, tzinfo=clock.OSLO))
        with app.app_context():
            assert db.session.get_one(Professional, away.id).status is ProfessionalStatus.PAUSED
            db.session.get_one(Professional, away.id).hpr.checked_at = NOON + timedelta(days=9)
            db.session.commit()
        mails(datetime(2027, 2, 10, 0, 4, tzinfo=clock.OSLO))
        with app.app_context():
            row = db.session.get_one(Professional, away.id)
            assert (row.status, row.availability.kind) == (ProfessionalStatus.ACTIVE, AvailabilityKind.FROM_DATE)
            assert db.session.get_one(Listing, away.id).available_from == date(2027, 2, 20)

    def test_a_mail_that_comes_back_marks_the_address(self, app, stubs, mails, person):
        stubs.control("smtp", "refuse")
        mails(NOON + timedelta(days=31))
        with app.app_context():
            assert db.session.get_one(Professional, person.id).email_failed_at is not None
        stubs.control("smtp", "ok")
        assert mails(NOON + timedelta(days=45)) == []

    def test_old_links_go_and_their_mails_stay(self, app, mails, person):
        mails(NOON + timedelta(days=31))
        with app.app_context(), clock.at(NOON + timedelta(days=74)):
            assert housekeeping.discard_old_links() == 0
        with app.app_context(), clock.at(NOON + timedelta(days=76)):
            assert housekeeping.discard_old_links() == 1
            db.session.commit()
            assert db.session.scalars(select(Message.link_id)).one() is None


class TestLinks:
    @pytest.fixture
    def tokens(self, app, make, person):
        """The two tokens of an e-mail that asks: the one that answers, and the one that stops the reminders."""
        with app.app_context():
            row = db.session.get_one(Professional, person.id)
            row.availability.confirmed_at = clock.now() - timedelta(days=31)
            db.session.commit()
            assert availability.ask() == 1
            db.session.commit()
            found = [links.newest(person.id, kind) for kind in (LinkPurpose.AVAILABILITY, LinkPurpose.UNSUBSCRIBE)]
            return [links.token_of(link) for link in found]

    @pytest.fixture
    def token(self, tokens):
        return tokens[0]

    def test_looking_changes_nothing_and_then_a_person_answers(self, app, client, submit, now, token):
        before = now()[0].availability.confirmed_at
        with app.app_context():
            last_used = db.session.scalars(select(Professional.last_used_at)).one()
        for choice in ("", "?svar=ja", "?svar=pause", "?svar=tull"):
            for method in ("GET", "HEAD", "OPTIONS", "GET", "HEAD"):
                answer = app.test_client().open(f"/t/{token}{choice}", method=method)
                assert answer.status_code == 200
        assert now()[0].availability.confirmed_at == before
        page = client.get(f"/t/{token}?svar=pause")
        assert page.headers["Referrer-Policy"] == "no-referrer" and page.headers["Cache-Control"] == "no-store"
        assert "Kari" not in page.text and "ykepleier" not in page.text
        buttons = re.findall(r"<button[^>]*name=\"answer\" value=\"(\w+)\"", page.text)
        assert buttons == ["paused", "now", "from_date"], "the choice in the link is only marked"
        with app.app_context():
            assert db.session.scalars(select(Professional.last_used_at)).one() == last_used
        pressed = submit(client, f"/t/{token}?svar=pause", answer="now")
        assert (pressed.status_code, pressed.headers["Location"]) == (303, f"/t/{token}?takk=1")
        row, is_listed = now()
        assert is_listed and clock.now() - row.availability.confirmed_at < timedelta(minutes=1)
        assert row.availability.reminders == 0
        assert "Takk. Vi har registrert svaret. Vi spør igjen" in " ".join(
            client.get(f"/t/{token}?takk=1").text.split()
        )
        with app.app_context():
            event = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "availability.confirmed")).one()
            assert (event.actor_id, event.subject_id) == (None, row.account_id)

    def test_an_answer_counts_once_and_can_be_changed(self, app, client, submit, now, token):
        form = Page(client.get(f"/t/{token}").text).form()
        first = client.post(f"/t/{token}", data=form.values | {"answer": "now"})
        again = client.post(f"/t/{token}", data=form.values | {"answer": "now"})
        assert again.headers["Location"] == first.headers["Location"]
        with app.app_context():
            assert token not in "".join(db.session.scalars(select(FormKey.location)))
        another = client.post(f"/t/{token}", data=form.values | {"answer": "paused"})
        assert another.headers["Location"] == f"/t/{token}"
        assert now()[1], "an old page changes nothing"
        text = client.get(f"/t/{token}").text
        assert "Svaret er allerede registrert" in text and "Du svarte: «Ja, jeg er tilgjengelig»." in text
        assert submit(client, f"/t/{token}?endre=1", answer="paused").status_code == 303
        assert now()[0].status is ProfessionalStatus.PAUSED and now()[1] is False
        assert "Ingen virksomheter ser deg" in client.get(f"/t/{token}").text
        assert submit(client, f"/t/{token}?endre=1", answer="from_date").status_code == 303
        assert now()[1] and now()[0].availability.from_date == clock.today() + timedelta(days=14)

    def test_a_link_offers_no_two_weeks_beyond_the_last_day(self, app, client, submit, person, now, token):
        with app.app_context():
            db.session.get_one(Professional, person.id).availability.to_date = clock.today() + timedelta(days=13)
            db.session.commit()
        for choice in ("", "?svar=senere"):
            text = client.get(f"/t/{token}{choice}").text
            assert re.findall(r"<button[^>]*name=\"answer\" value=\"(\w+)\"", text) == ["now", "paused"]
            assert "om to uker" not in text
        assert submit(client, f"/t/{token}", answer="from_date").status_code == 409
        assert submit(client, f"/t/{token}", answer="now").status_code == 303
        assert now()[0].availability.to_date is not None

    def test_an_answer_that_meets_a_leaving_or_a_new_address_changes_nothing(self, app, make, person, token):
        """Both were pressed at once: the link was found, and then waited for the registration."""
        for change in (
            lambda: erasure.ask(make.actor(person.person, Role.PROFESSIONAL)),
            lambda: setattr(db.session.get_one(Professional, person.id), "email", "ny@example.no"),
        ):
            with app.app_context():
                link = links.find(token, LinkPurpose.AVAILABILITY)
                change()
                db.session.flush()
                with pytest.raises(NotFound):
                    availability.answer_link(link, AvailabilityKind.PAUSED, again=True)

    def test_a_press_without_an_answer_is_asked_again(self, client, submit, token):
        assert submit(client, f"/t/{token}").status_code == 422
        assert submit(client, f"/t/{token}", answer="tull").status_code == 422
        assert client.post(f"/t/{token}", data={"answer": "now"}).status_code == 303, "no token of ours: shown again"

    def test_links_that_do_not_work_look_alike(self, app, client, submit, make, person, tokens, now):
        answering, stopping = tokens
        form = Page(client.get(f"/t/{answering}").text).form().values | {"answer": "paused"}
        with app.app_context():
            row = db.session.get_one(Professional, person.id)
            confirming = links.token_of(links.create(row, LinkPurpose.EMAIL_CONFIRMATION, 14))
            db.session.commit()
        pages = set()

        def is_gone(path):
            shown, pressed = client.get(path), client.post(path, data=form)
            assert (shown.status_code, pressed.status_code) == (404, 404)
            pages.add(re.sub(r'value="[^"]+"', "", shown.text.replace(path, "")))

        for path in ("/t/" + "x" * 43, f"/t/{stopping}", f"/t/{confirming}", f"/a/{answering}", "/a/x"):
            is_gone(path)
        with clock.at(clock.now() + timedelta(days=15)):
            is_gone(f"/t/{answering}")
        with app.app_context():
            db.session.get_one(Professional, person.id).email = "ny@post.example"
            db.session.commit()
        is_gone(f"/t/{answering}")
        with app.app_context():
            row = db.session.get_one(Professional, person.id)
            row.email = "kari.prove@example.no"
            db.session.commit()
            assert links.find(answering, LinkPurpose.AVAILABILITY)
            links.create(row, LinkPurpose.AVAILABILITY, 14)
            db.session.commit()
        is_gone(f"/t/{answering}")
        assert len(pages) == 1
        assert "Lenken er brukt eller for gammel." in pages.pop()
        assert now()[0].status is ProfessionalStatus.ACTIVE

    def test_one_click_from_a_mail_program_stops_the_reminders(self, app, client, stubs, run_jobs, tokens, now):
        run_jobs()
        (mail,) = stubs.mail()
        headers = mail["headers"]
        assert headers["List-Unsubscribe"].strip() == f"<http://localhost/a/{tokens[1]}>"
        assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        for _ in range(2):
            client.get(f"/a/{tokens[1]}")
            assert now()[0].reminders_stopped_at is None
        for _ in range(2):
            pressed = client.post(f"/a/{tokens[1]}", data={"List-Unsubscribe": "One-Click"})
            assert (pressed.status_code, pressed.text) == (200, "")
        row, is_listed = now()
        assert row.reminders_stopped_at is not None and is_listed, "only the e-mails stop"
        with clock.at(clock.now() + timedelta(days=14)), app.app_context():
            assert availability.ask() == 0

    def test_the_page_that_stops_them_offers_a_pause(self, client, browser, submit, tokens, now):
        path = f"/a/{tokens[1]}"
        assert submit(client, path, to=path).headers["Location"] == path
        assert "Påminnelsene er stoppet" in client.get(path).text
        assert submit(client, path, to="/pause").headers["Location"] == path
        assert now()[0].status is ProfessionalStatus.PAUSED
        assert "Du har tatt en pause" in client.get(path).text
        assert "Du har stoppet e-postene" in browser.get(PAGE).text
        submit(browser, HOME, to="/paminnelser")
        assert now()[0].reminders_stopped_at is None


def test_what_follows_an_answer_fails_with_it(context, make, monkeypatch):
    """The search row and the audit event stand or fall with the change."""
    person = make.professional()
    actor = make.actor(person.person, Role.PROFESSIONAL)
    monkeypatch.setattr(professionals, "own", lambda *_args, **_more: person)
    monkeypatch.setattr(availability.listing, "refresh", lambda _id: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        availability.press(actor, AvailabilityKind.PAUSED)
    db.session.rollback()
    assert db.session.scalars(select(Link)).all() == []
    assert db.session.scalars(select(AuditEvent).where(AuditEvent.action == "availability.paused")).all() == []
