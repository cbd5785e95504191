"""What a person was shown as sent survives the death of any one part (security.md R1, R8, R16; invariant I10)."""

from threading import Thread

import httpx

from tests.fault.conftest import Draft, Faults
from tests.site import until


def received(faults: Faults, draft: Draft) -> int:
    """How many e-mails told the submitter that the application has come."""
    mails = faults.site.mail_to(draft.email)
    assert all("Vi har mottatt søknaden" in str(mail["subject"]) for mail in mails)
    return len(mails)


def test_the_web_process_dies_right_after_the_commit(faults: Faults) -> None:
    faults.site.relay.stop()
    draft = faults.draft()
    form = draft.form()
    answers: list[object] = []

    def press() -> None:
        try:
            answers.append(draft.send(form).status_code)
        except httpx.TransportError as error:
            answers.append(error)

    person = Thread(target=press)
    person.start()
    until(lambda: faults.value("SELECT status FROM access_application") == "submitted", "the commit")
    faults.kill(faults.site.web)
    person.join()
    assert faults.mails() == []

    faults.site.relay.start()
    faults.wait_until_done()
    assert received(faults, draft) == 1

    faults.site.web.start()
    again = draft.send(form)
    assert (again.status_code, again.headers["Location"]) == (303, f"{draft.path}/kvittering")
    assert "Søknaden er sendt inn" in draft.browser.get(f"{draft.path}/kvittering").text
    assert draft.browser.get(f"{draft.path}/kvittering.pdf").content.startswith(b"%PDF")
    faults.wait_until_done()
    assert received(faults, draft) == 1
    assert faults.value("SELECT count(*) FROM access_application") == 1


def test_an_application_is_received_while_redis_is_away(faults: Faults) -> None:
    draft = faults.draft()
    faults.site.valkey.kill()
    answer = draft.send(draft.form())
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{draft.path}/kvittering")
    receipt = draft.browser.get(f"{draft.path}/kvittering")
    assert receipt.status_code == 200 and "Søknaden er sendt inn" in receipt.text
    assert "Vi lager kvitteringen. Oppdater siden om litt." in receipt.text
    assert faults.mails() == []

    faults.site.valkey.start()
    faults.wait_until_done()
    assert received(faults, draft) == 1
    assert draft.browser.get(f"{draft.path}/kvittering.pdf").content.startswith(b"%PDF")


def test_a_restarted_database_is_met_without_restarting_the_web_process(faults: Faults) -> None:
    draft = faults.draft()
    form = draft.form()
    faults.site.postgres.stop()
    away = draft.send(form)
    assert away.status_code == 503 and "Feil-id" in away.text
    faults.site.postgres.start()
    with faults.app.app_context():
        faults.app.extensions["engine"].dispose()
    answer = draft.send(form)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{draft.path}/kvittering")
    faults.wait_until_done()
    assert received(faults, draft) == 1
