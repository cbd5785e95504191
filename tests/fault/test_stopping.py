"""A deploy stops processes with SIGTERM: what runs is finished, and nothing is begun (security.md R19)."""

import signal

from extensions.queue import QueueName
from tests.fault.conftest import Faults
from workers.commands import AT_ONCE


def test_a_worker_asked_to_stop_finishes_its_job(faults: Faults) -> None:
    faults.site.stubs.control("smtp", "slow", count=AT_ONCE[QueueName.MAIL], seconds=1)
    addresses = faults.queue_mails(100)
    faults.wait_for_fault()
    worker = faults.site.worker.popen
    assert worker is not None
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(20) == 0
    assert 1 <= len(faults.mails()) < 100
    waiting = "SELECT count(*) FROM message WHERE status = 'queued'"
    assert faults.value(waiting) == 100 - len(faults.mails())
    faults.site.worker.start()
    faults.wait_until_done()
    assert faults.mails() == sorted(addresses)


def test_an_idle_worker_and_the_relay_stop_at_once_also_without_redis(faults: Faults) -> None:
    faults.queue_mails(1)
    faults.wait_until_done()  # both are awake
    faults.site.valkey.kill()
    for process in (faults.site.relay, faults.site.worker):
        assert process.popen is not None
        process.popen.send_signal(signal.SIGTERM)
    assert faults.site.relay.popen is not None and faults.site.worker.popen is not None
    assert faults.site.relay.popen.wait(10) == 0
    assert faults.site.worker.popen.wait(10) == 0
