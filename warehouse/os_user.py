"""The operating system's user an embedded server runs as, and what that user must be able to reach.

PostgreSQL refuses to run as root. An ordinary user's server is simply theirs. Root's server runs as the owner of an
existing data directory, else as the user `pgserver`, made on first use. That user needs to pass through the directories
above its data and above the binaries, so those which it may not pass get the search bit for others (`chmod o+x`: a
known path below can be reached, the directory cannot be listed). Nothing else is opened: the data stays 0700.
"""

from __future__ import annotations

import os
import pwd
import stat
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from funil.errors import FunilError

SERVER_USER_OF_ROOT = "pgserver"


@dataclass(frozen=True, slots=True)
class ServerUser:
    """Who the server runs as; `switch` says whether that is somebody else than this process."""

    uid: int
    gid: int
    switch: bool

    @classmethod
    def of(cls, directory: Path) -> ServerUser:
        """The user for the server of this directory: its data, or what its data will lie in."""
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid(), switch=False)
        owner = directory.stat()
        if owner.st_uid != 0:
            return cls(owner.st_uid, owner.st_gid, switch=True)
        entry = _ensure_user_exists(SERVER_USER_OF_ROOT)
        return cls(entry.pw_uid, entry.pw_gid, switch=True)

    @property
    def run_as(self) -> dict[str, Any]:
        """Arguments that make `subprocess.run` run as this user, with none of root's groups."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.switch else {}

    def own(self, path: Path) -> None:
        """Gives a file or directory to this user."""
        if self.switch:
            os.chown(path, self.uid, self.gid)

    def let_pass(self, path: Path) -> None:
        """Lets this user pass through the directories above `path`."""
        if not self.switch:
            return
        for directory in path.resolve().parents:
            status = directory.stat()
            if not self._may(status, stat.S_IXUSR, stat.S_IXGRP, stat.S_IXOTH):
                directory.chmod(stat.S_IMODE(status.st_mode) | stat.S_IXOTH)

    def let_execute(self, bin_dir: Path) -> None:
        """Lets this user run PostgreSQL's binaries, also where they were installed under a strict umask."""
        if not self.switch:
            return
        self.let_pass(bin_dir)
        if not self._may((bin_dir / "postgres").stat(), stat.S_IXUSR, stat.S_IXGRP, stat.S_IXOTH):
            for part in (bin_dir, bin_dir.parent / "lib", bin_dir.parent / "share"):
                for path in (part, *part.rglob("*")):
                    executable = path.is_dir() or path.parent == bin_dir
                    path.chmod(stat.S_IMODE(path.stat().st_mode) | stat.S_IROTH | (stat.S_IXOTH if executable else 0))

    def _may(self, status: os.stat_result, owner: int, group: int, others: int) -> bool:
        if status.st_uid == self.uid:
            return bool(status.st_mode & owner)
        if status.st_gid == self.gid:
            return bool(status.st_mode & group)
        return bool(status.st_mode & others)


def _ensure_user_exists(name: str) -> pwd.struct_passwd:
    with suppress(KeyError):
        return pwd.getpwnam(name)
    with suppress(subprocess.CalledProcessError, OSError):
        subprocess.run(
            ["useradd", "--no-create-home", "--shell", "/usr/sbin/nologin", name], check=True, capture_output=True
        )
    try:  # also when it failed: another process may have been making the same user
        return pwd.getpwnam(name)
    except KeyError:
        raise FunilError(
            f"PostgreSQL does not run as root, and the system user '{name}' could not be made for it. Run Funil as an "
            "ordinary user, or set FUNIL_DATABASE_URL to a PostgreSQL server of your own."
        ) from None
