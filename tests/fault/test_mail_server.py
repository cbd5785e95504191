"""A mail server that refuses, hangs, says later or never (security.md R9): waited for, or told."""

import pytest

from tests.fault.conftest import Faults
from tests.site import until


@pytest.mark.parametrize("mode", ["greylist", "hang", "reject_sender"])
def test_what_may_pass_is_tried_again_after_a_pause(faults: Faults, mode: str) -> None:
    faults.site.stubs.control("smtp", mode, count=1)
    addresses = faults.queue_mails(1)
    faults.wait_for_failure()
    assert faults.mails() == []
    assert faults.mail_rows("due_at - now() BETWEEN interval '30 seconds' AND interval '1 minute'") == [True]
    faults.let_the_pause_pass()
    faults.wait_until_done()
    assert faults.mails() == addresses
    assert faults.value("SELECT status FROM message") == "sent"


@pytest.mark.parametrize(("mode", "code"), [("refuse", "550"), ("reject_data", "554")])
def test_a_no_is_told_and_not_repeated(faults: Faults, mode: str, code: str) -> None:
    faults.site.stubs.control("smtp", mode, count=1)
    faults.queue_invitation()
    faults.wait_until_done()
    assert faults.mails() == []
    assert faults.value("SELECT status FROM message") == "undeliverable"
    assert faults.value("SELECT refusal FROM message") == code
    assert faults.value("SELECT status FROM invitation") == "undeliverable"


def test_a_line_cut_after_the_yes_is_a_yes(faults: Faults) -> None:
    faults.site.stubs.control("smtp", "die_after_data", count=1)
    addresses = faults.queue_mails(2)
    faults.wait_until_done()
    assert faults.mails() == addresses


def test_nobody_at_the_mail_server_is_waited_for(faults: Faults) -> None:
    mailbox = faults.site.stubs.mailbox
    port = mailbox.smtp_port
    mailbox.stop()
    addresses = faults.queue_mails(1)
    faults.wait_for_failure()
    mailbox.serve(smtp_port=port)
    faults.let_the_pause_pass()
    faults.wait_until_done()
    until(faults.mails, "the mail")
    assert faults.mails() == addresses
