"""B4: the decision, its letter, the two people of a full refusal, and what follows (invariants I1 and I3)."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import func, select, text

from extensions import clock
from extensions.database import db
from models.application import AccessApplication, Decision
from models.audit import AuditEvent
from models.enums import (
    AccessLevel,
    ApplicationStatus,
    ContactKind,
    DecisionStatus,
    GrantStatus,
    Language,
    MessageKind,
    NomineeOutcome,
    QuestionStatus,
    Role,
)
from models.grant import Grant, Invitation
from models.message import Message
from services import decisions, letters
from services.errors import Conflict, Forbidden, NeedsFreshLogin
from services.letters import Outcome
from stubs.people import by_key
from tests.pages import Page


@pytest.fixture
def path(case):
    return f"/sak/{case.id}/vedtak"


@pytest.fixture
def choose(case):
    """The form's fields: choose("granted", "declined") for the first and the second person."""

    def fields(*outcomes, reason="Stillingen trenger ikke tilgang."):
        found = {f"outcome_{n}": outcome for n, outcome in enumerate(outcomes, 1) if outcome}
        return found | {f"reason_{n}": reason for n, outcome in enumerate(outcomes, 1) if outcome == "declined"}

    return fields


@pytest.fixture
def decide(submit, path):
    """Fill in the form, look at the letter, and decide."""

    def go(client, fields):
        preview = submit(client, f"{path}?endre=1", forhandsvis="1", **fields)
        assert preview.status_code == 200, preview.text
        form = Page(preview.text).form(0)
        return client.post(path, data={**form.values, "lagre": "1"})

    return go


def reload(app, application):
    with app.app_context():
        found = db.session.get_one(AccessApplication, application.id)
        assert found.nominees is not None
        found.last_decision = found.decisions[-1] if found.decisions else None
        return found


def count(app, kind, *conditions):
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(kind).where(*conditions))


def test_everything_in_order_is_one_press(app, desk, path, case):
    page = desk.get(path)
    assert "Alle kontrollene er i orden." in page.text and "Fatt vedtaket" in page.text
    assert "Nora Vintereple: Søke i registeret og kontakte helsepersonell." in page.text
    form = Page(page.text).form(0)
    assert desk.post(path, data={**form.values, "lagre": "1"}).status_code == 303
    after = reload(app, case)
    assert after.status is ApplicationStatus.GRANTED and after.decided_at
    assert [nominee.outcome for nominee in after.nominees] == [NomineeOutcome.GRANTED] * 2
    assert [nominee.granted_level for nominee in after.nominees] == [AccessLevel.READER, AccessLevel.RECRUITER]
    assert count(app, Grant, Grant.status == GrantStatus.INVITED) == 2 and count(app, Invitation) == 2
    assert count(app, Message, Message.kind == MessageKind.APPLICATION_GRANTED) == 1
    assert count(app, Message, Message.kind == MessageKind.INVITATION) == 2


def test_something_to_look_at_begins_with_the_form(make, desk, path, case):
    make.nominee(case, email="privat@gmail.com")
    page = desk.get(path)
    assert "Forhåndsvis vedtaket" in page.text and "Fatt vedtaket" not in page.text
    assert 'value="granted" checked' not in page.text


def test_one_granted_at_a_lower_level_and_one_declined(app, desk, decide, choose, case, path):
    fields = choose("declined", "granted") | {"level_2": "reader"}
    assert decide(desk, fields).status_code == 303
    after = reload(app, case)
    assert after.status is ApplicationStatus.PARTLY_GRANTED
    first, second = after.nominees
    assert first.outcome is NomineeOutcome.DECLINED and first.decline_reason == "Stillingen trenger ikke tilgang."
    assert second.granted_level is AccessLevel.READER and first.granted_level is None
    assert after.last_decision.status is DecisionStatus.FINAL and after.last_decision.approved_by_id is None
    assert count(app, Grant) == 1
    letter = desk.get(f"{path}/brev").text
    assert "Jonas Havregress: Søke i registeret og kontakte helsepersonell." in letter
    assert "Søknaden gjaldt: Rekruttere, med stillinger og intervjuer." in letter
    assert "Nora Vintereple: Stillingen trenger ikke tilgang." in letter
    for needed in (
        "forvaltningsloven §\N{NO-BREAK SPACE}28",
        "3 uker",
        "Postboks 220 Skøyen",
        "Helse- og omsorgsdepartementet",
    ):
        assert needed in letter


