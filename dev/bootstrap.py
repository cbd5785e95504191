"""Make `.venv` hold exactly what requirements.lock says, from a bare Python: only the standard library is used here.

uv does it in seconds: the one on PATH, else its wheel (a zip with one static program) from the configured index,
checked against the hash below. Where no uv can be had, pip installs the same lock. A stamp with the lock's hash makes
the next call a no-op; translations are compiled when a catalogue is newer than its compiled form.
"""

from __future__ import annotations

import base64
import configparser
import fcntl
import hashlib
import os
import platform
import re
import shutil
import ssl
import subprocess
import sys
import urllib.request
import zipfile
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
TOOLS = ROOT / "var" / "tools"
OLDEST = (3, 11)

UV_VERSION = "0.13.9"
UV_WHEELS = {  # (system, machine): platform tag and SHA-256 of the wheel
    ("Linux", "x86_64"): (
        "manylinux_2_17_x86_64.manylinux2014_x86_64",
        "d7f459fe4fd247d830351c75686d3996ace3c6f3f728eb0e85a30b7ada0cef19",
    ),
    ("Linux", "aarch64"): (
        "manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64",
        "5435c5ce14a56431208ca0996416d310f1598e8c2c8ba707688985a16bb82dbe",
    ),
    ("Darwin", "x86_64"): ("macosx_10_12_x86_64", "c16ed11e013557536b3e60065f1b912f6407bd6518e041b961e23ef9e6b4fbf5"),
    ("Darwin", "arm64"): ("macosx_11_0_arm64", "66c512266d633bef48384a1f53003f41f2a8e7b36fe6e7fbfd3e0fd52d96fa63"),
}


def main() -> int:
    """Set up what is out of date; 0 when all is in place, 1 with the reason on stderr."""
    use_new_enough_python()
    TOOLS.mkdir(parents=True, exist_ok=True)
    with open(TOOLS / "setup.lock", "w") as lock:  # two `make` at once: the second waits and finds it done
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_up_to_date() and not install():
            return 1
        compile_translations()
    return 0


def use_new_enough_python() -> None:
    """Go on in a newer interpreter when this one is too old and a newer is on PATH."""
    if sys.version_info >= OLDEST:
        return
    for minor in range(15, OLDEST[1] - 1, -1):
        newer = shutil.which(f"python3.{minor}")
        if newer:
            os.execv(newer, [newer, *sys.argv])
    sys.exit(
        f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed; this is {platform.python_version()}. "
        "Install one, or point at it: make PYTHON=/path/to/python3 …"
    )


def stamp_text() -> str:
    return hashlib.sha256(LOCK.read_bytes()).hexdigest() + "\n"


def is_up_to_date() -> bool:
    """Whether .venv was filled from this lock, in this place, and its interpreter still starts."""
    stamp, python = VENV / "lock.sha256", VENV / "bin" / "python"
    try:
        return stamp.read_text() == stamp_text() and subprocess.run([python, "-c", ""], check=False).returncode == 0
    except OSError:
        return False


def install() -> bool:
    """Try each way in turn; say what failed. The stamp is written last, so a half-finished set-up is done again."""
    print("Setting up .venv from requirements.lock …", flush=True)
    problems = []
    for way in (install_with_uv, install_with_pip):
        try:
            way()
        except Exception as problem:  # whatever went wrong, the next way may work
            problems.append(f"  {way.__name__}: {problem}")
        else:
            (VENV / "lock.sha256").write_text(stamp_text())
            return True
    print("Could not install the dependencies:", *problems, sep="\n", file=sys.stderr)
    return False


def install_with_uv() -> None:
    uv = shutil.which("uv") or str(download_uv())
    environment = {"UV_PYTHON_DOWNLOADS": "never", **os.environ}
    environment.pop("VIRTUAL_ENV", None)
    if "UV_DEFAULT_INDEX" not in environment and "UV_INDEX_URL" not in environment:
        environment["UV_DEFAULT_INDEX"] = index_url()
    if certificates():
        environment.setdefault("SSL_CERT_FILE", certificates() or "")
    if not has_home_cache():
        environment.setdefault("UV_CACHE_DIR", str(TOOLS / "uv-cache"))
    if not (VENV / "bin" / "python").exists():
        run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(VENV)], environment)
    run(
        [uv, "pip", "sync", "--quiet", "--require-hashes", "--python", str(VENV / "bin" / "python"), str(LOCK)],
        environment,
    )


