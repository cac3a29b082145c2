"""Makes automations on a Prefect server of a file: what Prefect does when it hears an event of ours.

A file is as `prefect automation create --from-file` takes it, but that it names blocks ("webhook/talepress") where
Prefect wants their numbers, which differ from server to server. Must not know what an event means.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from prefect.blocks.webhook import Webhook
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.events.schemas.automations import AutomationCore
from prefect.exceptions import ObjectNotFound
from pydantic import SecretStr, ValidationError

from tasks.errors import BadInputError

WEBHOOK = "talepress"  # the name of the block that `--webhook` makes
BLOCK = "block_document_id"
_HTTP = re.compile(r"https?://[^\s/]+", re.I)


def deploy_automations(file: Path, webhook: str) -> list[str]:
    """Makes the automations of a file on the server of `PREFECT_API_URL`, or brings those of the same name up to date.

    Whether one is switched on stays as people have set it.

    Args:
        file: YAML with a list `automations`; `deploy/automations.yaml` is an example.
        webhook: the address for the block `webhook/talepress`; "": the block stays as it is.

    Returns:
        The names of the automations.

    Raises:
        BadInputError: a file that is none, an address that is none, a block that the server does not have.
    """
    described = _read(file)
    with get_client(sync_client=True) as client:
        if webhook:
            _keep_webhook(webhook)
        automations = [_automation(client, file, one) for one in described]  # all are right before one is made
        for automation in automations:
            _make(client, automation)
    return [automation.name for automation in automations]


def _read(file: Path) -> list[Mapping[str, Any]]:
    try:
        content = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise BadInputError(f"--automations {file} cannot be read ({reason}): give it a YAML file") from error
    described = content.get("automations") if isinstance(content, dict) else None
    if not isinstance(described, list) or not all(isinstance(one, dict) for one in described):
        raise BadInputError(f"--automations {file} has no list `automations`: see deploy/automations.yaml")
    return described


def _keep_webhook(address: str) -> None:
    if not _HTTP.match(address):
        raise BadInputError(f"--webhook {address!r} is no address: write it whole, beginning with https://")
    Webhook(url=SecretStr(address)).save(WEBHOOK, overwrite=True)


def _automation(client: SyncPrefectClient, file: Path, described: Mapping[str, Any]) -> AutomationCore:
    """Makes Prefect's automation of one that is described. Raises `BadInputError`."""
    actions = described.get("actions")
    named = [_with_block(client, action) for action in actions] if isinstance(actions, list) else actions
    try:
        return AutomationCore.model_validate({**described, "actions": named})
    except ValidationError as error:
        detail = error.errors()[0]
        place = ".".join(str(part) for part in detail["loc"])
        name = described.get("name", "without a name")
        raise BadInputError(f"--automations {file}: {name}: {place}: {detail['msg']}") from error


def _with_block(client: SyncPrefectClient, action: Any) -> Any:
    """Puts the number of a block in the place of its name."""
    name = action.get(BLOCK) if isinstance(action, dict) else None
    if not isinstance(name, str) or "/" not in name:
        return action
    kind, _, own = name.partition("/")
    try:
        block = client.read_block_document_by_name(own, kind)
    except ObjectNotFound as error:
        remedy = "say --webhook ADDRESS" if name == f"webhook/{WEBHOOK}" else "make it on Prefect's page, under Blocks"
        raise BadInputError(f"Prefect has no block {name}: {remedy}") from error
    return {**action, BLOCK: str(block.id)}


def _make(client: SyncPrefectClient, automation: AutomationCore) -> None:
    found = client.read_automations_by_name(automation.name)
    if not found:
        client.create_automation(automation)
        return
    for existing in found:
        client.update_automation(existing.id, automation.model_copy(update={"enabled": existing.enabled}))
