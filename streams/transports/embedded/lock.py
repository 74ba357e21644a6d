"""One worker per log: a lock that the operating system releases when its holder dies."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO


class AlreadyRunning(RuntimeError):
    """Another worker holds this log; two would each take all partitions and fold everything twice.

    Operator action: stop the other worker, or give this one another data directory.
    """


class Lock:
    """Held from `claim` until `release` or the end of the process, however it ends."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._file: IO[str] | None = None

    def claim(self) -> None:
        """Take the lock; raises AlreadyRunning when another process has it."""
        if self._file is not None:
            return
        self.directory.mkdir(parents=True, exist_ok=True)
        file = (self.directory / "worker.lock").open("w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            raise AlreadyRunning(f"another worker already runs on {self.directory}: stop it, or use another data directory") from error
        self._file = file

    def release(self) -> None:
        """Let another worker have the log."""
        if self._file is not None:
            self._file.close()
            self._file = None
