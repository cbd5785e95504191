"""However a file is harmed, the answer is a verdict: nothing unforeseen rises (`make fuzz` goes on from here)."""

import functools
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.files import mutations
from tests.files.cases import Case
from tests.files.honest import HONEST

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, of what it found odd

BIG = 60_000
TELLING = (b"", b"\0", b"<", b">>", b"0", b"-1", b"4294967295", b"/JS", b"R", b"PK\x05\x06", b"\xff\xda", b"&#0;", b"%")


@functools.cache
def made(case: Case) -> bytes:
    return case.make()


def small(extension: str) -> list[Case]:
    """Honest files to begin with; those of many pages and megabytes take long and show no more."""
    cases = [case for case in HONEST if case.name.lower().endswith(extension)]
    return [case for case in cases if not re.search("MB|megapixels|many pages", case.what)]


def harm(data: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    """Some bytes replaced by others, at places counted from the start whatever the length."""
    for place, length, new in edits:
        place %= len(data) + 1
        data = data[:place] + new + data[place + length :]
    return data


EDITS = st.lists(
    st.tuples(st.integers(0, BIG), st.integers(0, 8), st.sampled_from(TELLING) | st.binary(max_size=4)),
    min_size=1,
    max_size=4,
)


@pytest.mark.parametrize("extension", (".pdf", ".docx", ".odt", ".jpg", ".png"))
@given(data=st.data())
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_a_harmed_file_gets_a_verdict(extension, data):
    case = data.draw(st.sampled_from(small(extension)))
    edits, which = data.draw(EDITS), data.draw(st.integers(0, 30))
    content = made(case)[:BIG]
    whole = {".pdf": mutations.with_changed_object, ".docx": mutations.with_changed_part}.get(extension)
    if extension == ".odt":
        whole = mutations.with_changed_part
    change = functools.partial(harm, edits=edits)
    mutations.verdict_on(whole(content, which, change) if whole else change(content), case.name)
