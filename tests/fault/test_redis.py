"""Redis may be emptied or away at any time: it is only the doorbell (security.md R7, R8)."""

from tests.fault.conftest import Faults
from tests.site import until

HUNDRED = 100


def test_a_hundred_queued_mails_survive_an_emptied_redis(faults: Faults) -> None:
    faults.site.worker.stop()
    redis = faults.site.valkey.client()
    addresses = faults.queue_mails(HUNDRED)
    until(lambda: redis.llen("rq:queue:mail") == HUNDRED, "all to stand in line")
    redis.flushall()
    faults.site.worker.start()
    until(lambda: len(faults.mails()) > HUNDRED // 4, "some to be sent")
    redis.flushall()
    faults.wait_until_done(60)
    assert faults.mails() == sorted(addresses)


def test_mail_asked_for_while_redis_is_away_goes_out_when_it_is_back(faults: Faults) -> None:
    faults.site.valkey.kill()
    addresses = faults.queue_mails(3)
    until(lambda: "RedisError" in faults.site.logs() or "ConnectionError" in faults.site.logs(), "the relay to notice")
    assert faults.mails() == []
    faults.site.valkey.start()
    faults.wait_until_done()
    assert faults.mails() == addresses
    assert faults.site.relay.is_running and faults.site.worker.is_running
