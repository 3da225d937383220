"""An error by its name in AWS's APIs: what refuses a request says this, and each face puts it in its own form."""

from __future__ import annotations


class ApiError(Exception):
    """A modelled (or common) AWS error: its name, message, and further members of its shape."""

    def __init__(self, name: str, message: str, status: int = 400, **members: object) -> None:
        super().__init__(f"{name}: {message}")
        self.name, self.message, self.status, self.members = name, message, status, members


def invalid(field: str, constraint: str) -> ApiError:
    """InvalidParameterException in ECR's form of words."""
    return ApiError(
        "InvalidParameterException", f"Invalid parameter at '{field}' failed to satisfy constraint: '{constraint}'"
    )


def no_repository(name: str, registry: str) -> ApiError:
    """RepositoryNotFoundException. `registry` is the account's id, or the alias by which the client came."""
    return ApiError(
        "RepositoryNotFoundException",
        f"The repository with name '{name}' does not exist in the registry with id '{registry}'",
    )
