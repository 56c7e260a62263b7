"""Where the emulator's Kinesis and DynamoDB differ from AWS in what a consumer depends on, they are mended here.

moto moves records when a shard is split or merged, goes on writing into closed shards, never ends one, numbers the records of
each shard from 1 on, and knows no trimming. AWS leaves the records where they are, writes into open shards alone, gives no next
iterator at the end of a closed shard, names the children there, and numbers ascending over the whole stream. A page of ListShards
is asked for by its token alone. And moto answers conditional writes that come at the same moment one beside the other: here they
queue up.
"""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from typing import Any

from moto.core.responses import ActionResult
from moto.dynamodb.models import DynamoDBBackend
from moto.kinesis import kinesis_backends
from moto.kinesis.exceptions import InvalidArgumentError
from moto.kinesis.models import Record, Shard, Stream
from moto.kinesis.responses import KinesisResponse
from moto.kinesis.utils import decompose_shard_iterator
from moto.utilities.utils import md5_hash

_FIRST = 49_600_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000
_numbers = itertools.count(_FIRST)
_lock = threading.RLock()


def mend() -> None:
    """Once in a process."""
    if getattr(Stream, "mended", False):
        return
    Stream.mended = True
    _mend_shards()
    _mend_stream()
    KinesisResponse.get_records = _get_records
    KinesisResponse.list_shards = _list_shards
    for name in ("update_item", "put_item", "delete_item", "create_table"):
        setattr(DynamoDBBackend, name, _one_at_a_time(getattr(DynamoDBBackend, name)))


class Pages:
    """Shards of one answer of ListShards."""

    size = 1000


def trim(stream: str, account: str, region: str, *, shard: str, through: str) -> None:
    """What the stream does when records are older than its retention: those up to `through` are gone."""
    found = kinesis_backends[account][region].streams[stream].shards[shard]
    with _lock:
        found.records = OrderedDict(
            (number, record) for number, record in found.records.items() if number > int(through)
        )


def forget(stream: str, account: str, region: str, *, shard: str) -> None:
    """What the stream does when all of a closed shard is older than its retention: it is not listed any more."""
    with _lock:
        del kinesis_backends[account][region].streams[stream].shards[shard]


def _one_at_a_time(method: Any) -> Any:
    def locked(*arguments: Any, **keys: Any) -> Any:
        with _lock:
            return method(*arguments, **keys)

    return locked


def _mend_shards() -> None:
    def put_record(self: Any, partition_key: str, data: str, explicit_hash_key: str) -> str:
        with _lock:
            number = next(_numbers)
            self.records[number] = Record(partition_key, data, number, explicit_hash_key)
        return str(number)

    original = Shard.get_records

    def get_records(self: Any, last: str, limit: int | None) -> Any:
        with _lock:
            return original(self, last, limit)

    Shard.put_record = put_record
    Shard.get_records = get_records


def _mend_stream() -> None:
    def get_shard_for_key(self: Any, partition_key: str, explicit_hash_key: str) -> Any:
        hashed = explicit_hash_key or int(md5_hash(partition_key.encode()).hexdigest(), 16)
        return next(
            shard
            for shard in self.shards.values()
            if shard.is_open and shard.starting_hash <= int(hashed) <= shard.ending_hash
        )

    def split_shard(self: Any, shard_id: str, new_start: str) -> None:
        with _lock:
            kept = self.shards[shard_id].records
            self.shards[shard_id].records = OrderedDict()
            Stream.original_split(self, shard_id, new_start)
            self.shards[shard_id].records = kept

    def merge_shards(self: Any, one: str, other: str) -> None:
        with _lock:
            kept = {shard: self.shards[shard].records for shard in (one, other)}
            for shard in kept:
                self.shards[shard].records = OrderedDict()
            Stream.original_merge(self, one, other)
            for shard, records in kept.items():
                self.shards[shard].records = records

    put = Stream.put_record

    def put_record(self: Any, *arguments: Any) -> Any:
        with _lock:
            return put(self, *arguments)

    Stream.original_split = Stream.split_shard
    Stream.original_merge = Stream.merge_shards
    Stream.get_shard_for_key = get_shard_for_key
    Stream.split_shard = split_shard
    Stream.merge_shards = merge_shards
    Stream.put_record = put_record


def _get_records(self: Any) -> ActionResult:
    arn, iterator, limit = (self._get_param(name) for name in ("StreamARN", "ShardIterator", "Limit"))
    backend = self.kinesis_backend
    with _lock:
        following, records, behind = backend.get_records(arn, iterator, limit)
        name, shard_id, _ = decompose_shard_iterator(following)
        stream = backend.describe_stream(stream_arn=arn, stream_name=None if name == "None" else name)
        shard = stream.shards[shard_id]
        _, _, last = decompose_shard_iterator(following)
        ended = not shard.is_open and not shard.get_records(last, 1)[0]
        children = [
            one.shard_id for one in stream.shards.values() if shard_id in (one.parent, one.adjacent_parent)
        ]
    answer: dict[str, Any] = {
        "Records": [record.to_json() for record in records],
        "MillisBehindLatest": behind,
    }
    if ended:
        answer["ChildShards"] = [
            {
                "ShardId": child,
                "ParentShards": [shard_id],
                "HashKeyRange": stream.shards[child].to_json()["HashKeyRange"],
            }
            for child in children
        ]
    else:
        answer["NextShardIterator"] = following
    return ActionResult(answer)


def _list_shards(self: Any) -> ActionResult:
    token = self._get_param("NextToken")
    name, arn = self._get_param("StreamName"), self._get_param("StreamARN")
    if token and (name or arn):
        raise InvalidArgumentError("NextToken and StreamName cannot be provided together.")
    start = 0
    if token:
        name, _, offset = token.rpartition("|")
        start = int(offset)
    stream = self.kinesis_backend.describe_stream(stream_arn=arn, stream_name=name)
    shards = sorted(stream.shards.values(), key=lambda shard: shard.shard_id)
    page = shards[start : start + Pages.size]
    following = start + len(page)
    answer: dict[str, Any] = {"Shards": [shard.to_json() for shard in page]}
    if following < len(shards):
        answer["NextToken"] = f"{stream.stream_name}|{following}"
    return ActionResult(answer)
