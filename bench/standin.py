"""A stand-in for S3 and SQS in a process of its own, fast enough not to be what is measured.

`python -m bench.standin FOLDER` prints its port. GET /bucket/PATH gives a file of the folder from memory, for where nginx does
not; POST / is SQS with one message for each file. GET /stats says how long it took from the first receive to the last delete.

Keeps: a message that was not deleted is counted as left.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import deque
from pathlib import Path
from typing import cast
from urllib.parse import quote_plus, unquote

import orjson
import uvloop

BUCKET = "bucket"


class State:
    """Objects by path, messages that wait, and the times of the first receive and the last delete."""

    patience = 1.0
    """Seconds before a receive is told that there is nothing."""

    def __init__(self, folder: Path) -> None:
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        self.objects: dict[bytes, bytes] = {}
        self.messages: deque[dict[str, object]] = deque()
        for number, path in enumerate(files):
            name, body = path.relative_to(folder).as_posix(), path.read_bytes()
            head = b'HTTP/1.1 200 OK\r\nContent-Length: %d\r\nETag: "x"\r\n\r\n' % len(body)
            self.objects[f"/{BUCKET}/{name}".encode()] = head + body
            self.messages.append(message(number, name, len(body)))
        self.hidden = 0
        self.first = self.last = 0.0

    def sqs(self, action: str, body: dict[str, list[object]]) -> object:
        """The answer to one call."""
        if action == "ReceiveMessage":
            self.first = self.first or time.perf_counter()
            number = min(len(self.messages), int(body.get("MaxNumberOfMessages", 1)))  # type: ignore[call-overload]
            self.hidden += number
            return {"Messages": [self.messages.popleft() for _ in range(number)]} if number else {}
        if action == "DeleteMessageBatch":
            entries = body["Entries"]
            self.hidden -= len(entries)
            self.last = time.perf_counter()
            return {"Successful": [{"Id": one["Id"]} for one in entries], "Failed": []}  # type: ignore[index]
        return {"Successful": [], "Failed": []} if action.endswith("Batch") else {"Attributes": {}}

    def stats(self) -> object:
        """What is left, and the seconds that it took."""
        return {"left": len(self.messages) + self.hidden, "seconds": self.last - self.first}


def message(number: int, name: str, size: int) -> dict[str, object]:
    described = {"key": quote_plus(name), "size": size, "eTag": f"{number:032x}"}
    record = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "eu-west-1",
        "eventTime": "2026-01-01T00:00:00.000Z",
        "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": "AWS:AROAEXAMPLE:regionalDeliverySession"},
        "requestParameters": {"sourceIPAddress": "192.0.2.1"},
        "s3": {"s3SchemaVersion": "1.0", "bucket": {"name": BUCKET}, "object": described},
    }
    return {
        "MessageId": f"{number:08x}-0000-4000-8000-000000000000",
        "ReceiptHandle": f"receipt-{number}",
        "Body": orjson.dumps({"Records": [record]}).decode(),
        "Attributes": {"ApproximateReceiveCount": "1"},
    }


class Server(asyncio.Protocol):
    """HTTP/1.1 as far as the clients here speak it: keep-alive, Content-Length."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end]
            length = _header(head, b"content-length")
            size = int(length) if length else 0
            if len(self.buffer) < end + 4 + size:
                return
            body, self.buffer = self.buffer[end + 4 : end + 4 + size], self.buffer[end + 4 + size :]
            answer = self.answer(head, body)
            if answer.endswith(b"\r\n\r\n{}"):  # an empty long poll
                asyncio.get_running_loop().call_later(self.state.patience, self.transport.write, answer)
            else:
                self.transport.write(answer)

    def answer(self, head: bytes, body: bytes) -> bytes:
        method, path, _ = head.split(b" ", 2)
        if method == b"GET" and path != b"/stats":
            plain = path.partition(b"?")[0]
            found = self.state.objects.get(plain) or self.state.objects.get(unquote(plain.decode()).encode())
            return found or b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        if method == b"GET":
            said = self.state.stats()
        else:
            action = _header(head, b"x-amz-target").rpartition(b".")[2].decode()
            said = self.state.sqs(action, orjson.loads(body))
        text = orjson.dumps(said)
        return (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: %d\r\n\r\n"
            % len(text)
            + text
        )


def _header(head: bytes, name: bytes) -> bytes:
    at = head.lower().find(b"\r\n" + name + b":")
    return head[at + len(name) + 3 :].partition(b"\r\n")[0].strip() if at >= 0 else b""


async def serve(folder: Path) -> None:
    """Until it is ended."""
    state = State(folder)
    server = await asyncio.get_running_loop().create_server(lambda: Server(state), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(Path(sys.argv[1])))
