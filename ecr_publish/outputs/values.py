"""Named values of a run, for later steps and jobs: the same names in every CI.

No value but `registry` and `reference` holds an account id: CIs drop a value between jobs in which they
find something masked, and `aws-actions/configure-aws-credentials` masks account ids. A later job that knows its own
environments goes on with `digest` alone (`ecr-publish promote --digest`).
"""

from __future__ import annotations

import json

from ecr_publish.report.problems import problems
from ecr_publish.report.report import Report
from ecr_publish.report.rows import Holding, holdings
from ecr_publish.report.text import clean

# name -> what it is; the CI files and docs/ci.md have the same names
NAMES = {
    "exit-code": "the exit code of ecr-publish",
    "result": "ok, or the code of the first error, as `ecr-publish explain` knows it",
    "report": "the path of the whole report as JSON",
    "images": "every image, environment, region, repository, digest and tags, as one line of JSON",
    "image": "the image's name in ecr-publish.yaml; like all below, only where the run had one image",
    "digest": "the digest that was published",
    "tags": "its tags at the last environment it reached, separated by commas",
    "repository": "the repository's name there, without the registry",
    "environment": "the last environment it reached",
    "region": "the region of that environment",
    "registry": "the registry's host, which holds the account id",
    "reference": "registry/repository@digest, which holds the account id",
}


def values(report: Report, file: str) -> dict[str, str]:
    """Every name of NAMES, in that order; empty where there is nothing to say. `file` is where the JSON report is."""
    found = holdings(report)
    wrong = problems(report)
    single = found[-1] if len({each.image for each in found}) == 1 else None
    known = {
        "exit-code": str(report.exit_code),
        "result": (wrong[0].code if wrong else "failed") if report.exit_code else "ok",
        "report": file,
        "images": json.dumps([_place(report, each) for each in found], separators=(",", ":")),
        **(_single(report, single) if single else {}),
    }
    return {name: known.get(name, "") for name in NAMES}


def variable(name: str) -> str:
    """The value's name as an environment variable: `exit-code` → `ECR_PUBLISH_EXIT_CODE`."""
    return "ECR_PUBLISH_" + name.upper().replace("-", "_")


def last_places(report: Report) -> dict[str, Holding]:
    """Per image where it got to last, in the order of the file."""
    return {each.image: each for each in holdings(report)}


def reference(holding: Holding) -> str:
    """`registry/repository@digest`, canonical."""
    return clean(f"{holding.published.repository}@{holding.published.digest}")


def _single(report: Report, held: Holding) -> dict[str, str]:
    place = _place(report, held)
    return {
        **{name: str(place[name]) for name in ("image", "environment", "region", "repository", "digest")},
        "tags": ",".join(place["tags"]),
        "registry": clean(held.published.repository.registry.host),
        "reference": reference(held),
    }


def _place(report: Report, held: Holding) -> dict[str, list[str] | str]:
    target = next((each for each in report.plan.targets if each.name == held.target), None)
    return {
        "image": held.image,
        "environment": clean(target.environment) if target else held.target,
        "region": str(getattr(target.registry, "region", "")) if target else "",
        "repository": clean(held.published.repository.name),
        "digest": held.published.digest.text,
        "tags": [clean(tag) for tag in held.published.tags],
    }
