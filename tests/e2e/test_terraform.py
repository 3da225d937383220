"""terraform with the aws provider on `ecr-publish local`: a registry as teams declare it is applied, and planned again.

The provider reads the endpoints from the lines that `local` prints, as its users have them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.e2e.clients.terraform import CONFIGURATION, PROVIDER
from tests.e2e.embedded import Embedded
from tests.e2e.programs import Shell

NOTHING_TO_DO, CHANGES = 0, 2  # exit codes of `plan -detailed-exitcode`
MODULE = """
data "aws_caller_identity" "me" {}

locals {
  services = { web = "IMMUTABLE", worker = "MUTABLE" }
}

resource "aws_ecr_repository" "service" {
  for_each             = local.services
  name                 = "team/${each.key}"
  image_tag_mutability = each.value
  force_delete         = true
  image_scanning_configuration {
    scan_on_push = true
  }
  tags = { service = each.key }
}

resource "aws_ecr_repository" "secret" {
  name = "team/secret"
  encryption_configuration {
    encryption_type = "KMS"
  }
}

resource "aws_ecr_repository_policy" "web" {
  repository = aws_ecr_repository.service["web"].name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "pull"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::333333333333:root" }
      Action    = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    }]
  })
}

resource "aws_ecr_lifecycle_policy" "service" {
  for_each   = aws_ecr_repository.service
  repository = each.value.name
  policy = jsonencode({
    rules = [
      {
        rulePriority = 1
        description  = "untagged ones go after two weeks"
        selection    = { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = 14 }
        action       = { type = "expire" }
      },
      {
        rulePriority = 2
        description  = "thirty releases stay"
        selection = {
          tagStatus = "tagged", tagPatternList = ["v*"], countType = "imageCountMoreThan", countNumber = 30
        }
        action       = { type = "expire" }
      },
    ]
  })
}

resource "aws_ecr_registry_policy" "replication" {
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "replicate"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::222222222222:root" }
      Action    = ["ecr:ReplicateImage"]
      Resource  = ["arn:aws:ecr:us-east-2:${data.aws_caller_identity.me.account_id}:repository/*"]
    }]
  })
}

resource "aws_ecr_replication_configuration" "all" {
  replication_configuration {
    rule {
      destination {
        region      = "eu-west-1"
        registry_id = "333333333333"
      }
      repository_filter {
        filter      = "team/"
        filter_type = "PREFIX_MATCH"
      }
    }
  }
}

resource "aws_ecr_registry_scanning_configuration" "all" {
  scan_type = "BASIC"
  rule {
    scan_frequency = "SCAN_ON_PUSH"
    repository_filter {
      filter      = "team/*"
      filter_type = "WILDCARD"
    }
  }
}

resource "aws_ecr_account_setting" "scanner" {
  name  = "BASIC_SCAN_TYPE_VERSION"
  value = "AWS_NATIVE"
}

resource "aws_ecr_pull_through_cache_rule" "quay" {
  ecr_repository_prefix = "quay"
  upstream_registry_url = "quay.io"
}

resource "aws_ecr_repository_creation_template" "cache" {
  prefix               = "quay"
  description          = "what the cache makes"
  image_tag_mutability = "IMMUTABLE"
  applied_for          = ["PULL_THROUGH_CACHE"]
  resource_tags        = { made = "by the cache" }
  custom_role_arn      = "arn:aws:iam::${data.aws_caller_identity.me.account_id}:role/ecr"
  encryption_configuration {
    encryption_type = "AES256"
  }
}

output "url" {
  value = aws_ecr_repository.service["web"].repository_url
}
"""


class Module:
    """The module in a folder, and terraform on it."""

    def __init__(self, shell: Shell) -> None:
        self.shell, self.folder = shell.having(TF_CLI_CONFIG_FILE=str(CONFIGURATION)), shell.home / "module"
        self.folder.mkdir()
        self.write(MODULE)
        self.run("init", "-input=false")

    def write(self, text: str) -> None:
        (self.folder / "main.tf").write_text(PROVIDER + text)

    def run(self, *arguments: str) -> str:
        return self.shell.run("terraform", f"-chdir={self.folder}", *arguments, "-no-color")

    def apply(self) -> None:
        self.run("apply", "-auto-approve", "-input=false")

    def plan(self) -> tuple[int, str]:
        """(exit code, what it would do)."""
        argv = ("plan", "-detailed-exitcode", "-input=false", "-no-color")
        done = self.shell.attempt("terraform", f"-chdir={self.folder}", *argv)
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def module(embedded: Embedded) -> Module:
    return Module(embedded.account("111111111111").shell)


def seen(shell: Shell) -> Mapping[str, Any]:
    """What the aws command line sees of what was declared."""
    web = ("--repository-name", "team/web")
    policy = json.loads(shell.aws("ecr", "get-repository-policy", *web)["policyText"])
    rules = json.loads(shell.aws("ecr", "get-lifecycle-policy", *web)["lifecyclePolicyText"])["rules"]
    (replication,) = shell.aws("ecr", "describe-registry")["replicationConfiguration"]["rules"]
    scanning = shell.aws("ecr", "get-registry-scanning-configuration")["scanningConfiguration"]
    repositories = shell.aws("ecr", "describe-repositories")["repositories"]
    return {
        "mutability": {each["repositoryName"]: each["imageTagMutability"] for each in repositories},
        "may pull": policy["Statement"][0]["Principal"]["AWS"],
        "lifecycle": [rule["rulePriority"] for rule in rules],
        "replicated to": replication["destinations"][0]["region"],
        "scanned": scanning["rules"][0]["scanFrequency"],
    }


def test_what_is_declared_is_made_and_a_second_plan_is_empty(module):
    module.apply()
    code, words = module.plan()
    assert code == NOTHING_TO_DO, words
    assert seen(module.shell) == {
        "mutability": {"team/secret": "MUTABLE", "team/web": "IMMUTABLE", "team/worker": "MUTABLE"},
        "may pull": "arn:aws:iam::333333333333:root",
        "lifecycle": [1, 2],
        "replicated to": "eu-west-1",
        "scanned": "SCAN_ON_PUSH",
    }
    assert module.run("output", "-raw", "url") == "111111111111.dkr.ecr.us-east-2.amazonaws.com/team/web"


def test_a_change_by_hand_is_planned_back_and_a_change_of_the_file_is_applied(module):
    module.apply()
    drift = ("--repository-name", "team/web", "--image-tag-mutability", "MUTABLE")
    module.shell.aws("ecr", "put-image-tag-mutability", *drift)
    code, words = module.plan()
    assert (code, '"MUTABLE" -> "IMMUTABLE"' in words) == (CHANGES, True), words
    module.write(MODULE.replace("countNumber = 30", "countNumber = 40").replace("service = each.key", 'owner = "team"'))
    module.apply()
    assert module.plan()[0] == NOTHING_TO_DO
    assert seen(module.shell)["mutability"]["team/web"] == "IMMUTABLE"
    arn = "arn:aws:ecr:us-east-2:111111111111:repository/team/web"
    tags = module.shell.aws("ecr", "list-tags-for-resource", "--resource-arn", arn)["tags"]
    assert tags == [{"Key": "owner", "Value": "team"}]


def test_everything_is_taken_down_again(module):
    module.apply()
    module.run("destroy", "-auto-approve", "-input=false")
    assert module.shell.aws("ecr", "describe-repositories")["repositories"] == []
    assert module.shell.aws("ecr", "describe-registry")["replicationConfiguration"]["rules"] == []
