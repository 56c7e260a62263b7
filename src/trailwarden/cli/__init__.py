"""The command line: a file a command, each a thin shell around the part that does the work.

Keeps: an error is one line on standard error that says what, where and what to do; the exit code says the rest. Heavy
imports stand inside the commands, so that `scan` does not wait for a database driver that it does not use.

Next: `trailwarden.cli.app` for the commands, `trailwarden.cli.scan_plain` and `run_plain` for the two that start without it.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from typing import NoReturn

from trailwarden.cli import run_plain, scan_plain, standard_streams
from trailwarden.errors import ConfigError, TrailwardenError


def _at_once(code: int) -> NoReturn:
    """A service that has ended has closed everything: to take the interpreter apart piece by piece would be for nothing.

    How it ended is told by the code, even where nobody reads what it writes any more.
    """
    import logging
    from contextlib import suppress

    logging.shutdown()  # says what was held back
    for stream in (sys.stdout, sys.stderr) if standard_streams.has_output() else (sys.stderr,):
        with suppress(OSError, ValueError):  # alerts are settled only after they were written
            stream.flush()
    os._exit(code)


def main(leave: Callable[[int], NoReturn] = _at_once) -> None:
    """The console script. leave: how a service ends the process with its exit code."""
    gc.disable()  # while modules are loaded there is nothing to collect; whoever works for long enables it again
    standard_streams.held()
    try:
        service = run_plain.plainly(sys.argv[1:])
        if service is not None:
            leave(run_plain.run_service(service))
        if not standard_streams.has_output():
            raise ConfigError(
                "standard output is closed, and there the answer goes: open it, or use /dev/null"
            )
        request = scan_plain.plainly(sys.argv[1:])
        if request is not None:
            from trailwarden.cli.scan_run import run_scan

            sys.exit(run_scan(request))
        from trailwarden.cli.app import app

        gc.set_threshold(50_000, 20, 50)  # commands load more while they run, and some run long
        gc.enable()
        app()
    except ConfigError as fault:
        _end(fault, 2)
    except TrailwardenError as fault:
        _end(fault, 3)
    except KeyboardInterrupt:
        sys.exit(130)  # 128 and the number of the signal
    except BrokenPipeError:
        sys.stderr.close()  # the reader has gone (`| head`): nothing left to say, and nobody to say it to
        sys.exit(0)


def _end(fault: TrailwardenError, code: int) -> None:
    sys.stderr.write(f"trailwarden: {fault}\n")
    sys.exit(code)
