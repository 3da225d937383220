"""terraform with the aws provider, which reads the endpoints from the environment as its users would."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from tests.e2e.clients.client import CLIENTS, Client
from tests.e2e.clients.ground import Registry

CONFIGURATION = CLIENTS / "terraform.rc"
PROVIDER = """\
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" {}
"""


class Terraform(Client):
    name, version = "terraform, aws 5", "5."
    reached = "`AWS_ENDPOINT_URL_ECR` and `AWS_ENDPOINT_URL_STS`"

    @classmethod
    def needs(cls):
        return ("terraform", *(() if CONFIGURATION.exists() else (CONFIGURATION,)))

    def told(self):
        self.module("told", "")
        return str(json.loads(self.terraform("told", "version", "-json"))["provider_selections"].popitem()[1])

    def terraform(self, module: str, *arguments: str) -> str:
        return self.run("terraform", f"-chdir={self.home / module}", *arguments)

    def module(self, name: str, text: str, *, fresh: bool = True) -> Path:
        """A module with the provider in it, ready to be applied."""
        folder = self.home / name
        if fresh:
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(exist_ok=True)
        (folder / "main.tf").write_text(PROVIDER + text)
        self.terraform(name, "init", "-input=false", "-no-color")
        return folder

    def apply(self, name: str) -> None:
        self.terraform(name, "apply", "-auto-approve", "-input=false", "-no-color")

    def data(self, kind: str, arguments: str = "") -> dict[str, Any]:
        """What a data source reads."""
        output = f'output "it" {{\n  value     = data.{kind}.it\n  sensitive = true\n}}\n'
        self.module("read", f'data "{kind}" "it" {{\n{arguments}}}\n{output}')
        self.apply("read")
        return dict(json.loads(self.terraform("read", "output", "-json", "it")))

    def signed_in(self, *registries: Registry) -> None:
        """It has no session with a registry."""

    def login(self, registry: Registry):
        token = self.data("aws_ecr_authorization_token")
        assert (token["user_name"], token["proxy_endpoint"]) == ("AWS", f"http://{registry.host}")

    def inspect(self, reference: str) -> str:
        name, _, tag = reference.partition("/")[2].partition(":")
        return str(self.data("aws_ecr_image", f'  repository_name = "{name}"\n  image_tag = "{tag}"\n')["image_digest"])

    def repositories(self, registry: Registry) -> set[str]:
        return set(self.data("aws_ecr_repositories")["names"])

    def create(self, name: str):
        self.module("made", f'resource "aws_ecr_repository" "it" {{\n  name = "{name}"\n}}\n')
        self.apply("made")

    def drop(self, name: str):
        """What it has made itself."""
        self.terraform("made", "destroy", "-auto-approve", "-input=false", "-no-color")
