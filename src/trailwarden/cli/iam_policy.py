"""`trailwarden iam-policy`: what the configuration needs, as IAM policies."""

from __future__ import annotations

from typing import Annotated

import typer

from trailwarden.cli.configured import ConfigOption


def iam_policy(
    config: ConfigOption,
    identity: Annotated[
        str | None,
        typer.Option(
            "--for",
            metavar="ROLE_ARN|own",
            help="Only this identity's policy, ready for `aws iam put-role-policy`.",
        ),
    ] = None,
    kms_key: Annotated[
        list[str] | None,
        typer.Option(
            "--kms-key", metavar="ARN", help="A key that the log files are encrypted with; may be repeated."
        ),
    ] = None,
    audit: Annotated[
        bool, typer.Option("--audit", help="With what `trailwarden audit` asks besides.")
    ] = False,
) -> None:
    """Print the IAM policies with what the configuration needs, and nothing else.

    One policy for the service's own identity (`own`) and one for each role that is assumed. Nothing is asked of AWS.

    Example: trailwarden iam-policy --config trailwarden.yaml --for own > policy.json
    """
    from trailwarden.app.permissions import policies
    from trailwarden.cli.output import print_json
    from trailwarden.errors import ConfigError
    from trailwarden.settings import load_settings

    needed = policies(load_settings(config), kms_key or (), audit=audit)
    if identity is None:
        print_json(needed)
        return
    if identity not in needed:
        known = ", ".join(needed) or "nobody: the configuration uses nothing of AWS"
        raise ConfigError(f"--for {identity}: nothing is needed by it; policies are for {known}")
    print_json(needed[identity])
