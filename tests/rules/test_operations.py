"""What the guide for operators tells people to type can be typed."""

import re
import subprocess
import sys
from pathlib import Path

import click
from flask import Flask

from extensions.keys import KeyRing, Purpose

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "operations.md").read_text()
COMMAND = r"""(?:^flask --app app |`flask (?:--app app )?|make flask c=")([^`"#\n]+)"""
PRODUCT = ("blueprints", "extensions", "services", "workers")
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def test_the_first_key_ring_is_made_before_there_is_an_app(tmp_path: Path) -> None:
    (documented,) = re.findall(r"^python (-m extensions\.keys) /run/secrets/ring\.json ", GUIDE, re.MULTILINE)
    ring = tmp_path / "ring.json"
    command = [sys.executable, *documented.split(), str(ring)]
    nothing = {"PATH": ""}
    assert subprocess.run(command, cwd=ROOT, env=nothing, check=False).returncode == 0
    content = ring.read_bytes()
    assert set(KeyRing.load(ring).primary) == set(Purpose)
    again = subprocess.run(command, cwd=ROOT, env=nothing, capture_output=True, text=True, check=False)
    assert again.returncode != 0 and "File exists" in again.stderr and ring.read_bytes() == content


def test_every_command_that_is_named_exists(app: Flask) -> None:
    named = {line for page in PAGES for line in re.findall(COMMAND, page.read_text(), re.MULTILINE)}
    assert {"keys rotate", "jobs retry"} <= named
    unknown = []
    for line in named:
        words, command = line.split(), app.cli
        while words and isinstance(command, click.Group):
            command = command.get_command(click.Context(command), words.pop(0))
        options = {option for parameter in getattr(command, "params", ()) for option in parameter.opts}
        if command is None or not {word for word in words if word.startswith("--")} <= options:
            unknown.append(line)
    assert unknown == []


def test_choices_are_typed_as_they_are_written(app: Flask) -> None:
    """`--role case_lead`: of an enum, click would take the member's name in Python."""
    commands: list[click.Command] = [app.cli]
    for command in commands:
        commands.extend(getattr(command, "commands", {}).values())
    kinds = [parameter.type for command in commands for parameter in command.params]
    choices = [choice for kind in kinds if isinstance(kind, click.Choice) for choice in kind.choices]
    assert "case_lead" in choices and {type(choice) for choice in choices} == {str}


def test_alarms_are_looked_for_where_they_are_written() -> None:
    code = "".join(file.read_text() for folder in PRODUCT for file in (ROOT / folder).rglob("*.py"))
    (told,) = re.findall(r"^- Alarms are log lines of level error or worse from ([^:]+):", GUIDE, re.MULTILINE)
    named = set(re.findall(r"`(\w+)`", told))
    assert named <= set(re.findall(r'getLogger\("(\w+)"\)', code))
    assert "alarm" in named
