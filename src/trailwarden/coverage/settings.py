"""What is to be verified, how often, and from when on it counts as old."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from trailwarden.aws import Role
from trailwarden.model.units import Duration

Region = Annotated[str, Field(pattern=r"^[a-z]{2,}(-[a-z]+)+-\d+$")]


class AccountSettings(Role):
    """One account whose trail is verified."""

    id: str = Field(pattern=r"^\d{12}$", description="The account's number, in quotes: leading zeros count.")
    regions: Literal["all"] | Annotated[tuple[Region, ...], Field(min_length=1)] = Field(
        default="all", description="`all` that are enabled, or a list."
    )
    trail: str = Field(
        default="", max_length=512, description="ARN or name of the trail; empty: the best one that is found."
    )


class FreshnessSettings(BaseModel):
    """From when on silence needs an explanation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_age: Duration = Field(
        default="45m",
        validate_default=True,
        gt=timedelta(0),
        description="Age of the last file of an account and Region up to which it needs no further proof that the feed lives.",
    )


class CoverageSettings(BaseModel):
    """The verification of the trails behind the feed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    accounts: tuple[AccountSettings, ...] = Field(min_length=1, description="Whose trails are verified.")
    interval: Duration = Field(
        default="5m",
        validate_default=True,
        ge=timedelta(seconds=10),
        description="Between two rounds of calls; each is moved by up to a tenth at random.",
    )
    timeout: Duration = Field(
        default="60s",
        validate_default=True,
        gt=timedelta(0),
        description="For all calls about one account; what has not answered by then is `unknown`.",
    )
    hold: Duration = Field(
        default="10m",
        validate_default=True,
        ge=timedelta(0),
        description="How long anything but a gap must last before it is announced as an alert; a gap is announced at once.",
    )
    alert_path: Duration = Field(
        default="24h",
        validate_default=True,
        gt=timedelta(0),
        description="Age of the last alert that a sink took up to which the way to it counts as proven.",
    )
    freshness: FreshnessSettings = FreshnessSettings()

    @model_validator(mode="after")
    def _each_account_once(self) -> CoverageSettings:
        ids = [account.id for account in self.accounts]
        for one in ids:
            if ids.count(one) > 1:
                raise ValueError(
                    f"accounts: {one} is listed twice; give it one entry with all of its Regions"
                )
        return self
