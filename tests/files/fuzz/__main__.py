"""`make fuzz`: coverage-guided fuzzing of the file checks for a bounded time (seconds=…, 60 when not said).

atheris is fetched at the first run into var/fuzz; it comes for Linux only and for one Python at a time, so it is not in
the lock. Each target starts from the corpus and from what earlier runs found worth keeping, all under var/fuzz. A
finding stops the run: its bytes are kept there, and `python -m tests.files.fuzz.target TARGET FILE` shows it again.
"""

import os
import shutil
import subprocess
import sys

from dev import bootstrap
from tests.files.corpus import HONEST, HOSTILE
from tests.files.fuzz.target import TARGETS

PLACE = bootstrap.ROOT / "var" / "fuzz"
TOOLS = PLACE / "python"
SEED_LIMIT = 100_000
DEFAULT_SECONDS = 60


def main(seconds: int) -> int:
    """Each target for its share of the time; 0 when nothing was found."""
    install()
    write_seeds()
    findings = [target for target in TARGETS if not is_sound(target, max(1, seconds // len(TARGETS)))]
    print(f"Found something in: {', '.join(findings)}" if findings else "Nothing found.")
    return 1 if findings else 0


def install() -> None:
    if not (TOOLS / "atheris").exists():
        environment = {"UV_DEFAULT_INDEX": bootstrap.index_url(), **os.environ}
        uv = shutil.which("uv") or bootstrap.download_uv()
        command = [uv, "pip", "install", "--quiet", "--python", sys.executable, "--target", TOOLS, "atheris>=3,<4"]
        subprocess.run(command, env=environment, check=True)


def write_seeds() -> None:
    cases = (*HONEST, *HOSTILE)
    for target in TARGETS:
        (PLACE / target).mkdir(parents=True, exist_ok=True)
    for number, case in enumerate(cases):
        (PLACE / "names" / f"seed-{number}").write_bytes(case.name.encode())
        for target, extensions in TARGETS.items():
            seed = PLACE / target / f"seed-{number}"
            if case.name.lower().endswith(extensions) and not seed.exists():
                content = case.make()
                seed.write_bytes(content if len(content) <= SEED_LIMIT else b"")


def is_sound(target: str, seconds: int) -> bool:
    print(f"{target}: {seconds} seconds", flush=True)
    limits = [f"-max_total_time={seconds}", "-timeout=60", "-rss_limit_mb=1024", f"-max_len={SEED_LIMIT}"]
    kept = [f"-artifact_prefix={PLACE}/{target}-", "-print_final_stats=1", str(PLACE / target)]
    log = PLACE / f"{target}.log"
    with log.open("wb") as output:
        done = subprocess.run(
            [sys.executable, "-m", "tests.files.fuzz.target", target, *limits, *kept],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": f"{bootstrap.ROOT}:{TOOLS}"},
            cwd=bootstrap.ROOT,
            check=False,
        )
    lines = log.read_text(errors="replace").splitlines()
    telling = [line for line in lines if line.startswith("stat::number_of_executed") or " cov: " in line]
    print("\n".join(telling[-2:] if done.returncode == 0 else lines[-25:]), flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_SECONDS))