def test_what_is_previewed_is_what_is_stored(app, desk, submit, choose, path, case):
    preview = submit(desk, f"{path}?endre=1", forhandsvis="1", **choose("granted", "declined"))
    shown = Page(preview.text).form(0)
    desk.post(path, data={**shown.values, "lagre": "1"})
    stored = reload(app, case).last_decision.letter
    for block in letters.blocks(stored):
        for line in block.lines:
            assert line.replace("«", "«") in preview.text.replace("&#39;", "'").replace("&#34;", '"')


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"outcome_1": "granted"}, "Velg innvilg eller avslå for Jonas Havregress."),
        ({"outcome_1": "granted", "outcome_2": "tull"}, "Velg innvilg eller avslå for Jonas Havregress."),
        ({"outcome_1": "granted", "outcome_2": "declined"}, "Skriv begrunnelsen for avslaget for Jonas Havregress."),
        ({"outcome_1": "granted", "outcome_2": "granted", "text": " "}, "Skriv vedtaksteksten."),
        (
            {"outcome_1": "granted", "outcome_2": "granted", "text": "Ja"},
            "Vedtaksteksten må ha med avsnittet om hvordan virksomheten kan klage.",
        ),
    ],
)
@pytest.mark.parametrize("button", ["forhandsvis", "lagre"])
def test_what_is_missing_is_said(app, desk, submit, path, fields, message, button):
    answer = submit(desk, f"{path}?endre=1", **fields, **{button: "1"})
    assert answer.status_code == 422 and message in answer.text
    assert count(app, Decision) == 0


def test_a_level_above_the_one_applied_for_is_refused(app, desk, submit, choose, path):
    answer = submit(desk, f"{path}?endre=1", lagre="1", **choose("granted", "granted"), level_2="user_administrator")
    assert answer.status_code == 422 and count(app, Decision) == 0


def test_nothing_is_decided_before_exactly_that_letter_was_shown(app, desk, submit, choose, path):
    unseen = submit(desk, f"{path}?endre=1", lagre="1", **choose("granted", "granted"))
    assert unseen.status_code == 422 and "Brevet er endret siden du så det sist." in unseen.text
    form = Page(unseen.text).form(0)
    changed = desk.post(path, data={**form.values, "lagre": "1", "outcome_1": "declined", "reason_1": "Nei"})
    assert changed.status_code == 422 and "Brevet er endret" in changed.text
    assert count(app, Decision) == 0


def test_change_goes_back_to_the_form_with_everything_kept(desk, submit, choose, path):
    preview = submit(
        desk, f"{path}?endre=1", forhandsvis="1", **choose("granted", "declined", reason="Helt egen grunn")
    )
    form = Page(preview.text).form(0)
    page = desk.post(path, data={**form.values, "tilbake": "1"})
    assert page.status_code == 200 and "Helt egen grunn" in page.text and "Forhåndsvis vedtaket" in page.text


def test_the_letter_is_in_the_organisations_written_standard(make, desk, worker):
    application = make.application("in_review", language=Language.NYNORSK, caseworker_id=worker.id)
    page = desk.get(f"/sak/{application.id}/vedtak?endre=1")
    assert "Slik kan de klage" in page.text and "forvaltningslova § 28" in page.text


def test_a_decision_needs_a_login_under_fifteen_minutes_old(app, client_for, worker, path, case):
    desk = client_for(worker, Role.CASEWORKER, signed_in_ago=timedelta(minutes=16))
    form = Page(desk.get(path).text).form(0)
    answer = desk.post(path, data={**form.values, "lagre": "1"})
    assert answer.status_code == 303 and "ny=1" in answer.location
    assert count(app, Decision) == 0
    with app.app_context(), pytest.raises(NeedsFreshLogin):
        from tests.builders import Builders

        old = Builders(app).actor(worker, Role.CASEWORKER, authenticated_at=clock.now() - timedelta(minutes=16))
        decisions.decide(old, case.id, [], "")


