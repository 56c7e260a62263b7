"""The least that one writes first: aiokafka's `getmany()`, and nothing looked at.

`python -m bench.kafka_bare BOOTSTRAP TOPIC MESSAGES` prints the seconds from the first request to the last message.
"""

from __future__ import annotations

import sys
import time

import uvloop
from aiokafka import AIOKafkaConsumer


async def main(bootstrap: str, topic: str, messages: int) -> float:
    """All messages of a topic, as a member of a group of its own."""
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=bootstrap,
        group_id=f"bare-{time.time_ns()}",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    await consumer.start()
    try:
        begun = time.perf_counter()
        seen = 0
        while seen < messages:
            for records in (await consumer.getmany(timeout_ms=1000)).values():
                seen += len(records)
        return time.perf_counter() - begun
    finally:
        await consumer.stop()


if __name__ == "__main__":
    print(uvloop.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
