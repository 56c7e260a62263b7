"""nginx as a static S3, where it is installed: an object costs it a fifth of what it costs a server in Python.

Next: `bench.objects`.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_CONFIG: Final = """
daemon off; master_process off; {user}
pid {place}/pid; error_log {place}/error.log;
events {{ worker_connections 512; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 10000000; default_type binary/octet-stream;
  open_file_cache max=20000 inactive=600s; open_file_cache_valid 600s;
  client_body_temp_path {place}/body; proxy_temp_path {place}/proxy; fastcgi_temp_path {place}/fastcgi;
  uwsgi_temp_path {place}/uwsgi; scgi_temp_path {place}/scgi;
  server {{ listen 127.0.0.1:{port}; location /{bucket}/ {{ alias {folder}/; }} }}
}}
"""
_START: Final = 10.0
"""Seconds."""


@contextmanager
def static_s3(folder: Path, bucket: str) -> Iterator[str | None]:
    """Its address; None where nginx is not installed. folder: its files are the bucket's objects."""
    program = shutil.which("nginx")
    if program is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="trailwarden-nginx-") as place:
        port = _free_port()
        file = Path(place) / "nginx.conf"
        # Started by root it would give its files up for those of nobody, who may not read the corpus.
        user = "user root;" if Path(place).owner() == "root" else ""
        file.write_text(
            _CONFIG.format(place=place, port=port, bucket=bucket, folder=folder.resolve(), user=user)
        )
        with subprocess.Popen([program, "-c", str(file), "-e", f"{place}/error.log"]) as process:
            try:
                _wait_for(port, process)
                yield f"http://127.0.0.1:{port}"
            finally:
                process.terminate()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _START
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError("nginx does not start")
