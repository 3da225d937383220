"""amazon-ecr-credential-helper: it knows AWS's own host names only, so it runs where they lead to an embedded ECR."""

from __future__ import annotations

import json

from tests.e2e.clients.client import NEWER, Client
from tests.e2e.clients.ground import ACCOUNT, REGION, Registry
from tests.e2e.programs import ECR_PUBLISH

HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"


class Helper(Client):
    name, version = "credential helper 0.6", "0.6."
    reached = "`local --as-aws`: it takes AWS's own host names only"

    @classmethod
    def needs(cls):
        return ("docker-credential-ecr-login", NEWER / "crane")

    def told(self):
        return self.run("docker-credential-ecr-login", "-v").split("Version:")[1].strip()

    def inside(self, script: str) -> str:
        """What a script says that runs under AWS's names."""
        as_aws = ("local", "--as-aws", "--account", ACCOUNT, "--", "bash", "-euo", "pipefail", "-c")
        return self.run(*ECR_PUBLISH, *as_aws, script)

    def login(self, registry: Registry):
        """Its answer is a password, and opens the registry to a client that is told to ask it."""
        config = self.home / "docker" / "config.json"
        config.parent.mkdir(exist_ok=True)
        config.write_text(json.dumps({"credHelpers": {HOST: "ecr-login"}}))
        get = f"echo {HOST} | docker-credential-ecr-login get"
        create = "aws ecr create-repository --repository-name by/helper >/dev/null"
        got, listed = self.inside(f"{get}; {create}; crane catalog {HOST}").splitlines()
        assert (json.loads(got)["Username"], listed) == ("AWS", "by/helper")

    def signed_in(self, *registries: Registry) -> None:
        """It is what signs others in."""
