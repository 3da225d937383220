"""A first ecr-publish.yaml from what was found: valid as it stands, with the place that each image came from."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import Any

import yaml

from ecr_publish.adoption.environments import Environment, environments, is_production, rank
from ecr_publish.adoption.found import Destination, Found, FoundImage, Remark
from ecr_publish.adoption.images import listed, named

DEFAULT_TAGS = ("type=semver,pattern={{version}}", "type=ref,event=branch", "type=sha")
_HEAD = """\
# What is built, tagged, pushed and promoted. `ecr-publish check` validates this file, `ecr-publish rehearse` runs all
# of it on this machine without AWS.
"""
_NEXT = """\
# Where there is another environment, name it above and let the same digest go on when its scan is clean:
# promote:
#   - { from: %s, to: %s, when: { tag: "v*" } }
"""


@dataclass(frozen=True, slots=True)
class Draft:
    """The file's text, and what a person must look at."""

    text: str
    remarks: tuple[Remark, ...]
    environments: tuple[tuple[str, Destination], ...]


def draft(found: Found, *, project: str, region: str | None, default_branch: str | None) -> Draft:
    """The file for these images. `region` is what to write where no file names one (None: us-east-1, with a remark);
    `project` names what has no name of its own."""
    remarks = list(found.remarks)
    told = tuple(named(each, project, remarks) for each in found.images)
    places = environments(told, region, remarks)
    images = listed(told, remarks)
    text = _HEAD + _block({"version": 1, "environments": {each.name: _environment(each) for each in places}})
    if default_branch not in (None, "main"):
        text += _block({"default-branch": default_branch})
    text += "images:\n" + "".join(_image(name, image) for name, image in images)
    edges = _edges([each.name for each in places])
    last = places[-1].name
    ends = ("staging", last) if is_production(last) else (last, "prod")
    text += _block({"promote": edges}) if edges else "\n" + _NEXT % ends
    remarks.sort(key=lambda each: (each.place.file, each.place.line))
    return Draft(text, tuple(dict.fromkeys(remarks)), tuple((each.name, each.destination) for each in places))


def _environment(each: Environment) -> dict[str, Any]:
    there = each.destination
    pointer = {"pointer": re.sub(r"^[.-]+", "", each.name)} if each.pointer else {}
    if there.plain is not None:
        return {"registry": there.plain} | pointer
    if there.public_alias is not None:
        return {"registry": "public", "alias": there.public_alias} | pointer
    made: dict[str, Any] = {"account": there.account} if there.account else {}
    made |= {"region": each.regions[0]} if len(each.regions) == 1 else {"regions": list(each.regions)}
    made |= {"role": there.role} if there.role else {}
    return made | ({"create": "if-missing"} if there.create else {}) | pointer


def _image(name: str, image: FoundImage) -> str:
    recipe = image.recipe
    build: dict[str, Any] = {"context": recipe.context}
    if recipe.dockerfile:
        build["dockerfile"] = recipe.dockerfile
    if recipe.target:
        build["target"] = recipe.target
    for key, pairs in (("args", recipe.args), ("labels", recipe.labels)):
        if pairs:
            build[key] = dict(pairs)
    for switch in recipe.switches:
        build[switch] = True
    if recipe.platforms:
        build["platforms"] = [recipe.platforms[0]]
    body: dict[str, Any] = {"repository": image.repository, "build": build, "tags": list(image.tags or DEFAULT_TAGS)}
    if image.flavor:
        body["flavor"] = list(image.flavor)
    text = _block({name: body})
    return f"  # from {image.place}\n" + "".join(f"  {line}\n" for line in text.splitlines())


def _edges(names: list[str]) -> list[dict[str, Any]]:
    """Promotions along environments whose names say an order; into production only for version tags."""
    edges = []
    for before, after in itertools.pairwise(names):
        if rank(before) < rank(after):
            edge: dict[str, Any] = {"from": before, "to": after}
            if is_production(after):
                edge["when"] = {"tag": "v*"}
            edges.append(edge)
    return edges


class _Dumper(yaml.SafeDumper):
    """Lists stand further in than their key, as people write them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Never indentless."""
        super().increase_indent(flow, False)


def _block(value: dict[str, Any]) -> str:
    return str(yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000))
