"""The reference number: readable, random, and wrong when a person gets it wrong."""

from hypothesis import given
from hypothesis import strategies as st

from services import references
from services.references import ALPHABET, LENGTH

starts = st.text(alphabet=ALPHABET, min_size=LENGTH - 1, max_size=LENGTH - 1)


@given(starts)
def test_the_check_character_fits(start):
    assert references.is_valid(references.with_check(start))


@given(starts, st.integers(0, LENGTH - 1), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_found(start, place, sign):
    reference = references.with_check(start)
    wrong = reference[:place] + sign + reference[place + 1 :]
    assert references.is_valid(wrong) == (wrong == reference)


@given(starts, st.integers(0, LENGTH - 1), st.integers(0, LENGTH - 1))
def test_any_two_swapped_characters_are_found(start, one, other):
    reference = references.with_check(start)
    signs = list(reference)
    signs[one], signs[other] = signs[other], signs[one]
    wrong = "".join(signs)
    assert references.is_valid(wrong) == (wrong == reference)


@given(st.text(max_size=20))
def test_other_text_is_no_reference(text):
    assert not references.is_valid(text) or set(text) <= set(ALPHABET)


def test_new_ones_are_valid_and_differ():
    made = {references.new() for _ in range(1000)}
    assert len(made) == 1000
    assert all(references.is_valid(reference) for reference in made)


def test_no_sign_can_be_taken_for_another():
    assert not set(ALPHABET) & set("0O1I2Z5S8BUAE")
    assert len(ALPHABET) == 23


@given(starts)
def test_what_people_type_is_what_is_stored(start):
    reference = references.with_check(start)
    assert references.normalise(references.grouped(reference).lower()) == reference
    assert references.normalise(f" {reference[:4]}-{reference[4:8]}.{reference[8:]}\u00a0") == reference
