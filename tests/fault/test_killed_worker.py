"""Workers that die or freeze at the worst moment (security.md R4–R6): no mail is lost, and two copies are the same."""

from tests.fault.conftest import LEASE, Faults
from tests.site import until


def test_a_worker_killed_in_the_middle_of_smtp_is_taken_over_from(faults: Faults) -> None:
    faults.site.stubs.control("smtp", "slow", count=1, seconds=60)
    addresses = faults.queue_mails(1)
    faults.wait_for_fault()
    faults.kill(faults.site.worker)
    faults.site.worker.start()
    faults.wait_until_done()
    assert faults.mails() == addresses
    assert faults.value("SELECT status FROM message") == "sent"


def test_a_worker_killed_after_the_servers_yes_repeats_the_same_mail(faults: Faults) -> None:
    faults.site.worker.stop()
    invitation = faults.queue_invitation()
    with faults.locked("invitation", invitation.id):
        faults.site.worker.start()
        until(faults.site.stubs.mail, "the mail server's yes")
        faults.kill(faults.site.worker)
    faults.site.worker.start()
    faults.wait_until_done()
    copies = faults.site.stubs.mail()
    assert len(copies) == 2
    assert len({(copy["message_id"], copy["text"], copy["date"]) for copy in copies}) == 1
    assert faults.value("SELECT status FROM message") == "sent"
    assert faults.value("SELECT status FROM invitation") == "sent"


def test_a_frozen_workers_late_write_is_refused(faults: Faults) -> None:
    faults.site.stubs.control("smtp", "slow", count=1, seconds=LEASE + 2)
    addresses = faults.queue_mails(1)
    faults.wait_for_fault()
    frozen = faults.freeze(faults.site.worker)
    try:
        faults.another(faults.site.worker)
        faults.wait_until_done()
        done_at = faults.mail_rows("done_at")
        sent_at = faults.value("SELECT sent_at FROM message")
        assert faults.mails() == addresses
    finally:
        faults.thaw(frozen)
    jobs = faults.queue_mails(4, "after")  # both workers work on
    faults.wait_until_done()
    assert faults.mails() == sorted(addresses + jobs)
    assert faults.mail_rows("done_at")[:1] == done_at
    assert faults.value("SELECT sent_at FROM message ORDER BY created_at LIMIT 1") == sent_at