def test_a_second_press_decides_once(app, desk, path, case):
    form = Page(desk.get(path).text).form(0)
    data = {**form.values, "lagre": "1"}
    first, second = desk.post(path, data=data), desk.post(path, data=data)
    assert first.status_code == second.status_code == 303
    assert count(app, Decision) == 1 and count(app, Grant) == 2


def test_the_slower_caseworker_sees_who_decided(app, desk, client_for, colleague, path):
    other = client_for(colleague, Role.CASEWORKER)
    theirs = Page(other.get(path).text).form(0)
    mine = Page(desk.get(path).text).form(0)
    assert desk.post(path, data={**mine.values, "lagre": "1"}).status_code == 303
    late = other.post(path, data={**theirs.values, "lagre": "1"})
    assert late.status_code == 409
    assert "Vedtaket er fattet" in late.text and "av Saga Papirlund." in late.text
    assert other.get(path).location.endswith("/vedtak/brev")


@pytest.mark.parametrize("attempt", range(3))
def test_two_at_the_same_moment_make_one_decision(app, make, client_for, worker, colleague, case, path, attempt):
    clients = [client_for(account, Role.CASEWORKER) for account in (worker, colleague)]
    forms = [Page(client.get(path).text).form(0).values for client in clients]
    barrier, answers = Barrier(2), {}

    def press(n):
        barrier.wait()
        answers[n] = clients[n].post(path, data={**forms[n], "lagre": "1"})

    threads = [Thread(target=press, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers.values()) == [303, 409]
    late = next(answer for answer in answers.values() if answer.status_code == 409)
    assert "Vedtaket er fattet" in late.text
    assert count(app, Decision) == 1 and count(app, Grant) == 2
    assert count(app, Message, Message.kind == MessageKind.APPLICATION_GRANTED) == 1
    assert count(app, AuditEvent, AuditEvent.action == "decision.made") == 1


def test_withdrawn_meanwhile(app, desk, path, case):
    form = Page(desk.get(path).text).form(0)
    with app.app_context():
        application = db.session.get_one(AccessApplication, case.id)
        application.withdrawn_at = clock.now()
        application.move_to(ApplicationStatus.WITHDRAWN)
        db.session.commit()
    answer = desk.post(path, data={**form.values, "lagre": "1"})
    assert answer.status_code == 409 and "Virksomheten trakk søknaden" in answer.text


def test_declining_everybody_takes_two(app, desk, decide, choose, client_for, colleague, submit, case, path):
    assert decide(desk, choose("declined", "declined")).status_code == 303
    proposed = reload(app, case)
    assert proposed.status is ApplicationStatus.IN_REVIEW and proposed.last_decision.status is DecisionStatus.PROPOSED
    assert count(app, Message) == 0
    assert "Venter på godkjenning fra en kollega." in desk.get(f"/sak/{case.id}").text
    approval = f"{path}/godkjenning"
    own = desk.get(approval)
    assert "Godkjenn vedtaket" not in own.text and "Trekk forslaget" in own.text
    assert submit(desk, approval, lagre="1").status_code == 403
    other = client_for(colleague, Role.CASEWORKER)
    page = other.get(f"/sak/{case.id}").text
    assert f'<a class="ds-button" href="{approval}">Se forslaget</a>' in page and "Lag vedtak" not in page
    assert "Be om mer informasjon" not in page
    assert "Stillingen trenger ikke tilgang." in other.get(approval).text
    assert submit(other, approval, lagre="1").status_code == 303
    assert other.get(approval).location.endswith("/vedtak/brev")
    assert submit(desk, f"/sak/{case.id}/meldinger", note="Sendt").status_code == 303
    after = reload(app, case)
    assert after.status is ApplicationStatus.DECLINED
    assert after.last_decision.approved_by_id == colleague.id and after.last_decision.status is DecisionStatus.FINAL
    assert count(app, Grant) == 0 and count(app, Invitation) == 0
    (mail,) = _messages(app)
    assert mail.kind is MessageKind.APPLICATION_DECLINED


def test_what_waits_for_approval_stands_first_for_the_colleagues(make, desk, decide, choose, client_for, colleague):
    urgent = make.application("in_review", due_on=clock.today() - timedelta(days=9))
    assert decide(desk, choose("declined", "declined")).status_code == 303
    other = client_for(colleague, Role.CASEWORKER)
    tag = "Til godkjenning</span>"
    for reader, first in ((other, True), (desk, False)):
        page = reader.get("/sak").text
        assert page.count(tag) == 1 and (page.index(tag) < page.index(f"/sak/{urgent.id}")) is first
    filtered = other.get("/sak?status=godkjenning").text
    assert tag in filtered and f"/sak/{urgent.id}" not in filtered
    assert '<option value="godkjenning" selected>' in filtered


def _messages(app):
    with app.app_context():
        return db.session.scalars(select(Message)).all()


def test_the_database_itself_refuses_one_person_twice(context, make, worker, case):
    from sqlalchemy.exc import IntegrityError

    with pytest.raises(IntegrityError):
        make.decision(case, worker, approved_by_id=worker.id)
    db.session.rollback()


def test_a_colleague_sends_a_proposal_back_with_a_reason(
    app, desk, decide, choose, client_for, colleague, submit, case, path
):
    decide(desk, choose("declined", "declined"))
    other = client_for(colleague, Role.CASEWORKER)
    approval = f"{path}/godkjenning"
    missing = submit(other, approval, form=1, tilbake="1")
    assert missing.status_code == 422 and "Skriv hvorfor du sender forslaget tilbake." in missing.text
    assert submit(other, approval, form=1, tilbake="1", reason="Nora trenger jo dette").status_code == 303
    assert reload(app, case).last_decision.status is DecisionStatus.RETURNED
    assert "Nora trenger jo dette" in desk.get(f"/sak/{case.id}/meldinger").text
    assert decide(desk, choose("granted", "declined")).status_code == 303
    assert reload(app, case).status is ApplicationStatus.PARTLY_GRANTED


def test_the_author_takes_a_proposal_back(app, desk, decide, choose, submit, case, path):
    decide(desk, choose("declined", "declined"))
    assert submit(desk, f"{path}/godkjenning", avbryt="1").status_code == 303
    assert reload(app, case).last_decision.status is DecisionStatus.RETURNED


def test_no_question_and_no_other_decision_while_a_proposal_waits(desk, decide, choose, submit, case, path):
    decide(desk, choose("declined", "declined"))
    assert desk.get(path).location.endswith("/godkjenning")
    answer = submit(desk, f"/sak/{case.id}/sporsmal", text="Hva?", lagre="1")
    assert answer.status_code == 409 and "Vedtaket venter på godkjenning fra en kollega." in answer.text


def test_an_open_question_is_warned_about_and_closed_by_the_decision(app, make, desk, worker, path):
    application = make.application("waiting", caseworker_id=worker.id)
    make.question(application, worker)
    path = f"/sak/{application.id}/vedtak"
    page = desk.get(f"{path}?endre=1")
    assert "Spørsmålet til virksomheten er ikke besvart. Vil du fatte vedtak likevel?" in page.text
    preview = desk.post(path, data={**Page(page.text).form(0).values, "outcome_1": "granted", "forhandsvis": "1"})
    assert "Vil du fatte vedtak likevel?" in preview.text
    assert desk.post(path, data={**Page(preview.text).form(0).values, "lagre": "1"}).status_code == 303
    with app.app_context():
        after = db.session.get_one(AccessApplication, application.id)
        assert after.status is ApplicationStatus.GRANTED
        assert after.questions[0].status is QuestionStatus.WITHDRAWN


def outcomes_for(application, outcome=NomineeOutcome.GRANTED):
    return [
        Outcome(nominee.id, outcome, nominee.access_level if outcome == "granted" else None, "Grunn")
        for nominee in application.nominees
    ]


def test_granting_asks_the_registry_when_its_answer_is_old(app, make, desk, stubs, worker):
    old = make.organisation("942110464", "Trondheim kommune", verified_at=clock.now() - timedelta(days=2))
    application = make.application("in_review", organisation=old, caseworker_id=worker.id)
    path = f"/sak/{application.id}/vedtak"
    page = desk.get(f"{path}?endre=1")
    preview = desk.post(path, data={**Page(page.text).form(0).values, "outcome_1": "granted", "forhandsvis": "1"})
    data = {**Page(preview.text).form(0).values, "lagre": "1"}
    stubs.control("enhetsregisteret", "http503")
    assert desk.post(path, data=data).status_code == 503
    assert count(app, Decision) == 0
    stubs.control("enhetsregisteret", "ok")
    assert desk.post(path, data=data).status_code == 303
    assert reload(app, application).status is ApplicationStatus.GRANTED


def test_an_organisation_that_has_ended_is_not_granted(app, make, desk, worker):
    ended = make.organisation("310000124", "Storskog kommune", verified_at=None)
    application = make.application("in_review", organisation=ended, caseworker_id=worker.id)
    path = f"/sak/{application.id}/vedtak"
    page = desk.get(path)
    preview = desk.post(path, data={**Page(page.text).form(0).values, "outcome_1": "granted", "forhandsvis": "1"})
    answer = desk.post(path, data={**Page(preview.text).form(0).values, "lagre": "1"})
    assert answer.status_code == 422 and "Virksomheten er under avvikling." in answer.text
    assert count(app, Decision) == 0


def test_services_refuse_outcomes_that_do_not_fit(context, make, worker, case):
    actor = make.actor(worker, Role.CASEWORKER)
    application = db.session.get_one(AccessApplication, case.id)
    letter = letters.draft_text(application)
    good = outcomes_for(application)
    stranger = make.application("in_review", organisation=make.organisation("940101808"))
    bad = [
        good[:1],
        [good[0], good[0]],
        [good[0], Outcome(stranger.people[0].id, NomineeOutcome.GRANTED, AccessLevel.READER)],
        [good[0], Outcome(good[1].nominee_id, NomineeOutcome.GRANTED, AccessLevel.USER_ADMINISTRATOR)],
        [good[0], Outcome(good[1].nominee_id, NomineeOutcome.GRANTED)],
        [good[0], Outcome(good[1].nominee_id, NomineeOutcome.DECLINED, reason="  ")],
        [good[0], Outcome(good[1].nominee_id, NomineeOutcome.PENDING)],
    ]
    for outcomes in bad:
        with pytest.raises(ValueError):
            decisions.decide(actor, case.id, outcomes, letter)
    with pytest.raises(ValueError):
        decisions.decide(actor, case.id, good, "Uten klagerett")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE nominee SET access_level = 'reader' WHERE id = :id",
        "UPDATE nominee SET family_name = 'Nyttnavn' WHERE id = :id",
        "DELETE FROM nominee WHERE id = :id",
    ],
)
def test_what_the_organisation_changes_while_it_is_decided_stops_the_decision(
    app, desk, path, case, monkeypatch, change
):
    """Between the two looks at the case Enhetsregisteret is asked; meanwhile an answer may change the persons."""

    def meanwhile(_application):
        with app.extensions["engine"].begin() as connection:
            connection.execute(text(change), {"id": case.people[1].id})

    form = Page(desk.get(path).text).form(0)
    monkeypatch.setattr(decisions, "_require_fresh_registry", meanwhile)
    answer = desk.post(path, data={**form.values, "lagre": "1"})
    assert answer.status_code == 409 and "Virksomheten har endret søknaden." in answer.text
    assert count(app, Decision) == 0 and count(app, Grant) == 0


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.SUBMITTER, Role.ORGANISATION_USER])
def test_other_roles_cannot_decide_by_the_service_either(context, make, worker, case, role):
    from services.errors import DomainError

    application = db.session.get_one(AccessApplication, case.id)
    with pytest.raises(DomainError):
        decisions.decide(make.actor(worker, role), case.id, outcomes_for(application), letters.draft_text(application))