def install_with_pip() -> None:
    """The same lock by pip, which also reads pip.conf; pip may live in the venv (ensurepip) or only beside python3."""
    python = str(VENV / "bin" / "python")
    if subprocess.run([sys.executable, "-c", "import ensurepip"], capture_output=True, check=False).returncode == 0:
        run([sys.executable, "-m", "venv", "--clear", str(VENV)])
        pip = [python, "-m", "pip"]
    else:
        run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(VENV)])
        pip = [sys.executable, "-m", "pip", "--python", python]
    run([*pip, "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", str(LOCK)])


def run(command: list[str], environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, env=environment, cwd=ROOT, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{Path(command[0]).name} ended with {done.returncode}: {done.stderr.strip()[-600:]}")


def index_url() -> str:
    """The package index: UV_DEFAULT_INDEX, PIP_INDEX_URL, pip's own configuration (which uv does not read), or PyPI."""
    chosen = os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("PIP_INDEX_URL") or pip_setting("index-url")
    return (chosen or "https://pypi.org/simple").rstrip("/")


def certificates() -> str | None:
    """A file of certificate authorities somebody configured for this machine, or None for the built-in ones."""
    return os.environ.get("SSL_CERT_FILE") or os.environ.get("PIP_CERT") or pip_setting("cert")


def pip_setting(name: str) -> str | None:
    """One value from pip's configuration files, the user's before the machine's."""
    home = Path(os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config"))
    named = [Path(os.environ["PIP_CONFIG_FILE"])] if os.environ.get("PIP_CONFIG_FILE") else []
    for file in [*named, home / "pip" / "pip.conf", Path(os.path.expanduser("~/.pip/pip.conf")), Path("/etc/pip.conf")]:
        parser = configparser.RawConfigParser()
        try:
            parser.read(file)
        except (OSError, configparser.Error):
            continue
        for section in ("install", "global"):
            if parser.has_option(section, name):
                return parser.get(section, name).strip()
    return None


def has_home_cache() -> bool:
    """Whether uv's own cache folder can be written; an account without a home gets one under var/."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))
    try:
        (folder / "uv").mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return False
    return os.access(folder / "uv", os.W_OK)


def download_uv() -> Path:
    """uv itself, taken from its wheel on the configured index; refused unless the bytes are those we know."""
    program = TOOLS / f"uv-{UV_VERSION}"
    if program.exists():
        return program
    try:
        tag, sha256 = UV_WHEELS[platform.system(), platform.machine()]
    except KeyError:
        raise RuntimeError(f"no uv wheel is known for {platform.system()} {platform.machine()}") from None
    wheel = fetch(wheel_address(f"uv-{UV_VERSION}-py3-none-{tag}.whl"))
    if hashlib.sha256(wheel).hexdigest() != sha256:
        raise RuntimeError("the index's uv wheel is not the one this project knows")
    with zipfile.ZipFile(BytesIO(wheel)) as archive:
        member = next(name for name in archive.namelist() if name.endswith("/scripts/uv"))
        partial = program.with_suffix(".partial")
        partial.write_bytes(archive.read(member))
    partial.chmod(0o755)
    return partial.rename(program)


def wheel_address(filename: str) -> str:
    """Where the index keeps a file, read from its JSON or its HTML page alike (both quote the address)."""
    page_address = index_url() + "/uv/"
    page = fetch(page_address, "application/vnd.pypi.simple.v1+json, text/html;q=0.1").decode()
    found = re.findall(rf'"([^"\s]*{re.escape(filename)})["#]', page)
    if not found:
        raise RuntimeError(f"the index has no {filename}")
    return urljoin(page_address, str(max(found, key=len)))  # JSON also quotes the bare name: the address is the longer


def fetch(address: str, accept: str = "*/*") -> bytes:
    """The bytes at an address; a user and password in it are sent as HTTP wants them."""
    parts = urlsplit(address)
    request = urllib.request.Request(
        parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl(), headers={"Accept": accept}
    )
    if parts.username:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        request.add_header("Authorization", "Basic " + base64.b64encode(pair.encode()).decode())
    context = ssl.create_default_context(cafile=certificates()) if parts.scheme == "https" else None
    with urllib.request.urlopen(request, timeout=60, context=context) as response:
        return bytes(response.read())


def compile_translations() -> None:
    """Compile the catalogues when one is newer than its compiled form."""
    catalogues = list((ROOT / "translations").glob("*/LC_MESSAGES/*.po"))
    compiled = {po: po.with_suffix(".mo") for po in catalogues}
    if any(not mo.exists() or mo.stat().st_mtime < po.stat().st_mtime for po, mo in compiled.items()):
        done = subprocess.run(
            [VENV / "bin" / "pybabel", "--quiet", "compile", "-d", ROOT / "translations"], check=False
        )
        if done.returncode:
            sys.exit(f"The translations could not be compiled (pybabel ended with {done.returncode}).")


if __name__ == "__main__":
    sys.exit(main())
