"""One target of `make fuzz`, run by atheris: python -m tests.files.fuzz.target TARGET [libFuzzer's options]."""

import random
import sys
from collections.abc import Mapping

from services.file_checks.names import download_header, extension_of, shown_name

TARGETS: Mapping[str, tuple[str, ...]] = {
    "names": (),
    "pdf": (".pdf",),
    "docx": (".docx",),
    "odt": (".odt",),
    "pictures": (".jpg", ".jpeg", ".png"),
}
"""Each target, and the extensions of the files it begins with."""


def check_name(data: bytes) -> None:
    """A name is safe and short, stays as it is when it is made again, and goes into a header."""
    name = shown_name(data.decode("utf-8", "surrogateescape"))
    assert 0 < len(name) <= 150 and name.isprintable() and not set(name) & set("/\\"), name
    assert shown_name(name) == name
    assert len(extension_of(name)) <= 10
    assert download_header(name).isascii()


def main(target: str, options: list[str]) -> None:
    import atheris

    with atheris.instrument_imports(include=["services.file_checks", "zipfile", "xml", "defusedxml", "PIL", "pikepdf"]):
        from tests.files import mutations

    def mutate(data: bytes, limit: int, seed: int) -> bytes:
        """Most often the inside of one part, so that checksums and places still hold."""

        def change(content: bytes) -> bytes:
            return bytes(atheris.Mutate(content, len(content) + 200))

        chance = random.Random(seed)
        which = chance.randrange(100)
        whole = mutations.with_changed_object if target == "pdf" else mutations.with_changed_part
        changed = whole(data, which, change) if chance.random() < 0.8 else change(data)
        return changed if len(changed) <= limit else data

    def check_file(data: bytes) -> None:
        names = ("a.jpg", "a.png") if target == "pictures" else (f"a.{target}",)
        for name in names:
            mutations.verdict_on(data, name)

    mutator = {"custom_mutator": mutate} if target in ("pdf", "docx", "odt") else {}
    atheris.Setup([sys.argv[0], *options], check_name if target == "names" else check_file, **mutator)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
