"""`talepress deploy`: what can be started from Prefect's page, brought up to date. Knows nothing of how.

Its process is a short one of its own: what deploys imports every flow.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from flows.cli.console import tell
from tasks.errors import BadInputError


def deploy(
    devices: Annotated[
        int, typer.Option(min=0, help="Runs that speak at a time; 0: one per device, of all boxes of a server.")
    ] = 0,
    as_file: Annotated[bool, typer.Option("--print", help="Only print a prefect.yaml for `prefect deploy`.")] = False,
    automations: Annotated[
        Path | None, typer.Option(help="A file of automations as well, such as deploy/automations.yaml.")
    ] = None,
    webhook: Annotated[
        str, typer.Option(metavar="URL", help="Where the automations post: block webhook/talepress.")
    ] = "",
) -> None:
    """Makes pools and deployments on Prefect's server, or brings them up to date. May be repeated."""
    if webhook and automations is None:
        raise BadInputError("--webhook is for automations: name their file by --automations")
    if as_file:
        from flows.operate.prefect_file import prefect_file

        print(prefect_file(), end="")
        return
    from flows.cli.launch import use_server
    from flows.operate.form import choices_of
    from flows.operate.up import count_devices
    from flows.services import open_services, read_settings

    settings = read_settings()
    with open_services(settings) as services:
        choices = choices_of(services)
    if not os.environ.get("PREFECT_API_URL"):  # else other boxes may work for that server: their workers count
        devices = devices or count_devices(settings)
    use_server(settings)
    from flows.operate.deploy import deploy as make

    for name in make(devices, choices):
        tell(f"deployed {name}")
    if automations is not None:
        from flows.operate.automations import deploy_automations

        for name in deploy_automations(automations, webhook):
            tell(f"automation {name}")
