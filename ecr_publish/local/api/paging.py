"""Pages of lists by the JSON API: as many as are asked for, and a token by which the next call goes on."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from ecr_publish.local.api.wire import Call
from ecr_publish.local.apierror import ApiError, invalid

Item = TypeVar("Item")


def page(
    items: Iterable[Item],
    call: Call,
    *,
    key: Callable[[Item], list[Any]] | None = None,
    default: int = 100,
    most: int = 1000,
) -> tuple[list[Item], str | None]:
    """One page of a list, and the token of the next. Raises ApiError for a token that is not of this operation.

    With a `key` (of texts and numbers) the list is in its order, and the next page goes on after the last key that was
    given: what is deleted between two pages moves nothing. Without one the token is a position.
    """
    numbered = list(enumerate(items))
    keyed = [([position] if key is None else key(item), item) for position, item in numbered]
    keyed.sort(key=lambda pair: pair[0])
    if "nextToken" in call.input:
        last = _read_token(call)
        try:
            keyed = [pair for pair in keyed if pair[0] > last]
        except TypeError as error:
            raise _no_token() from error
    size = min(int(call.input.get("maxResults", default)), most)
    more = _token(call, keyed[size - 1][0]) if size < len(keyed) else None
    return [item for _, item in keyed[:size]], more


def _token(call: Call, last: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps([call.operation, last]).encode()).decode()


def _read_token(call: Call) -> list[Any]:
    try:
        operation, last = json.loads(base64.urlsafe_b64decode(call.input["nextToken"].encode()))
    except (ValueError, TypeError, RecursionError) as error:
        raise _no_token() from error
    if operation != call.operation or not isinstance(last, list) or not last:
        raise _no_token()
    return last


def _no_token() -> ApiError:
    return invalid("nextToken", "The nextToken is not valid")
