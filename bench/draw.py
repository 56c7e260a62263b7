"""Values for the placeholders of the templates: ids, names, tokens, with the repetition that real files show.

Keeps: all randomness comes from the generator that is handed in.

Next: `bench.sessions` and `bench.events`, which draw.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from random import Random
from typing import Final

NAMES: Final = (
    "billing",
    "checkout",
    "network",
    "ledger",
    "search",
    "identity",
    "reports",
    "gateway",
    "archive",
    "media",
    "orders",
    "audit",
    "mail",
    "portal",
    "pricing",
    "stock",
    "tax",
    "claims",
)
STAGES: Final = ("dev", "test", "staging", "prod")
ACTIONS: Final = (
    "ec2:DescribeVpcs",
    "ec2:DescribeSubnets",
    "ec2:RunInstances",
    "s3:GetObject",
    "kms:Decrypt",
    "sns:Publish",
    "s3:PutObject",
    "s3:ListBucket",
    "ssm:GetParameter",
    "logs:PutLogEvents",
    "sqs:SendMessage",
    "iam:PassRole",
)
_REGIONS: Final = ("eu-west-1", "us-east-1", "eu-central-1", "us-west-2")
_ACCOUNTS: Final = ("111122223333", "444455556666", "777788889999", "123456789012")
_PREFIXES: Final = {
    "vpc": "vpc-", "subnet": "subnet-", "group": "sg-", "instance": "i-", "routetable": "rtb-", "nat": "nat-",
    "gateway": "igw-", "image": "ami-", "interface": "eni-", "peering": "pcx-", "parameter": "/",
    "secret": "", "role": "", "bucket": "", "database": "", "key": "", "session": "", "phrase": "",
}  # fmt: skip
"""What recurs within a file, and how it begins."""
_NAMED: Final = frozenset({"parameter", "secret", "role", "bucket", "database", "session"})
"""Of those, what people name."""


def uuid(rng: Random) -> str:
    """A random UUID in CloudTrail's spelling."""
    text = f"{rng.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


class Draw:
    """Values by the word of the placeholder; the right-hand side of a template's `%`.

    What has appeared in the file is likely to appear again, as in life: a new value comes with probability
    novelty / (novelty + draws so far).
    """

    def __init__(self, rng: Random, novelty: float) -> None:
        self.rng = rng
        self.novelty = novelty
        self.account = rng.choice(_ACCOUNTS)
        self.region = rng.choice(_REGIONS)
        self._seen: dict[str, list[str]] = {}
        self._drawn: dict[str, int] = {}
        self._makers: dict[str, Callable[[], str]] = {
            "account": lambda: self.account,
            "region": lambda: self.region,
            "uuid": lambda: uuid(rng),
            "octet": lambda: str(rng.randrange(256)),
            "key_id": lambda: base64.b32encode(rng.randbytes(10)).decode(),
            "token": self._token,
            "encoded": self._encoded,
            "policy": self._policy,
        }

    def __getitem__(self, word: str) -> str:
        return self._recurring(word) if word in _PREFIXES else self._makers[word]()

    def fresh(self, drawn: int) -> bool:
        """Whether something new appears after `drawn` draws."""
        return self.rng.random() * (self.novelty + drawn) < self.novelty

    def _recurring(self, word: str) -> str:
        seen = self._seen.setdefault(word, [])
        drawn = self._drawn.get(word, 0)
        self._drawn[word] = drawn + 1
        if not seen or self.fresh(drawn):
            seen.append(_PREFIXES[word] + self._new(word))
            return seen[-1]
        return self.rng.choice(seen)

    def _new(self, word: str) -> str:
        if word == "key":
            return uuid(self.rng)
        if word == "phrase":
            return " ".join(self.rng.choices(NAMES, k=16))
        if word not in _NAMED:
            return f"0{self.rng.getrandbits(64):016x}"
        return f"{self.rng.choice(NAMES)}-{self.rng.choice(STAGES)}-{word}-{self.rng.getrandbits(20):05x}"

    def _token(self) -> str:
        """A session token; CloudTrail spells its padding as an escape now and then."""
        padding = "\\u003d" if self.rng.random() < 0.05 else ""
        return base64.b64encode(self.rng.randbytes(120)).decode() + padding

    def _encoded(self) -> str:
        message = base64.urlsafe_b64encode(self.rng.randbytes(300)).decode()
        return f"Encoded authorization failure message: {message}"

    def _policy(self) -> str:
        statement = f'[{{\\"Effect\\":\\"Allow\\",\\"Action\\":\\"{self.rng.choice(ACTIONS)}\\"}}]'
        return f'{{\\"Version\\":\\"2012-10-17\\",\\"Statement\\":{statement}}}'
