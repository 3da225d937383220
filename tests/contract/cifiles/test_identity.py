"""docs/ci-identity.yaml: the role may do what the code calls and no more, and trusts the shipped workflow's jobs."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import Any

import pytest
import yaml
from botocore.loaders import Loader

from ecr_publish.oci.failures import ACTIONS
from tests.contract.cifiles.conftest import ROOT

# Only with `create: if-missing`, which is not the default; docs/aws.md names it.
BY_SETTING = {"ecr:CreateRepository"}
PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
SUBJECT = "repo:OWNER/NAME:"


class _Tags(yaml.SafeLoader):
    """CloudFormation's short forms, as what stands behind them."""


def _short(loader: yaml.Loader, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return {suffix: loader.construct_scalar(node)}
    if isinstance(node, yaml.MappingNode):
        return {suffix: loader.construct_mapping(node, deep=True)}
    return {suffix: loader.construct_sequence(node, deep=True)}


_Tags.add_multi_constructor("!", _short)


@pytest.fixture
def template() -> Any:
    return yaml.load((ROOT / "docs" / "ci-identity.yaml").read_text(encoding="utf-8"), _Tags)


@pytest.fixture
def statements(template) -> list[Any]:
    return template["Resources"]["PublishPolicy"]["Properties"]["PolicyDocument"]["Statement"]


def actions(statement: Any) -> set[str]:
    found = statement["Action"]
    return {found} if isinstance(found, str) else set(found)


def called() -> set[str]:
    """What `aws/` asks of ECR and Inspector by the SDK, and what the registry's requests are to IAM."""
    source = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "ecr_publish" / "aws").glob("*.py"))
    names = {name.replace("_", "") for name in re.findall(r"\bclient\.(\w+)", source)}
    found = {action for _, _, action in ACTIONS}
    for service, version in (("ecr", "2015-09-21"), ("inspector2", "2020-06-08")):
        operations = Loader().load_service_model(service, "service-2", version)["operations"]
        found |= {f"{service}:{each}" for each in operations if each.lower() in names}
    return found


def test_the_role_may_do_what_the_code_calls_and_no_more(statements):
    assert set().union(*map(actions, statements)) == called() - BY_SETTING


def test_what_knows_no_repository_is_allowed_for_all(statements):
    """No resource of ECR or Inspector can be named there (Service Authorization Reference)."""
    everywhere = [actions(each) for each in statements if each["Resource"] == "*"]
    assert set().union(*everywhere) == {
        "ecr:GetAuthorizationToken",
        "ecr:GetRegistryScanningConfiguration",
        "inspector2:ListCoverage",
    }


def test_every_parameter_is_used(template):
    parts = str({key: part for key, part in template.items() if key != "Parameters"})
    unused = [name for name in template["Parameters"] if f"'{name}'" not in parts and f"${{{name}}}" not in parts]
    assert unused == []


def jobs() -> Any:
    return yaml.safe_load((ROOT / "examples" / "ci" / "github" / "publish.yml").read_text(encoding="utf-8"))["jobs"]


def trusted(environment: str) -> list[str]:
    """The subjects that the page says the role of that environment is to trust, with the one that it trusts anyway."""
    (line,) = re.findall(rf"^\| `{environment}` \|(.*)\|$", PAGE, flags=re.MULTILINE)
    return [f"{SUBJECT}environment:{environment}", *re.findall(r"`([^`]+)`", line)]


@pytest.mark.parametrize("ref", ["refs/heads/main", "refs/tags/v1.4.0"])
@pytest.mark.parametrize(
    ("job", "environments"), [("build", ["dev"]), ("staging", ["dev", "staging"]), ("prod", ["staging", "prod"])]
)
def test_the_page_names_the_subject_of_each_job_of_the_shipped_workflow(job, environments, ref):
    place = jobs()[job].get("environment")
    subject = SUBJECT + (f"environment:{place}" if place else f"ref:{ref}")
    assert all(any(fnmatchcase(subject, each) for each in trusted(name)) for name in environments)


def test_no_role_is_trusted_to_a_pull_request():
    subjects = [each for name in ("dev", "staging", "prod") for each in trusted(name)]
    assert not any(fnmatchcase(f"{SUBJECT}pull_request", each) for each in subjects)


def test_the_subjects_of_the_page_go_into_the_trust_policy(template):
    found = template["Resources"]["PublishRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    matches = [each["If"][1]["Condition"].get("StringLike", {}) for each in found]
    assert {"Ref": "GitHubSubjects"} in [each.get("token.actions.githubusercontent.com:sub") for each in matches]
