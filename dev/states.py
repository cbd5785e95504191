"""docs/states.md, drawn from the transition tables: `python -m dev.states` writes it, a test compares."""

import inspect
from enum import StrEnum
from pathlib import Path

from models import Base
from models.base import HasStatus

FILE = Path(__file__).parent.parent / "docs" / "states.md"
INTRODUCTION = """# States

Drawn from the `TRANSITIONS` tables of the models by `python -m dev.states`; a test fails when this page is old. A
status moves only along an arrow; everything else raises `InvalidTransition`, which a person sees as a 409 page.
"""


def page() -> str:
    """The whole page as Markdown."""
    return INTRODUCTION + "".join(_section(table) for table in tables())


def tables() -> list[type[HasStatus]]:
    """The models that have a status, by name."""
    kinds = [mapper.class_ for mapper in Base.registry.mappers if issubclass(mapper.class_, HasStatus)]
    return sorted(kinds, key=lambda kind: kind.__name__)


def _section(kind: type[HasStatus]) -> str:
    start: StrEnum = kind.__table__.c.status.default.arg  # type: ignore[attr-defined]
    arrows = [
        f"    {source} --> {target}" for source, targets in kind.TRANSITIONS.items() for target in sorted(targets)
    ]
    reached = {target for targets in kind.TRANSITIONS.values() for target in targets}
    ends = [f"    {state} --> [*]" for state in sorted(reached) if not kind.TRANSITIONS.get(state)]
    summary = (inspect.getdoc(kind) or "").split("\n\n")[0]
    lines = ["stateDiagram-v2", f"    [*] --> {start}", *arrows, *ends]
    return f"\n## {kind.__name__}\n\n{summary}\n\n```mermaid\n" + "\n".join(lines) + "\n```\n"


if __name__ == "__main__":
    FILE.write_text(page())
