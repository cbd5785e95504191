"""Reference numbers of applications: twelve characters, eleven at random and a check character.

The alphabet has 23 signs: no vowels, so that no word comes out, and no pairs that people mix up (0 O, 1 I, 2 Z, 5 S,
8 B, U V). A sign's value is its place in the alphabet, 0–22. Value times position (1–12), added up, is a multiple of
23; the last character is chosen so. As 23 is a prime and greater than 12, every single wrong character and every swap
of two characters is found.
"""

import re
import secrets

ALPHABET = "34679CDFGHJKLMNPQRTVWXY"
LENGTH = 12
_VALUES = {sign: value for value, sign in enumerate(ALPHABET)}


def new() -> str:
    """A new reference, without blanks."""
    return with_check("".join(secrets.choice(ALPHABET) for _ in range(LENGTH - 1)))


def with_check(start: str) -> str:
    """Eleven characters with their check character after them."""
    total = sum(position * _VALUES[sign] for position, sign in enumerate(start, 1))
    # 12 · check ≡ -total (mod 23), and 2 is the inverse of 12.
    return start + ALPHABET[-total * 2 % len(ALPHABET)]


def is_valid(reference: str) -> bool:
    """Whether twelve characters of the alphabet agree with their check character."""
    return (
        len(reference) == LENGTH
        and set(reference) <= set(ALPHABET)
        and sum(position * _VALUES[sign] for position, sign in enumerate(reference, 1)) % len(ALPHABET) == 0
    )


def normalise(text: str) -> str:
    """What a person typed or pasted, as it is stored: no blanks, points or hyphens, capitals."""
    return re.sub(r"[\s\u00a0.\-]", "", text).upper()


def grouped(reference: str) -> str:
    """The reference as people read it, in groups of four."""
    return " ".join(reference[at : at + 4] for at in range(0, len(reference), 4))
