"""Where Unix sockets live: a private folder with a short path, for a socket's path may be 103 bytes at most."""

import hashlib
import os
import stat
import tempfile
from pathlib import Path

LONGEST = 103 - len("/.s.PGSQL.5432")  # macOS; Linux takes 107


def socket_folder(data: Path, owner: int) -> Path:
    """A 0700 folder under the temp folder, named by the data folder's path. The servers trust whoever can enter it.

    Raises PermissionError when somebody else has put something in its place.
    """
    name = f"hr-{owner}-{hashlib.sha256(str(data.resolve()).encode()).hexdigest()[:12]}"
    folder = Path(tempfile.gettempdir()) / name
    if len(str(folder)) > LONGEST:
        folder = Path("/tmp") / name
    try:
        folder.mkdir(mode=0o700)
        if owner != os.getuid():
            os.chown(folder, owner, owner)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or stat.S_IMODE(found.st_mode) != 0o700:
            raise PermissionError(f"{folder} is not ours: remove it and try again") from None
    return folder
