"""How the web process listens, how much it takes in, and what its own log may hold."""

import ctypes
import gc
import logging
import os
import re
from pathlib import Path
from typing import Any

from gunicorn.glogging import Logger

# A national identity number, or an invitation's token (43 characters), in a path or an error text, and every query
# string (security C34, C72, C73); a UUID (36 characters) stays readable.
SECRETS = re.compile(r"(?<!\d)\d{6}(?:%20|[ +._-])?\d{5}(?!\d)|[A-Za-z0-9_-]{40,}|(?<=\?)[^\s'\"]+")


class _Masked(logging.Formatter):
    """Another formatter's line, with numbers, tokens and query strings taken out as the very last thing."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self.inner = inner

    def format(self, record: logging.LogRecord) -> str:
        return SECRETS.sub("***", self.inner.format(record))


class MaskingLogger(Logger):  # type: ignore[misc]
    """gunicorn's own logger, whose error lines pass through _Masked."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(_Masked(handler.formatter or logging.Formatter()))


bind = os.environ.get("BIND", "127.0.0.1:8000")
workers = int(os.environ.get("WEB_CONCURRENCY") or min(os.cpu_count() or 1, 4))
worker_class = "gthread"
threads = 8
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # a heartbeat file on disk can stall a worker
preload_app = True  # read once, shared by the workers: a worker is there at once, and takes less memory
control_socket_disable = True  # its default place is shared by all instances of one user
max_requests = int(os.environ.get("WEB_MAX_REQUESTS", "10000"))
max_requests_jitter = max_requests // 10

# Limits: a page answers within 30 s or is given up; a stop waits as long, so that no answer is cut off.
timeout = 30
graceful_timeout = int(os.environ.get("WEB_GRACEFUL_TIMEOUT", "30"))
keepalive = 5
backlog = 512
limit_request_line = 4_094
limit_request_fields = 60
limit_request_field_size = 8_190

# Only the application's ProxyFix (TRUSTED_PROXIES) believes forwarded headers.
forwarded_allow_ips = ""

logger_class = MaskingLogger
accesslog = None  # the app writes one line a request itself: the route, never the address
errorlog = "-"
chdir = str(Path(__file__).resolve().parent)


M_ARENA_MAX = -8
if hasattr(libc := ctypes.CDLL(None), "mallopt"):  # glibc: a heap for each thread holds on to memory none of them uses
    libc.mallopt(M_ARENA_MAX, 2)


def post_fork(_server: Any, worker: Any) -> None:
    """A worker opens its own database connections; its parent's are not its to use or close. What was read before the
    fork is never garbage, and a page leaves little of it: looking for it seldom spares a tenth of the time."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    if engine := worker.app.callable.extensions.get("engine"):
        engine.dispose(close=False)
