"""Searches everything the product leaves behind for national identity numbers that were used (invariant I9, C73).

leaks = find(numbers, database_url=…, logs=site.logs(), redis=client, mails=stubs.mailbox.raw())
assert not leaks
"""

import base64
import io
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from email import message_from_bytes

from psycopg import sql
from pypdf import PdfReader
from redis import Redis
from sqlalchemy import create_engine


def forms(number: str) -> dict[str, bytes]:
    """How a number could stand in a text: as it is, parted, backwards, and in the usual encodings at any offset."""
    plain = number.encode()
    parted = {
        f"parted by {mark!r}": plain[:6] + mark + plain[6:] for mark in (b" ", b"-", b".", b"+", b"%20", b"\xc2\xa0")
    }
    return {
        "plain": plain,
        **parted,
        "reversed": plain[::-1],
        "hex": plain.hex().encode(),
        "HEX": plain.hex().upper().encode(),
        "UTF-16": number.encode("utf-16-le"),
        **{f"base64 at {offset}": _inner_base64(plain, offset) for offset in range(3)},
    }


def _inner_base64(plain: bytes, offset: int) -> bytes:
    """What base64 makes of these bytes wherever they stand, when `offset` bytes come before them in their group."""
    encoded = base64.b64encode(b"\0" * offset + plain)
    start = (0, 2, 3)[offset]
    return encoded[start : (offset + len(plain)) * 8 // 6]


def find(
    numbers: Iterable[str],
    *,
    database_url: str | None = None,
    logs: str = "",
    redis: Redis | None = None,
    mails: Iterable[bytes] = (),
) -> list[str]:
    """Where any of these numbers stands in clear: «table message, column … : plain», never the number itself."""
    places = [("logs", logs.encode())]
    if database_url is not None:
        places += _database(database_url)
    if redis is not None:
        places += _redis(redis)
    for position, mail in enumerate(mails, 1):
        places += [(f"mail {position}", part) for part in _mail(mail)]
    wanted = {number: forms(number) for number in set(numbers)}
    return [
        f"{place}: number {position}, {form}"
        for place, content in places
        for position, written in enumerate(wanted.values(), 1)
        for form, text in written.items()
        if text in content
    ]


def _database(url: str) -> Iterator[tuple[str, bytes]]:
    """Every table as PostgreSQL dumps it; what stands compressed in a PDF is read out of it."""
    engine = create_engine(url)
    try:
        connection = engine.raw_connection()
        cursor = connection.cursor()
        cursor.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'"
        )
        columns = cursor.fetchall()
        for table in sorted({table for table, _column, _type in columns}):
            with cursor.copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))) as copy:
                yield f"table {table}", b"".join(bytes(block) for block in copy)
        for table, column, kind in columns:
            if kind == "bytea":
                names = sql.Identifier(column), sql.Identifier(table)
                cursor.execute(sql.SQL("SELECT {} FROM {}").format(*names))
                for (value,) in cursor.fetchall():
                    yield f"table {table}, column {column}", _unpacked(bytes(value or b""))
        connection.close()
    finally:
        engine.dispose()


def _redis(redis: Redis) -> Iterator[tuple[str, bytes]]:
    """Every key with what it holds; RQ keeps a job's arguments deflated."""
    readers = {
        b"string": redis.get,
        b"hash": redis.hgetall,
        b"list": lambda key: redis.lrange(key, 0, -1),
        b"set": redis.smembers,
        b"zset": lambda key: redis.zrange(key, 0, -1),
        b"stream": lambda key: redis.xrange(key),
    }
    for key in redis.scan_iter():
        kind = redis.type(key)
        yield f"redis {kind.decode()}", b"\n".join([key, *map(_unpacked, _leaves(readers[kind](key)))])


def _leaves(value: object) -> Iterator[bytes]:
    if isinstance(value, bytes):
        yield value
    elif isinstance(value, dict):
        yield from _leaves(list(value.items()))
    elif isinstance(value, list | tuple | set):
        for item in value:
            yield from _leaves(item)


def _mail(raw: bytes) -> Iterator[bytes]:
    """A message as it went over the wire, and each part as a reader sees it."""
    yield raw
    for part in message_from_bytes(raw).walk():
        content = part.get_payload(decode=True)
        if isinstance(content, bytes):
            yield _unpacked(content)


def _unpacked(value: bytes) -> bytes:
    """The bytes, followed by what they hold when they are deflated or a PDF."""
    if value.startswith(b"%PDF"):
        reader = PdfReader(io.BytesIO(value))
        facts = f"{reader.metadata} {reader.xmp_metadata}"
        return value + "\n".join([facts, *(page.extract_text() for page in reader.pages)]).encode()
    with suppress(zlib.error):
        return value + b"\n" + zlib.decompress(value)
    return value