def test_a_party_cannot_decide_by_the_service_either(context, make, worker, case):
    make.nominee(case, worker.number)
    application = db.session.get_one(AccessApplication, case.id)
    with pytest.raises(Forbidden):
        decisions.decide(
            make.actor(worker, Role.CASE_LEAD), case.id, outcomes_for(application), letters.draft_text(application)
        )


def test_appeal_upheld_by_another_then_granted(
    app, desk, decide, choose, client_for, colleague, make, submit, case, path
):
    decide(desk, choose("declined", "declined"))
    second = client_for(colleague, Role.CASEWORKER)
    submit(second, f"{path}/godkjenning", lagre="1")
    appeal = f"/sak/{case.id}/klage"
    for took_part in (desk, second):
        assert took_part.get(appeal).status_code == 403
    third_account = make.staff(Role.CASE_LEAD, "Liv Overblikk")
    third = client_for(third_account, Role.CASE_LEAD)
    assert "Skriv hvorfor klagen tas til følge." in submit(third, appeal).text
    assert submit(third, appeal, reason="Stillingene er beskrevet bedre i klagen.").status_code == 303
    reopened = reload(app, case)
    assert reopened.status is ApplicationStatus.IN_REVIEW and reopened.caseworker_id == third_account.id
    assert [nominee.outcome for nominee in reopened.nominees] == [NomineeOutcome.PENDING] * 2
    assert desk.get(path).status_code == 403
    assert decide(third, choose("granted", "granted")).status_code == 303
    after = reload(app, case)
    assert after.status is ApplicationStatus.GRANTED and len(after.decisions) == 2
    letter = third.get(f"{path}/brev").text
    assert "har innvilget søknaden" in letter and "Stillingen trenger ikke tilgang" not in letter
    assert "Klagen tatt til følge" in third.get(f"/sak/{case.id}/historikk").text


