"""Two relays, none, and a database that goes away (security.md R1, R16, R17)."""

from collections import Counter

from extensions.queue import QueueName
from tests.fault.conftest import Faults
from tests.site import until
from workers.commands import AT_ONCE


def test_two_relays_send_nothing_twice_and_the_second_takes_over(faults: Faults) -> None:
    faults.another(faults.site.relay)
    first = faults.queue_mails(30, "before")
    until(lambda: len(faults.mails()) > 5, "some to be sent")
    faults.site.relay.kill()
    second = faults.queue_mails(5, "after")
    faults.wait_until_done()
    assert faults.mails() == sorted(first + second)
    slots = "SELECT count(*) - count(DISTINCT once_key) FROM outbox_entry WHERE once_key IS NOT NULL"
    assert faults.value(slots) == 0


def test_what_was_asked_for_without_a_relay_is_done_when_it_comes(faults: Faults) -> None:
    faults.site.relay.stop()
    addresses = faults.queue_mails(3)
    assert faults.mails() == []
    faults.site.relay.start()
    faults.wait_until_done()
    assert faults.mails() == addresses


def test_a_restarted_database_loses_nothing(faults: Faults) -> None:
    addresses = faults.queue_mails(40)
    until(lambda: len(faults.mails()) > 5, "some to be sent")
    faults.site.postgres.restart()
    faults.wait_until_done(60)
    assert set(faults.mails()) == set(addresses)
    copies = Counter(mail["message_id"] for mail in faults.site.stubs.mail())
    assert len(copies) == 40
    most = AT_ONCE[QueueName.MAIL]
    assert max(copies.values()) <= 2 and sum(copies.values()) <= 40 + most, "those the one worker was in the middle of"
    assert faults.site.relay.is_running and faults.site.worker.is_running and faults.site.web.is_running
