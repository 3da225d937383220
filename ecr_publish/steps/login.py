"""login: who we are at a target. Tokens stay behind ports.access.CredentialSource and are fetched just before use."""

from __future__ import annotations

from dataclasses import dataclass

from ecr_publish.model.image import Identity
from ecr_publish.model.target import Target
from ecr_publish.plan.intent import At, Give, Intent, Need, On
from ecr_publish.plan.step import Scene
from ecr_publish.ports.bundle import Ports
from ecr_publish.run.ledger import Facts
from ecr_publish.run.outcome import Done, Outcome


@dataclass(frozen=True, slots=True)
class LoginDetails:
    """The target, with the role or profile to use there."""

    target: Target

    @property
    def summary(self) -> str:
        """`at A.dkr.ecr.R.amazonaws.com as role/ecr-publish`."""
        target = self.target
        principal = target.role or (f"profile {target.profile}" if target.profile else "the ambient credentials")
        return f"at {target.registry} as {principal}"


class Login:
    """Runs once per target, for all images."""

    name = "login"
    on = On.TARGET
    wanted = False
    needs: tuple[Need, ...] = ()
    gives = (Give(Identity, At.TARGET),)

    def details(self, scene: Scene) -> LoginDetails:
        """The target as the file says it."""
        assert scene.target is not None
        return LoginDetails(scene.target)

    def run(self, intent: Intent, facts: Facts, ports: Ports) -> Outcome:
        """Ask STS who we are; the expected account is checked there."""
        details: LoginDetails = intent.details
        identity = ports.identities.identity(details.target)
        return Done(identity.arn, (identity,))
