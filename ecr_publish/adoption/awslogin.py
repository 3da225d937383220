"""Steps of aws-actions/configure-aws-credentials and aws-actions/amazon-ecr-login: where a job's images go.

Source of the inputs' names: the README of each.
"""

from __future__ import annotations

import re
from dataclasses import replace

from ecr_publish.adoption.found import Destination
from ecr_publish.adoption.jobcontext import JobContext
from ecr_publish.adoption.reading import word
from ecr_publish.adoption.references import REGISTRY, known
from ecr_publish.config.document import Map


def credentials(given: Map, context: JobContext, so_far: Destination) -> Destination:
    """The destination with the region, the role and its account that are taken from here on."""
    if "role-to-assume" not in given and "aws-access-key-id" in given:
        context.say(given["aws-access-key-id"], "keys are not carried over: write the `role:` of its environment")
    role, region = context.value(word(given.get("role-to-assume"))), context.value(word(given.get("aws-region")))
    if role and known(role) is None:
        context.say(
            given["role-to-assume"], "which role is assumed cannot be told: write the `role:` of its environment"
        )
    account = re.search(r":iam::(\d{12}):", role)
    return replace(
        so_far,
        region=known(region) or so_far.region,
        role=known(role) or so_far.role,
        account=account[1] if account else so_far.account,
    )


def login(step: Map, given: Map, context: JobContext, so_far: Destination) -> Destination:
    """The destination with the account that is logged in to, if it is one; the step's output stands for a registry."""
    public = word(given.get("registry-type")) == "public"
    context.steps[f"{word(step.get('id'))}.outputs.registry"] = "public.ecr.aws" if public else REGISTRY
    accounts = [each for each in re.split(r"[\s,]+", context.value(word(given.get("registries")))) if each]
    is_one = len(accounts) == 1 and re.fullmatch(r"\d{12}", accounts[0])
    return replace(so_far, account=accounts[0]) if is_one else so_far