def test_the_organisation_is_told_that_the_appeal_was_upheld(
    app, desk, decide, choose, client_for, colleague, make, submit, case, path
):
    submitter = make.account("Inger Innsender", by_key("submitter_municipality").national_id)
    with app.app_context():
        application = db.session.get_one(AccessApplication, case.id)
        application.submitter_id, application.contact_kind = submitter.id, ContactKind.NOMINEE
        application.contact_nominee_id = case.people[1].id
        db.session.commit()
    decide(desk, choose("declined", "declined"))
    submit(client_for(colleague, Role.CASEWORKER), f"{path}/godkjenning", lagre="1")
    third = client_for(make.staff(name="Liv Overblikk"), Role.CASEWORKER)
    assert submit(third, f"/sak/{case.id}/klage", reason="Bedre beskrevet i klagen.").status_code == 303
    with app.app_context():
        sent = db.session.scalars(select(Message).where(Message.kind == MessageKind.APPEAL_UPHELD)).all()
        assert {mail.recipient for mail in sent} == {"innsender@kommune.example", "jonas@trondheim.kommune.no"}
        assert {mail.application_id for mail in sent} == {case.id} and len(sent) == 2
    status = f"/soknad/{case.id}/status"
    page = client_for(submitter).get(status).text
    assert page.index("Vedtaket er fattet") < page.index("Klagen er tatt til følge")
    assert "Liv Overblikk" not in page and "Bedre beskrevet" not in page and "Les vedtaket" in page
    decide(third, choose("granted", "granted"))
    page = client_for(submitter).get(status).text
    assert page.count("Vedtaket er fattet") == 2
    assert page.index("Vedtaket er fattet") < page.index("Klagen er tatt til følge") < page.rindex("Vedtaket er fattet")


def test_only_a_refusal_can_be_appealed_here(make, desk, worker):
    granted = make.application("granted")
    assert desk.get(f"/sak/{granted.id}/klage").status_code == 409


def test_conflict_names_the_decision(context, make, worker, case):
    actor = make.actor(worker, Role.CASEWORKER)
    application = db.session.get_one(AccessApplication, case.id)
    decisions.decide(actor, case.id, outcomes_for(application), letters.draft_text(application))
    db.session.commit()
    with pytest.raises(Conflict, match=r"Vedtaket er fattet .* av Saga Papirlund\."):
        decisions.decide(actor, case.id, outcomes_for(application), letters.draft_text(application))
