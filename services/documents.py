"""Documents that are printed or kept: tagged PDF (PDF/UA-1) from the templates in templates/documents."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "templates" / "documents"


def pdf(template: str, data: Mapping[str, Any]) -> bytes:
    """A document of one template, which finds `data` as JSON in its input."""
    import typst  # only here: a web process that makes no document spares its memory

    return typst.compile(FOLDER / f"{template}.typ", sys_inputs={"data": json.dumps(data)}, pdf_standards=["ua-1"])
