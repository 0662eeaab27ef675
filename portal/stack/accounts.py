"""The unprivileged system user behind the embedded PostgreSQL, which refuses to run as root."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from portal.stack.errors import StackError

_CANDIDATES = ("postgres", "nobody")
_SYSTEM_FOLDERS = (Path("/var/lib/mcp-portal"), Path("/var/tmp/mcp-portal"))  # noqa: S108  # nosec B108 - owner and mode are checked


@dataclass(frozen=True)
class ServiceUser:
    """A system account we may switch to because we are root."""

    name: str
    uid: int
    gid: int

    def can_enter(self, folder: Path) -> bool:
        """Whether this user can walk down to an existing folder, asked of the kernel rather than guessed from modes."""
        answer = subprocess.run(
            ["/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder)],
            cwd="/",
            user=self.uid,
            group=self.gid,
            extra_groups=[],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        return answer.returncode == 0

    def system_folder(self) -> Path:
        """A folder of root's that this user can walk through, for what cannot lie in the checkout."""
        for folder in _SYSTEM_FOLDERS:
            try:
                if not folder.exists():
                    folder.mkdir()
                    folder.chmod(0o711)
            except OSError:
                continue
            status = folder.lstat()
            if (
                status.st_uid == os.geteuid()
                and not status.st_mode & 0o022
                and folder.is_dir()
                and not folder.is_symlink()
                and self.can_enter(folder)
            ):
                return folder
        raise StackError(
            "PostgreSQL cannot run as root, and there is no folder its own user could use. "
            "Start as an ordinary user, or name a server with DATABASE_URL."
        )


def service_user() -> ServiceUser | None:
    """The user to switch to: None unless we are root."""
    if os.geteuid() != 0:
        return None
    for name in _CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        user = ServiceUser(name, entry.pw_uid, entry.pw_gid)
        try:
            reached = user.can_enter(Path("/"))
        except (OSError, subprocess.SubprocessError) as error:
            raise StackError(
                "PostgreSQL cannot run as root, and this container does not let root change users. "
                "Start as an ordinary user, or name a server with DATABASE_URL."
            ) from error
        if reached:
            return user
    raise StackError(
        "PostgreSQL cannot run as root, and there is neither a user `postgres` nor `nobody`. "
        "Start as an ordinary user, or name a server with DATABASE_URL."
    )
