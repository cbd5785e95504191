"""Refresh the front-end files we host ourselves.

`python -m dev.vendor` packs the pinned npm packages (npm is needed here, and only here), checks the registry's
integrity, copies the files we use byte for byte to static/vendor/ and records version, licence and SHA-256 in
static/vendor/vendored.json. The result is committed; neither running nor testing needs Node.
"""

import base64
import hashlib
import json
import subprocess
import tarfile
import tempfile
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "static" / "vendor"

PACKAGES: dict[str, dict[str, str]] = {
    "@digdir/designsystemet-css@1.22.0": {
        "package/dist/theme/designsystemet.css": "designsystemet/theme.css",
        "package/dist/src/index.css": "designsystemet/components.css",
        "package/LICENSE": "designsystemet/LICENSE",
    },
    "@fontsource-variable/inter@5.3.0": {
        "package/files/inter-latin-wght-normal.woff2": "inter/inter-latin.woff2",
        "package/files/inter-latin-ext-wght-normal.woff2": "inter/inter-latin-ext.woff2",
        "package/LICENSE": "inter/LICENSE",
    },
}


def pack(package: str, folder: Path) -> tuple[Path, dict[str, str]]:
    """Download one package. Out: the archive, and npm's record of it. Raises RuntimeError when the hash is wrong."""
    answer = subprocess.run(
        ["npm", "pack", package, "--json", "--pack-destination", str(folder)],
        check=True,
        capture_output=True,
        text=True,
    )
    record = json.loads(answer.stdout)[0]
    archive = folder / record["filename"].replace("@", "").replace("/", "-")
    algorithm, expected = record["integrity"].split("-", 1)
    actual = base64.b64encode(hashlib.new(algorithm, archive.read_bytes()).digest()).decode()
    if actual != expected:
        raise RuntimeError(f"{package}: the archive does not have the hash the registry states")
    return archive, record


def refresh() -> None:
    """Replace every vendored file; files outside PACKAGES are left alone."""
    records = []
    with tempfile.TemporaryDirectory() as temporary:
        for package, wanted in PACKAGES.items():
            archive, record = pack(package, Path(temporary))
            with tarfile.open(archive) as tar:
                manifest = json.loads(_read(tar, "package/package.json"))
                files = {}
                for source, name in wanted.items():
                    content = _read(tar, source)
                    (TARGET / name).parent.mkdir(parents=True, exist_ok=True)
                    (TARGET / name).write_bytes(content)
                    files[name] = {"from": source, "sha256": hashlib.sha256(content).hexdigest()}
            records.append({
                "package": record["name"], "version": record["version"], "licence": manifest["license"],
                "integrity": record["integrity"], "files": files,
            })  # fmt: skip
    (TARGET / "vendored.json").write_text(json.dumps(records, indent=2) + "\n", encoding="utf-8")


def _read(tar: tarfile.TarFile, name: str) -> bytes:
    member = tar.extractfile(name)
    if member is None:
        raise RuntimeError(f"{name} is not a file in the package")
    return member.read()


if __name__ == "__main__":
    refresh()
