"""Logs as one JSON object a line, from an allow-list of fields, with a last filter that masks national identity numbers
(C72, C73)."""

import json
import logging
import re
import sys
from datetime import UTC, datetime

FIELDS = (
    "request_id", "method", "route", "status", "milliseconds", "job", "outbox_id", "attempt", "event",
    "reason", "system", "fields", "count", "account_id", "session_id", "code",
    "attachment_id", "size", "sha256", "finding",
)  # fmt: skip
_NUMBER = re.compile(r"(?<!\d)\d{6}[\s\u00a0.-]?\d{5}(?!\d)")

_ROW = re.compile(r"(?:Failing row contains|Key) \(.*?\)(?==\(|\.?$)(?:=\(.*?\).*?$)?", re.MULTILINE)
"""What PostgreSQL tells of a refused row: a person's details."""


def mask(text: str) -> str:
    """The text with every run of eleven digits, also with a blank in it, replaced."""
    return _NUMBER.sub("[nummer]", text)


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **{field: value for field in FIELDS if (value := getattr(record, field, None)) is not None},
        }
        if record.exc_info:
            line["exception"] = _ROW.sub("[row left out]", self.formatException(record.exc_info))
        return mask(json.dumps(line, ensure_ascii=False, default=str))


def init() -> None:
    """Send all logging of this process to standard error in this form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for noisy in ("httpx", "httpcore", "werkzeug", "alembic.runtime.plugins"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


security = logging.getLogger("security")
"""Refusals and alarms; outside any transaction (house-style.md)."""
access = logging.getLogger("access")
"""One line a request: the route's name, never its address, so that no id or query is kept."""
