"""One target of `make fuzz`, run by atheris: python -m tests.files.fuzz.target TARGET [libFuzzer's options]."""

import random
import sys
import time
from collections.abc import Mapping

TARGETS: Mapping[str, tuple[str, ...]] = {
    "names": (),
    "pdf": (".pdf",),
    "docx": (".docx",),
    "odt": (".odt",),
    "pictures": (".jpg", ".jpeg", ".png"),
}
"""Each target, and the extensions of the files it begins with."""


MOST_SECONDS = 5
"""Of processor time for one file."""


def main(target: str, options: list[str]) -> None:
    import atheris

    with atheris.instrument_imports(include=["services.file_checks", "zipfile", "xml", "defusedxml", "PIL", "pikepdf"]):
        from services.file_checks import names
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

    def check_name(data: bytes) -> None:
        """A name is safe and short, stays as it is when it is made again, and goes into a header."""
        name = names.shown_name(data.decode("utf-8", "surrogateescape"))
        assert 0 < len(name) <= names.MAX_LENGTH and name.isprintable() and not set(name) & set("/\\"), name
        assert names.shown_name(name) == name
        assert len(names.extension_of(name)) <= names.MAX_EXTENSION
        assert names.download_header(name).isascii()

    def check_file(data: bytes) -> None:
        began = time.process_time()
        for extension in ("jpg", "png") if target == "pictures" else (target,):
            mutations.verdict_on(data, f"a.{extension}")
        assert time.process_time() - began < MOST_SECONDS

    mutator = {"custom_mutator": mutate} if target in ("pdf", "docx", "odt") else {}
    atheris.Setup([sys.argv[0], *options], check_name if target == "names" else check_file, **mutator)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
