"""The end of a worker that must not go on: nothing it has not acknowledged may be committed."""

from __future__ import annotations

import logging
import os
import sys
from typing import NoReturn

EXIT_CODE = 70  # EX_SOFTWARE; the supervisor restarts the worker, which resumes from what it had acknowledged

logger = logging.getLogger(__name__)


def crash(why: str, error: BaseException | None = None) -> NoReturn:
    """Log why, with the error's traceback, and end the process at once.

    A clean shutdown would commit what is in flight, and an exception in a stream is acknowledged by Faust; both would
    lose work. Operator action: read the log line; the worker resumes by itself once the cause is gone.
    """
    logger.critical("worker.crashed why=%r error=%r", why, error, exc_info=error)
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(EXIT_CODE)
