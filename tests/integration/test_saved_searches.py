"""Saved searches: codes alone, each user's own; and the e-mails that tell once of new people, and of nobody by name."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from rq.timeouts import JobTimeoutException
from sqlalchemy import func, select, update
from werkzeug.datastructures import MultiDict

from blueprints.register.searching import search_form
from extensions import clock
from extensions.database import db
from forms.register_search import query_of
from models.audit import AuditEvent
from models.enums import (
    AlertFrequency,
    GrantEnd,
    GrantStatus,
    MessageKind,
    MessageStatus,
    OrganisationKind,
    Role,
    StartSpeed,
    Workload,
)
from models.grant import Grant
from models.listing import Listing
from models.message import Message
from models.professional import Block
from models.register import SavedSearch
from services import grants, outbox, saved_searches, search, settings
from services.outbox import Job
from services.search import Filters
from services.settings import Key
from tests.builders import Builders

NEVER, DAILY, WEEKLY = AlertFrequency.NEVER, AlertFrequency.DAILY, AlertFrequency.WEEKLY
NURSES = Filters(professions=("SP",))
LIST = "/register/sok"


def on(day: int, hour: int = 12, minute: int = 0) -> Any:
    """A moment of January 2027; the 11th and the 18th are Mondays."""
    return clock.at(datetime(2027, 1, day, hour, minute, tzinfo=clock.OSLO))


@pytest.fixture
def grant(make: Builders) -> Grant:
    return make.user()


@pytest.fixture
def reader(grant: Grant, make: Builders, client_for: Any) -> FlaskClient:
    return client_for(grant.person, Role.ORGANISATION_USER, make.organisation())  # type: ignore[attr-defined,no-any-return]


@pytest.fixture
def keep(app: Flask, make: Builders, grant: Grant) -> Callable[..., SavedSearch]:
    """keep(DAILY, filters): a search saved now, by the user or by whoever holds `of`."""

    def save(
        frequency: AlertFrequency = DAILY,
        filters: Filters = NURSES,
        of: Grant = grant,
        name: str = "Kari",
        organisation: Any = None,
    ) -> SavedSearch:
        with app.app_context():
            place = organisation or make.organisation()
            actor = make.actor(of.person, Role.ORGANISATION_USER, place)  # type: ignore[attr-defined]
            row = saved_searches.save(actor, filters, name, frequency)
            db.session.commit()
            return row

    return save


@pytest.fixture
def mails(app: Flask, run_jobs: Any, stubs: Any) -> Callable[..., list[dict[str, Any]]]:
    """mails(): what the job sends now."""

    def send() -> list[dict[str, Any]]:
        before = len(stubs.mail())
        with app.app_context():
            outbox.add(Job.SEND_ALERTS)
            db.session.commit()
        run_jobs()
        return list(stubs.mail()[before:])

    return send


class TestPages:
    @pytest.mark.parametrize(
        "filters",
        [
            Filters(),
            Filters(confirmed_within=None),
            Filters(
                professions=("LE", "SP"),
                specialities=("1",),
                municipalities=("5001", "5031"),
                available_on=date(2027, 6, 5),
                workloads=(Workload.P100, Workload.ON_CALL),
                times=("day", "night"),
                languages=("no", "nsl"),
                start_speed=StartSpeed.WITHIN_WEEK,
                confirmed_within=7,
            ),
        ],
    )
    def test_the_address_of_a_search_asks_for_what_was_kept(self, app: Flask, make: Builders, filters: Filters) -> None:
        """As long as everything kept can be chosen still."""
        trust = make.organisation("883974832", kind=OrganisationKind.HEALTH_TRUST, form="ORGL")
        with app.test_request_context():
            scope = search.scope_for(db.session.merge(trust))
            form = search_form(scope, MultiDict(query_of(filters)))
            offered = {choice.value for choice in form.specialities.choices}
            form = search_form(scope, MultiDict(query_of(replace(filters, specialities=tuple(sorted(offered)[:1])))))
            assert form.validate(), form.errors
            assert form.filters() == replace(filters, specialities=tuple(sorted(offered)[:1]))
            assert saved_searches.read(form.filters().codes(), scope) == saved_searches.Reading(
                form.filters(), (), False
            )

    def test_a_search_is_saved_opened_changed_and_deleted(
        self, app: Flask, reader: FlaskClient, make: Builders, submit: Any
    ) -> None:
        make.professional()
        assert "Du har ingen lagrede søk." in reader.get(LIST).text
        found = reader.get("/register?yrke=SP&tid=night&bekreftet=alle&sorter=erfaring").text
        link = re.search(r'href="(/register/sok/nytt[^"]*)"', found)
        assert link
        path = link[1].replace("&amp;", "&")
        shown = reader.get(path).text
        assert "Sykepleier" in shown and "Natt" in shown
        refused = submit(reader, path)
        assert refused.status_code == 422 and "Skriv et navn på søket." in refused.text
        assert submit(reader, path, name="Natt & <b>dag</b>", frequency="weekly").location == LIST
        make.professional()
        page = reader.get(LIST).text
        assert "Natt &amp; &lt;b&gt;dag" in page and "Hver uke" in page and "2 treff" in page
        assert re.search(r"1 ny siden \d", page)
        opened = re.search(r'href="(/register\?[^"]*)"', page)
        assert opened and "2 treff" in reader.get(opened[1].replace("&amp;", "&")).text
        with app.app_context():
            row = db.session.scalars(select(SavedSearch)).one()
            assert row.filters == {"professions": ["SP"], "times": ["night"]}
        assert submit(reader, f"{LIST}/{row.id}", name="Natt", frequency="never").location == LIST
        assert "Ingen varsler" in reader.get(LIST).text
        assert "Vil du slette søket «Natt»?" in reader.get(f"{LIST}/{row.id}/slett").text
        assert submit(reader, f"{LIST}/{row.id}/slett").location == LIST
        assert "Du har ingen lagrede søk." in reader.get(LIST).text
        with app.app_context():
            acts = db.session.scalars(select(AuditEvent.action).where(AuditEvent.object_id == row.id)).all()
            assert sorted(acts) == ["search.changed", "search.deleted", "search.saved"]

    def test_the_home_page_counts_only_who_is_new(
        self, reader: FlaskClient, keep: Any, make: Builders, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make.professional()
        for name in ("Dag", "Natt"):
            keep(name=name)
        make.professional()
        counted: list[int] = []
        count_each = search.count_each

        def count(searches: Any) -> list[int]:
            counted.append(len(searches))
            return count_each(searches)

        monkeypatch.setattr(search, "count_each", count)
        home = reader.get("/virksomhet").text
        assert "Dag: 1 ny" in home and "Natt: 1 ny" in home and counted == [2, 2], counted
        counted.clear()
        assert reader.get(LIST).text.count("2 treff") == 2 and counted == [4]

    def test_many_searches_come_in_pages(self, reader: FlaskClient, keep: Any) -> None:
        for number in range(11):
            keep(name=f"Søk {number:02}")
        for page, there, elsewhere in (
            ("", "Søk 09", "Søk 10"),
            ("?side=2", "Søk 10", "Søk 09"),
            ("?side=9", "Søk 10", "Søk 09"),
        ):
            text = reader.get(LIST + page).text
            assert there in text and elsewhere not in text and 'aria-label="Bla i sider"' in text, page

    def test_each_user_has_own_searches_in_each_organisation(
        self, app: Flask, reader: FlaskClient, keep: Any, grant: Grant, make: Builders, client_for: Any, submit: Any
    ) -> None:
        row = keep(name="Bare min")
        elsewhere = make.organisation("940755603", "Sørreisa kommune")
        make.user(account=grant.person, organisation=elsewhere)  # type: ignore[attr-defined]
        colleague = make.user()
        user = Role.ORGANISATION_USER
        strangers = (
            client_for(colleague.person, user, make.organisation()),  # type: ignore[attr-defined]
            client_for(grant.person, user, elsewhere),  # type: ignore[attr-defined]
        )
        for stranger in strangers:
            assert "Bare min" not in stranger.get(LIST).text
            for path in (f"{LIST}/{row.id}", f"{LIST}/{row.id}/slett", f"{LIST}/{uuid4()}"):
                answer = stranger.get(path)
                assert answer.status_code == 404 and "Profilen" not in answer.text
        page = reader.get(f"{LIST}/{row.id}").text
        data = dict(re.findall(r'name="(csrf_token|form_key)" value="([^"]+)"', page))
        assert strangers[0].post(f"{LIST}/{row.id}/slett", data=data).status_code in (303, 404)
        assert "Bare min" in reader.get(LIST).text

    def test_what_no_page_offers_is_not_saved(
        self, reader: FlaskClient, keep: Any, submit: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for query in ("kommune=0301", "yrke=QQ", "bekreftet=9999", "fra=31.02.2027"):
            assert reader.get(f"{LIST}/nytt?{query}").status_code == 400
        assert submit(reader, f"{LIST}/nytt", name="x" * 101, frequency="daily").status_code == 422
        monkeypatch.setattr(settings, "value", {Key.SAVED_SEARCHES: 1}.get)
        keep()
        refused = submit(reader, f"{LIST}/nytt", name="En til", frequency="daily")
        assert refused.status_code == 422 and "Du har allerede 1 lagrede søk." in refused.text

    def test_a_code_that_is_gone_never_widens_a_search(
        self, app: Flask, make: Builders, client_for: Any, keep: Any, mails: Any
    ) -> None:
        """The area shrinks, or a profession goes: what is left is asked for, and where nothing is, nobody fits."""
        trust = make.organisation("883974832", kind=OrganisationKind.HEALTH_TRUST, form="ORGL")
        grant = make.user(organisation=trust)
        with on(12):
            saved = {
                name: keep(DAILY, filters, grant, name, trust)
                for name, filters in {
                    "Noe": Filters(professions=("SP", "QQ"), municipalities=("5031", "0301")),
                    "Intet": Filters(municipalities=("0301",)),
                    "Fag": Filters(professions=("SP",), specialities=("9999",)),
                    "Dager": Filters(confirmed_within=1),
                }.items()
            }
        with on(12, 13):
            make.professional(reach__municipalities=["5031"])
            make.professional(reach__municipalities=["5001"])
            client = client_for(grant.person, Role.ORGANISATION_USER, trust)  # type: ignore[attr-defined]
            page = client.get(LIST).text
            cards = dict(zip(sorted(saved), page.split('<li class="ds-card')[1:], strict=True))
            assert "1 treff" in cards["Noe"] and "Det er tatt bort fra søket: Yrke, Område." in cards["Noe"]
            for name in ("Intet", "Fag", "Dager"):
                assert "Søket gir ikke treff lenger." in cards[name] and "Åpne" not in cards[name]
                assert client.get(f"{LIST}/{saved[name].id}").status_code == 200
        with on(13, 7):
            (mail,) = mails()
            assert "Det er ett nytt treff" in mail["text"]


class TestAlerts:
    def test_told_once_by_number_alone(
        self, app: Flask, keep: Any, mails: Any, make: Builders, grant: Grant, run_jobs: Any
    ) -> None:
        with on(12):
            row = keep(DAILY, name="Kari Prøve")
            keep(NEVER)
        with on(13):
            make.professional()
            assert mails() == []  # those of this morning are out
        with on(14, 7, 1):
            (mail,) = mails()
            assert mail["subject"] == "Nye personer som passer søket ditt"
            assert "Det er ett nytt treff siden 13. januar 2027 i søkene du har lagret" in mail["text"]
            assert not re.search("Kari|Prøve", mail["text"] + mail["html"] + str(mail["headers"]))
            with app.app_context():
                address = db.session.get_one(Grant, grant.id).nominee.email
            assert mail["recipients"] == [address]
            assert mails() == []
        with on(15, 7):
            assert mails() == []
            with app.app_context():
                assert db.session.get_one(SavedSearch, row.id).told_until == clock.now() - saved_searches.SETTLED

    def test_only_those_the_organisation_may_see_when_it_is_told(
        self, app: Flask, keep: Any, mails: Any, make: Builders
    ) -> None:
        with on(12):
            make.professional()  # before the search was saved
        with on(12, 13):
            keep()
            make.professional(reach__municipalities=["0301"])
            make.professional(listed=False)
            make.professional(competence__professions=[])
            hiding = Block(organisation_number="942110464", organisation_name="Trondheim", created_at=clock.now())
            make.professional(blocks=[hiding])
            leaving = make.professional()
            with app.app_context():
                db.session.execute(
                    update(Listing)
                    .where(Listing.professional_id == leaving.id)
                    .values(listed_until=clock.now() + timedelta(hours=1))
                )
                db.session.commit()
        with on(13, 7):
            assert mails() == []

    def test_whoever_was_being_listed_at_that_moment_is_told_of_the_next_day(
        self, keep: Any, mails: Any, make: Builders
    ) -> None:
        with on(12):
            keep()
        with on(13, 6, 55):
            make.professional()
        with on(13, 7):
            assert mails() == []
        with on(14, 7):
            assert len(mails()) == 1

    def test_weekly_waits_for_monday_and_comes_with_the_daily_one(
        self, app: Flask, keep: Any, mails: Any, make: Builders
    ) -> None:
        with on(14):
            daily, weekly = keep(DAILY), keep(WEEKLY)
        with on(15, 13):
            make.professional()
        with on(16, 7):
            assert "ett nytt treff" in mails()[0]["text"]
        with on(17, 13):
            make.professional()
        with on(18, 7):
            (mail,) = mails()
            assert "Det er 3 nye treff siden 14. januar 2027" in mail["text"]
            with app.app_context():
                rows = [db.session.get_one(SavedSearch, row.id).told_until for row in (daily, weekly)]
            assert rows == [clock.now() - saved_searches.SETTLED] * 2
        with on(18, 13):
            make.professional()
        with on(20, 6, 59):  # nothing ran for a day
            assert "ett nytt treff" in mails()[0]["text"]

    def test_alerts_asked_for_anew_tell_of_those_who_come_from_now_on(
        self, app: Flask, keep: Any, mails: Any, make: Builders, grant: Grant
    ) -> None:
        with on(12):
            row = keep(NEVER)
        with on(13):
            make.professional()
        with on(13, 14), app.app_context():
            actor = make.actor(grant.person, Role.ORGANISATION_USER, make.organisation())  # type: ignore[attr-defined]
            saved_searches.change(actor, saved_searches.find(actor, row.id), "Kari", DAILY)
            db.session.commit()
        with on(14, 7):
            assert mails() == []

    def test_many_users_in_rounds_and_a_worker_that_dies(
        self, app: Flask, keep: Any, mails: Any, make: Builders, grant: Grant, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with on(12):
            holders = [grant, make.user(), make.user()]
            for holder in holders:
                keep(of=holder)
                keep(of=holder)
        with on(12, 13):
            make.professional()
        monkeypatch.setattr(saved_searches, "BATCH", 2)
        with on(13, 7):
            with app.app_context():
                assert saved_searches.tell_of_new() is not None
                db.session.rollback()  # killed before its commit
                assert db.session.scalar(select(func.count()).select_from(Message)) == 0
            sent = mails()
            assert len({mail["recipients"][0] for mail in sent}) == len(sent) == 3
            assert mails() == []

    def test_a_search_that_fails_holds_up_nobody_and_is_tried_again(
        self,
        app: Flask,
        keep: Any,
        mails: Any,
        make: Builders,
        grant: Grant,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        with on(12):
            holders = sorted((grant, make.user(), make.user()), key=lambda one: one.id)
            rows = [keep(of=holder, name="Ola Hemmelig") for holder in holders]
        with on(12, 13):
            make.professional()
        with app.app_context():
            told = [db.session.get_one(Grant, holder.id).nominee.email for holder in holders[1:]]
            db.session.execute(
                update(SavedSearch).where(SavedSearch.id == rows[0].id).values(filters=["gått i stykker"])
            )
            db.session.commit()
        with on(13, 7):
            assert sorted(mail["recipients"][0] for mail in mails()) == sorted(told)
        (failure,) = [record for record in caplog.records if record.getMessage() == "alert failed"]
        assert failure.account_id == holders[0].account_id and "Hemmelig" not in caplog.text  # type: ignore[attr-defined]
        with app.app_context():
            db.session.execute(update(SavedSearch).where(SavedSearch.id == rows[0].id).values(filters=NURSES.codes()))
            db.session.commit()
        with on(13, 7, 5):
            assert len(mails()) == 1

    def test_a_round_whose_time_is_up_ends(self, app: Flask, keep: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        def last_too_long(*_searches: Any) -> None:
            raise JobTimeoutException

        with on(12):
            keep()
        monkeypatch.setattr(saved_searches.search, "count_each", last_too_long)
        with on(13, 7), app.app_context(), pytest.raises(JobTimeoutException):
            saved_searches.tell_of_new()

    def test_no_mail_without_access_and_no_search_long_after(
        self, app: Flask, keep: Any, mails: Any, make: Builders, grant: Grant
    ) -> None:
        with on(12):
            row = keep()
            locked, queued = make.user(), make.user()
            for holder in (locked, queued):
                keep(of=holder)
        with on(12, 13):
            make.professional()
        with on(13, 6), app.app_context():
            db.session.get_one(Grant, locked.id).locked_at = clock.now()
            grants.end(None, db.session.get_one(Grant, grant.id), GrantEnd.REMOVED, "Sluttet.")
            db.session.commit()
        with on(13, 7):
            with app.app_context():
                saved_searches.tell_of_new()
                grants.end(None, db.session.get_one(Grant, queued.id), GrantEnd.REMOVED, "Sluttet.")
                db.session.commit()
            assert [mail for mail in mails() if "treff" in mail["text"]] == []
            with app.app_context():
                wanted = Message.kind == MessageKind.NEW_PEOPLE
                assert db.session.scalars(select(Message.status).where(wanted)).all() == [MessageStatus.CANCELLED]
        for days, left in ((89, 3), (91, 1)):
            with clock.at(datetime(2027, 1, 13, 7, 1, tzinfo=clock.OSLO) + timedelta(days=days)), app.app_context():
                saved_searches.forget_ended()
                db.session.commit()
                assert db.session.scalar(select(func.count()).select_from(SavedSearch)) == left, days
        with app.app_context():
            assert db.session.get(SavedSearch, row.id) is None


class TestStopLink:
    @pytest.fixture
    def mail(self, keep: Any, mails: Any, make: Builders) -> dict[str, Any]:
        with on(12):
            keep(DAILY)
            keep(WEEKLY)
        with on(12, 13):
            make.professional()
        with on(13, 7):
            (mail,) = mails()
        return mail  # type: ignore[no-any-return]

    @pytest.fixture
    def path(self, mail: dict[str, Any]) -> str:
        (link,) = mail["links"]
        assert mail["headers"]["List-Unsubscribe"].strip() == f"<{link}>"
        assert mail["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        return str(link).removeprefix("http://localhost")

    def test_looking_changes_nothing_and_one_press_stops_all(
        self, app: Flask, client: FlaskClient, make: Builders, path: str, keep: Any, submit: Any
    ) -> None:
        keep(of=make.user())

        def alerting() -> int:
            with app.app_context():
                return db.session.scalar(select(func.count()).where(SavedSearch.frequency != NEVER)) or 0

        for _ in range(3):
            shown = client.get(path)
            assert shown.status_code == 200 and "Vil du stoppe varslene?" in shown.text
            assert shown.headers["Referrer-Policy"] == "no-referrer"
        assert alerting() == 3
        assert submit(client, path, to=path).location == path
        assert "Varslene er stoppet" in client.get(path).text and alerting() == 1
        for _ in range(2):
            pressed = client.post(path, data={"List-Unsubscribe": "One-Click"})
            assert (pressed.status_code, pressed.text) == (200, "")
        with app.app_context():
            stops = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "alert.stopped")).all()
            assert [stop.facts for stop in stops] == [{"count": 2}]

    def test_it_is_stopped_by_somebody_who_acts_for_another_organisation(
        self, app: Flask, make: Builders, client_for: Any, path: str, submit: Any
    ) -> None:
        other = make.organisation("940101808", "TROMSØ KOMMUNE")
        visitor = client_for(make.user(organisation=other).person, Role.ORGANISATION_USER, other)  # type: ignore[attr-defined]
        assert submit(visitor, path, to=path).location == path
        assert "Varslene er stoppet" in visitor.get(path).text
        with app.app_context():
            assert set(db.session.scalars(select(SavedSearch.frequency))) == {NEVER}

    def test_a_form_from_before_the_stop_starts_nothing_again(
        self, app: Flask, client: FlaskClient, reader: FlaskClient, path: str, submit: Any
    ) -> None:
        with app.app_context():
            row = db.session.scalars(select(SavedSearch).where(SavedSearch.frequency == DAILY)).one()
        seen = re.search(r'name="seen"[^>]*value="([^"]+)"', reader.get(f"{LIST}/{row.id}").text)
        client.post(path, data={"List-Unsubscribe": "One-Click"})
        both = submit(reader, f"{LIST}/{row.id}", name="Nytt navn", frequency="daily", seen=seen and seen[1])
        assert both.status_code == 409 and "Nytt navn" in both.text and "Ingen varsler" in both.text
        with app.app_context():
            assert db.session.get_one(SavedSearch, row.id).frequency is NEVER

    def test_no_other_token_stops_anything(self, app: Flask, client: FlaskClient, make: Builders, path: str) -> None:
        _empty, _place, _grant_id, token = path.split("/")
        other = make.user()
        for wrong in (f"/v/{other.id}/{token}", f"/v/{uuid4()}/{token}", path[:-1] + "æ", path + "x"):
            assert client.get(wrong).status_code == 404
            assert client.post(wrong, data={"List-Unsubscribe": "One-Click"}).status_code == 404
        with app.app_context():
            assert NEVER not in db.session.scalars(select(SavedSearch.frequency)).all()

    def test_it_works_still_when_the_access_has_ended(
        self, app: Flask, client: FlaskClient, grant: Grant, path: str
    ) -> None:
        with app.app_context():
            row = db.session.get_one(Grant, grant.id)
            row.status, row.ended_at = GrantStatus.ENDED, clock.now()
            db.session.commit()
        assert client.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
        assert "Varslene er stoppet" in client.get(path).text

    @pytest.mark.parametrize("is_ended", [False, True])
    def test_a_locked_or_ended_access_does_not_pass_for_a_stop(
        self, app: Flask, client: FlaskClient, grant: Grant, path: str, submit: Any, is_ended: bool
    ) -> None:
        """A locked one may be opened again, and one that has ended be followed by another of the same user."""
        with app.app_context():
            row = db.session.get_one(Grant, grant.id)
            if is_ended:
                row.status, row.ended_at = GrantStatus.ENDED, clock.now()
            else:
                row.locked_at = clock.now()
            db.session.commit()
        assert "Vil du stoppe varslene?" in client.get(path).text
        assert submit(client, path, to=path).location == path
        assert "Varslene er stoppet" in client.get(path).text
