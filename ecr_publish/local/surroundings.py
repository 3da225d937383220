"""Surroundings: the variables that lead AWS's SDKs and tools to an embedded ECR, and what would lead them elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

# Profiles, foreign sessions, and what makes an SDK ignore endpoints that are told.
UNSET = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")


def variables(url: str, account: str, region: str) -> Mapping[str, str]:
    """For the embedded ECR at `url`, as `account`."""
    return {
        # every other service too: a request for one that is not served must end here by name, never at AWS
        "AWS_ENDPOINT_URL": url,
        "AWS_ENDPOINT_URL_ECR": url,
        "AWS_ENDPOINT_URL_ECR_PUBLIC": url,
        "AWS_ENDPOINT_URL_STS": url,
        "AWS_ENDPOINT_URL_INSPECTOR2": url,
        "ECR_PUBLISH_PUBLIC_ENDPOINT": url,  # of ECR Public's registry: no answer of its API names it
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }
