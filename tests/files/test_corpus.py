"""Every file of the corpus gets its verdict, in the isolated process with its five seconds and 512 MB (C50–C57)."""

import pytest

from services.file_checks import isolation
from services.file_checks.verdicts import FileType, RefusalReason, Refused
from tests.files.corpus import HONEST, HOSTILE, Case


@pytest.mark.parametrize("case", (*HONEST, *HOSTILE), ids=str)
def test_a_file_gets_its_verdict(case: Case, tmp_path):
    file = tmp_path / "file"
    file.write_bytes(case.make())
    assert verdict_on(file, case) == case.verdict


def verdict_on(file, case: Case) -> FileType | RefusalReason:
    try:
        return isolation.inspect(file, case.name, case.kind)
    except Refused as refused:
        return refused.reason


def test_there_are_enough_of_both():
    assert len(HONEST) >= 20
    assert len(HOSTILE) >= 60
    assert {case.verdict for case in HOSTILE} == set(RefusalReason) - {RefusalReason.UNCHECKED}
    assert {case.verdict for case in HONEST} == set(FileType)
    assert len({case.what for case in (*HONEST, *HOSTILE)}) == len(HONEST) + len(HOSTILE)
