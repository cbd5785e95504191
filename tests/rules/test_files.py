"""A table with files of its own is known wherever all of them are gone through."""

from extensions.keys import Purpose
from models import Base
from models.base import HasFile
from services import file_sweep, key_rotation

TABLES = {mapper.class_ for mapper in Base.registry.mappers if issubclass(mapper.class_, HasFile)}


def test_every_file_is_compared_with_the_store() -> None:
    assert set(file_sweep.OWNERS) == TABLES


def test_every_files_key_is_rotated() -> None:
    assert {kind.table for kind in key_rotation.ALL if kind.purpose is Purpose.FILE} == TABLES
