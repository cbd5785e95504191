"""Files sealed in a stream: nothing but the whole file, in its order, ever comes out (security.md section 4)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extensions import file_sealing
from extensions.file_sealing import TAG, new_key, seal, unseal
from extensions.keys import CannotOpen

KEY = new_key()
SMALL = 64


@pytest.fixture(autouse=True, scope="module")
def small_pieces():
    """Pieces of 64 bytes, so that a few hundred bytes are many pieces."""
    before, file_sealing.PIECE = file_sealing.PIECE, SMALL
    yield
    file_sealing.PIECE = before


def cut(content: bytes, size: int) -> list[bytes]:
    return [content[start : start + size] for start in range(0, len(content), size)]


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=5 * SMALL), st.integers(1, 200), st.integers(1, 200))
def test_what_went_in_comes_out_however_it_arrives(content, written, read):
    sealed = b"".join(seal(cut(content, written), KEY))
    assert b"".join(unseal(cut(sealed, read), KEY)) == content
    assert len(content) < SMALL or content[:SMALL] not in sealed


@pytest.mark.parametrize("length", [0, 1, SMALL - 1, SMALL, SMALL + 1, 2 * SMALL, 3 * SMALL + 5])
def test_a_file_that_was_tampered_with_does_not_open(length):
    sealed = b"".join(seal([b"x" * length], KEY))
    pieces = cut(sealed, SMALL + TAG)
    wrong = {
        "changed": [sealed[:-1] + bytes([sealed[-1] ^ 1])],
        "cut short": [sealed[:-1]],
        "longer": [sealed + b"\0"],
        "without the last piece": pieces[:-1],
        "with the last piece twice": [*pieces, pieces[-1]],
        "in another order": pieces[::-1] if len(pieces) > 1 else [b""],
        "of another file": list(seal([b"y" * length], new_key())),
    }
    for how, tampered in wrong.items():
        with pytest.raises(CannotOpen):
            assert b"".join(unseal(tampered, KEY)) is None, how


def test_the_first_pieces_of_a_tampered_file_are_given_and_no_more():
    sealed = list(seal([b"a" * SMALL, b"b" * SMALL, b"c" * SMALL], KEY))
    opened = unseal([sealed[0], sealed[2], sealed[1]], KEY)
    assert next(opened) == b"a" * SMALL
    with pytest.raises(CannotOpen):
        next(opened)
