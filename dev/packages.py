"""Programs of the operating system that the tests need: found, installed where that is allowed, or asked for."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path


class MissingProgram(Exception):
    """A program is not there and we may not install it; the text is the command to run."""


def require(variable: str, names: Sequence[str], package: str) -> str:
    """Path of a program: what `variable` points at, else the first of `names` on PATH, else after installing `package`.

    Raises MissingProgram with the command that would install it.
    """
    chosen = os.environ.get(variable)
    if chosen:
        if not os.access(chosen, os.X_OK):
            raise MissingProgram(f"{variable} points at {chosen}, which is not a program that can be run.")
        return chosen
    found = find(names)
    if found is None and install(package):
        found = find(names)
    if found is None:
        raise MissingProgram(
            f"{names[0]} is needed and was not found. Install it (Debian, Ubuntu: `sudo apt-get install {package}`) "
            f"or point at one: {variable}=/path/to/{names[0]}"
        )
    return found


def find(names: Sequence[str]) -> str | None:
    """The first of these programs that PATH, or a folder for system programs, holds."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"])
    return next((found for name in names if (found := shutil.which(name, path=path))), None)


def install(package: str) -> bool:
    """Install a Debian package when we are root or sudo asks no password; whether it went well."""
    apt = shutil.which("apt-get")
    if apt is None:
        return False
    sudo = [] if os.getuid() == 0 else ["sudo", "-n"]
    if sudo and (
        shutil.which("sudo") is None or subprocess.run([*sudo, "true"], capture_output=True, check=False).returncode
    ):
        return False
    print(f"Installing {package} …", flush=True)
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    lists_are_empty = not any(Path("/var/lib/apt/lists").glob("*_Packages*"))
    updated = not lists_are_empty or subprocess.run([*sudo, apt, "-qq", "update"], env=env, check=False).returncode == 0
    command = [*sudo, apt, "-qq", "install", "-y", "--no-install-recommends", package]
    if updated and subprocess.run(command, env=env, stdout=subprocess.DEVNULL, check=False).returncode == 0:
        return True
    subprocess.run([*sudo, apt, "-qq", "update"], env=env, check=False)  # lists too old to find the files
    return subprocess.run(command, env=env, stdout=subprocess.DEVNULL, check=False).returncode == 0
