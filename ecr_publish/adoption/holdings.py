"""What a job's engine holds: images by the references that stand for them, and which of these were pushed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ecr_publish.adoption.building import Build
from ecr_publish.adoption.found import Destination, FoundImage, Place, Recipe, Remark
from ecr_publish.adoption.references import known, reference, rules


@dataclass(frozen=True, slots=True, eq=False)
class _Image:
    """A reference that stands for something built; several may stand for one."""

    recipe: Recipe
    place: Place


Built = dict[str, _Image]  # by the reference that stands for it


class Holdings:
    """Filled by a job's commands in their order; `images` says what has left it in the end."""

    def __init__(self, built: Built, remarks: list[Remark]) -> None:
        """`built`: what earlier jobs built; what this one builds is added to it, as remarks are to `remarks`."""
        self._built, self._remarks = built, remarks
        self._pushed: list[tuple[str, Place]] = []

    @property
    def pushes(self) -> int:
        """How many images were pushed so far."""
        return len(self._pushed)

    def build(self, build: Build, place: Place) -> None:
        """Keep what was built, by the references that stand for it, and which of them are pushed."""
        image = _Image(build.recipe, place)
        for each in build.references:
            self._built[full(each)] = image
            if build.pushes:
                self._pushed.append((each, place))

    def tag(self, source: str, target: str, place: Place) -> None:
        """Let another reference stand for what was built."""
        found = self._built.get(full(source))
        if found is None:
            self._say(place, f"{source} is tagged, and nothing here builds it")
            return
        self._built[full(target)] = found

    def push(self, names: list[str], place: Place) -> None:
        """Push the last of `names`; with two, as buildah and podman do it, it comes to stand for the first."""
        if len(names) > 1 and (found := self._built.get(full(names[0]))) is not None:
            self._built[full(names[1])] = found
        self._pushed.append((names[-1], place))

    def push_all(self, repository: str, place: Place) -> None:
        """Push every tag of a repository."""
        self._pushed += [(each, place) for each in self._built if each.rpartition(":")[0] == repository]

    def images(self, default: Destination, *, region: str | None, creates: bool) -> tuple[FoundImage, ...]:
        """What was built and pushed: one image for each repository, with the rules for its tags. What the references
        do not say of a registry, `region`, `creates` and `default` do."""
        default = replace(default, region=region or default.region, create=creates or default.create)
        found: dict[tuple[Destination, str], FoundImage] = {}
        told = {self._built[full(text)] for text, _ in self._pushed if self._tells(text)}
        for text, place in self._pushed:
            built, where = self._built.get(full(text)), reference(text)
            if built is None:
                self._say(place, f"{text} is pushed, and nothing here builds it")
                continue
            repository = known(where.repository)
            if repository is None and "<?CI_REGISTRY" in where.repository:
                self._say(place, f"{text} goes to GitLab's own registry, which is not carried over")
                continue
            if repository is None and built in told:  # another push of the same says where it goes
                self._say(place, f"the repository of {text} cannot be told from the file")
                continue
            if where.destination is None and repository is not None:
                self._say(place, f"{text} goes to docker's own hub, which is not carried over")
                continue
            ruled = rules(where.tag or "latest")
            if ruled.remark:
                self._say(place, f"tag {where.tag}: {ruled.remark}")
            there = (where.destination or Destination()).over(default)
            # two unknown repositories are two images where their own text or their recipe is not the same
            key = there, repository or f"{where.repository} {built.recipe}"
            image = found.get(key) or FoundImage(repository or "", built.recipe, built.place, there)
            found[key] = replace(image, tags=tuple(dict.fromkeys(image.tags + ruled.rules)))
        return tuple(found.values())

    def _tells(self, text: str) -> bool:
        where = reference(text)
        return full(text) in self._built and where.destination is not None and known(where.repository) is not None

    def _say(self, place: Place, text: str) -> None:
        self._remarks.append(Remark(place, text))


def full(text: str) -> str:
    """A reference with its tag written out, as docker completes it."""
    where = reference(text)
    return text if where.tag or "@" in text else f"{text}:latest"
