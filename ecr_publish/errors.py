"""Every error that a user can meet: what happened, where, what to do, and the exit code of its kind.

Adapters translate foreign exceptions into these at their edge, `from` the cause. A field never holds a secret.
"""

from __future__ import annotations

from typing import ClassVar


class PublishError(Exception):
    """What went wrong, where (file:line:column, resource or request), and the command or setting that helps."""

    exit_code: ClassVar[int] = 1
    code: ClassVar[str] = "internal"  # the stable name: `ecr-publish explain CODE`, and the result JSON
    retryable: ClassVar[bool] = False

    def __init__(self, *, what: str, where: str, hint: str) -> None:
        super().__init__(f"{where}: {what}\n  hint: {hint}")
        self.what, self.where, self.hint = what, where, hint


class MachineFault(PublishError):
    """This machine failed us: disk full, a directory that cannot be written, a missing interpreter feature."""

    exit_code, code = 1, "machine"


# --- 2: usage, config, a plan or result that does not fit


class UsageError(PublishError):
    """The command line asks for something that cannot be done as said."""

    exit_code, code = 2, "usage"


class ConfigError(PublishError):
    """ecr-publish.yaml (or a seed, findings or faults file) is wrong; `where` is file:line:column."""

    exit_code, code = 2, "config"


class ConfigErrors(ConfigError):
    """All errors of one file at once, in the order of their positions."""

    def __init__(self, errors: tuple[ConfigError, ...]) -> None:
        first = errors[0]
        super().__init__(what=first.what, where=first.where, hint=first.hint)
        self.errors = errors

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)


class OriginUnclear(PublishError):
    """What a CI says about this run contradicts itself, or lacks what it always has; `where` names the variables."""

    exit_code, code = 2, "origin"


class BadReference(PublishError):
    """Text that is no digest, tag, repository or registry name."""

    exit_code, code = 2, "reference"


class PlanImpossible(PublishError):
    """The file is well formed, but no plan can be made of it (order of steps, cycles, no tags)."""

    exit_code, code = 2, "plan"


class PlanDiffers(PublishError):
    """`run --plan` planned again and came to another plan; the first difference is named."""

    exit_code, code = 2, "plan-differs"


class ResultUnusable(PublishError):
    """A result file is absent, malformed, or does not hold what this command was asked to go on with."""

    exit_code, code = 2, "result"


class PluginError(PublishError):
    """A listed plugin is not installed, too old, or does not keep the rules for plugins."""

    exit_code, code = 2, "plugin"


class BadImage(PublishError):
    """A layout, archive or file list given as input is not a valid image (a missing or wrong blob, a bad path)."""

    exit_code, code = 2, "image"


# --- 3: not authorised


class NotAuthorised(PublishError):
    """Credentials are missing, or the identity may not do this."""

    exit_code, code = 3, "not-authorised"


class WrongAccount(NotAuthorised):
    """The credentials belong to another account than the file says."""

    code = "wrong-account"


class TokenExpired(NotAuthorised):
    """The registry says that the authorization token has expired; the transport fetches one new token first."""

    code = "token-expired"


# --- 4: build failed


class BuildFailed(PublishError):
    """The builder refused or failed: the Dockerfile, the context, or a file that is not there."""

    exit_code, code = 4, "build"


class EngineUnavailable(BuildFailed):
    """No Docker engine answers where one is needed."""

    code = "engine"


# --- 5: the registry refused


class RegistryRefused(PublishError):
    """The registry understood the request and said no."""

    exit_code, code = 5, "registry"


class RepositoryMissing(RegistryRefused):
    """The repository does not exist in that registry."""

    code = "repository-missing"


class ImageMissing(RegistryRefused):
    """The tag or digest is not in that repository."""

    code = "image-missing"


class TagTaken(RegistryRefused):
    """A fixed or immutable tag already names another digest; both digests are in `what`."""

    code = "tag-taken"


class DigestMismatch(RegistryRefused):
    """Bytes do not have the digest that was promised for them: sent, received, or read back."""

    code = "digest-mismatch"


class QuotaExceeded(RegistryRefused):
    """A hard quota of the registry (images per repository, tags per image) is used up."""

    code = "quota"


# --- 6, 7, 8: gates and promotion


class GateVulnerable(PublishError):
    """The thresholds of an enforcing edge are exceeded."""

    exit_code, code = 6, "vulnerable"


class GateCannotJudge(PublishError):
    """Nothing proves the image clean: no scan, an unsupported one, a silent gate. Fails closed."""

    exit_code, code = 7, "cannot-judge"


class PromotionRefused(PublishError):
    """A gate other than the thresholds refused, or the promotion's conditions do not hold."""

    exit_code, code = 8, "promotion-refused"


# --- 9: unavailable


class Unavailable(PublishError):
    """A service does not answer, answers 5xx, or cut the connection. May heal."""

    exit_code, code, retryable = 9, "unavailable", True
    retry_after: float | None = None  # seconds, where the service said how long to wait


class Throttled(Unavailable):
    """The service asks to slow down (429, ThrottlingException). Heals with waiting."""

    code = "throttled"


class BlobsGone(Unavailable):
    """Blobs that an image needs were seen, or pushed, in the repository before, and are not there now."""


# --- 130, 143: signals


class Interrupted(PublishError):
    """SIGINT: the user asked to stop."""

    exit_code, code = 130, "interrupted"


class Terminated(PublishError):
    """SIGTERM: the machine or the CI asked to stop; SIGHUP: the terminal is gone."""

    exit_code, code = 143, "terminated"


# When several images fail differently, the first present of these is the exit code of the run.
EXIT_CODE_ORDER = (143, 130, 1, 3, 5, 9, 4, 7, 6, 8, 2, 10)
