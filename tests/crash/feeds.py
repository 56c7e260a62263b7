"""Where the service of a crash run reads: a spool, or S3 behind a queue that keeps visibility times and counts receives."""

from __future__ import annotations

import asyncio
import os
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, unquote

import orjson

VISIBILITY = 2
"""Seconds: what a killed service had received comes again soon."""


class Feed(ABC):
    """To be started and stopped. shared: whether several instances may read it."""

    shared = False

    @abstractmethod
    def __init__(self, folder: Path) -> None:
        """folder: to work in."""

    def more(self) -> dict[str, Any]:
        """Further sections of the configuration, once it is started."""
        return {}

    async def start(self) -> None:
        """Be there."""
        return

    async def stop(self) -> None:
        """Be gone."""
        return

    @abstractmethod
    def source(self) -> dict[str, Any]:
        """Settings of the source."""

    @abstractmethod
    def put(self, name: str, content: bytes) -> None:
        """A further file, complete."""

    def left(self) -> int:
        """What nobody has given up at the source, where it keeps account of that."""
        return 0


class Spool(Feed):
    """A directory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "spool"
        self.folder.mkdir()

    def source(self) -> dict[str, Any]:
        return {
            "kind": "files",
            "name": "spool",
            "path": str(self.folder),
            "settle": "0s",
            "poll_interval": "100ms",
        }

    def put(self, name: str, content: bytes) -> None:
        part = self.folder / f"{name}.tmp"
        part.write_bytes(content)
        os.replace(part, self.folder / name)


class S3Queue(Feed):
    """S3 and SQS as far as the source speaks with them, on one port."""

    def __init__(self, folder: Path) -> None:
        self.objects: dict[str, bytes] = {}
        self.messages: dict[str, str] = {}
        self.visible: dict[str, float] = {}
        self.receives: dict[str, int] = {}
        self.deleted = 0
        self._server: asyncio.Server | None = None
        self.renewals = asyncio.Semaphore(0)
        """Released each time that a message is kept hidden, or given back."""
        self._url = ""
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def more(self) -> dict[str, Any]:
        return {"aws": {"region": "eu-west-1", "endpoint_url": self._url, "s3_addressing": "path"}}

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def source(self) -> dict[str, Any]:
        return {
            "kind": "s3_sqs",
            "name": "trail",
            "queue_url": f"{self._url}/123456789012/queue",
            "buckets": ["bucket"],
            "wait": "1s",
            "visibility": f"{VISIBILITY}s",
            "put_back": "1s",
            "max_receives": 1000,
        }

    def put(self, name: str, content: bytes) -> None:
        self.objects[f"/bucket/{name}"] = content
        described = {"key": quote_plus(name), "size": len(content)}
        record = {
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "eventName": "ObjectCreated:Put",
            "awsRegion": "eu-west-1",
            "s3": {"bucket": {"name": "bucket"}, "object": described},
        }
        self.messages[name] = orjson.dumps({"Records": [record]}).decode()
        self.visible[name] = 0.0

    def left(self) -> int:
        return len(self.messages)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                names = [line.partition(b":") for line in head.split(b"\r\n")[1:]]
                headers = {name.lower(): value.strip() for name, _, value in names}
                body = await reader.readexactly(int(headers.get(b"content-length", b"0")))
                writer.write(await self._answered(head, headers, body))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            return
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _answered(self, head: bytes, headers: dict[bytes, bytes], body: bytes) -> bytes:
        method, path, _ = head.split(b" ", 2)
        if method == b"GET":
            found = self.objects.get(unquote(path.partition(b"?")[0].decode()))
            return (
                _http(b"404 Not Found", b"<Error><Code>NoSuchKey</Code></Error>")
                if found is None
                else _http(b"200 OK", found)
            )
        action = headers[b"x-amz-target"].rpartition(b".")[2].decode()
        answer = self._sqs(action, orjson.loads(body))
        if action == "ReceiveMessage" and not answer:
            await asyncio.sleep(0.1)  # a short long poll
        return _http(b"200 OK", orjson.dumps(answer))

    def _sqs(self, action: str, asked: dict[str, Any]) -> dict[str, Any]:
        now = time.monotonic()
        if action == "ReceiveMessage":
            names = [name for name, at in self.visible.items() if at <= now][: asked["MaxNumberOfMessages"]]
            return {"Messages": [self._received(name, now, asked) for name in names]} if names else {}
        entries = asked.get("Entries", [])
        for entry in entries:
            name, _, receipt = entry["ReceiptHandle"].rpartition("#")
            if name not in self.messages or receipt != str(self.receives[name]):
                continue  # an old receipt: reported as a success, without effect
            if action == "DeleteMessageBatch":
                del self.messages[name], self.visible[name]
                self.deleted += 1
            else:
                self.visible[name] = now + entry["VisibilityTimeout"]
                self.renewals.release()
        return {"Successful": [{"Id": one["Id"]} for one in entries], "Failed": []} if entries else {}

    def _received(self, name: str, now: float, asked: dict[str, Any]) -> dict[str, Any]:
        self.visible[name] = now + asked["VisibilityTimeout"]
        self.receives[name] = self.receives.get(name, 0) + 1
        return {
            "MessageId": name,
            "ReceiptHandle": f"{name}#{self.receives[name]}",
            "Body": self.messages[name],
            "Attributes": {"ApproximateReceiveCount": str(self.receives[name])},
        }


def _http(status: bytes, body: bytes) -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n" % (status, len(body)) + body
