"""Commands of a job's script: what they build and push, and what is said of those that are not carried over."""

from __future__ import annotations

import pytest

from ecr_publish.adoption.found import Destination, FoundImage, Place, Recipe
from ecr_publish.adoption.script import Built, Script

HOST = "111111111111.dkr.ecr.us-east-2.amazonaws.com"
FRESH = Recipe(switches=("pull", "no-cache"))
AT = Place("ci.yml", 10)


def read(*scripts: str) -> tuple[tuple[FoundImage, ...], list[str]]:
    script = Script({"HOST": HOST}.get)
    for each in scripts:
        script.read(each, AT)
    images = script.images(Destination())
    return images, [str(each) for each in script.remarks]


@pytest.mark.parametrize(
    ("command", "recipe", "tags"),
    [
        (f"/kaniko/executor --context . --destination {HOST}/web:1", Recipe(), ("type=raw,value=1",)),
        (
            f"/kaniko/executor -c $CI_PROJECT_DIR/a -f $CI_PROJECT_DIR/a/ops/Dockerfile -d {HOST}/web:$CI_COMMIT_SHA",
            Recipe("a", "ops/Dockerfile"),
            ("type=sha,format=long,prefix=",),
        ),
        (
            f"/kaniko/executor --context=dir://$CI_PROJECT_DIR/app --dockerfile=Dockerfile.prod "
            f"--destination={HOST}/web:1 --destination={HOST}/web:2 --build-arg A=b --build-arg=C=d --target=run",
            Recipe("app", "Dockerfile.prod", "run", (("A", "b"), ("C", "d"))),
            ("type=raw,value=1", "type=raw,value=2"),
        ),
        (f"/kaniko/executor --context . --context-sub-path svc -d {HOST}/web:1", Recipe("svc"), ("type=raw,value=1",)),
    ],
)
def test_kaniko_builds_and_pushes(command: str, recipe: Recipe, tags: tuple[str, ...]):
    images, remarks = read(command)
    assert [(each.repository, each.recipe, each.tags) for each in images] == [("web", recipe, tags)]
    assert remarks == []


def test_kaniko_without_a_push_is_no_image():
    assert read(f"/kaniko/executor --context . --no-push --destination {HOST}/web:1") == ((), [])


@pytest.mark.parametrize(
    ("script", "recipe"),
    [
        (
            "docker build -t $HOST/web:1 -f ops/Dockerfile app && docker push $HOST/web:1",
            Recipe("app", "../ops/Dockerfile"),
        ),
        ("cd app; docker build -t $HOST/web:1 .; docker push $HOST/web:1", Recipe("app")),
        (
            "cd app; docker build -t $HOST/web:1 -f ops/Dockerfile ..; docker push $HOST/web:1",
            Recipe(".", "app/ops/Dockerfile"),
        ),
        ('ALL="-t $HOST/web:1 --push"; docker buildx build $ALL app', Recipe("app")),
        ("docker build --pull --no-cache=true -t $HOST/web:1 .; docker push $HOST/web:1", FRESH),
        ("docker buildx build --push -t $HOST/web:1 .", Recipe()),
        ("docker buildx build --output type=registry -t $HOST/web:1 .", Recipe()),
        ("timeout 600 docker build -t $HOST/web:1 . && retry docker push $HOST/web:1", Recipe()),
        ('bash -c "docker build -t $HOST/web:1 . && docker push $HOST/web:1"', Recipe()),
        ("podman build -t web . && podman push --creds a:b web docker://$HOST/web:1", Recipe()),
        ("buildah bud -t web app && buildah push web docker://$HOST/web:1", Recipe("app")),
    ],
)
def test_builds_in_other_words(script: str, recipe: Recipe):
    images, _ = read(script)
    assert [(each.repository, each.recipe, each.tags) for each in images] == [("web", recipe, ("type=raw,value=1",))]
    assert images[0].destination == Destination("111111111111", "us-east-2")


def test_a_directory_lasts_from_one_line_of_a_job_to_the_next():
    images, _ = read("cd services/api", "docker build -t $HOST/api:1 .", "docker push $HOST/api:1")
    assert images[0].recipe.context == "services/api"


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("docker compose build web", "not carried over: docker compose build web"),
        ("docker-compose push", "compose file"),
        ("docker buildx imagetools create -t a b", "joining platforms is not carried over"),
        ("docker manifest create a b c", "not carried over: docker manifest create a b c"),
        ("docker buildx bake --push", "not carried over: docker buildx bake --push"),
        ("make docker-push", "make docker-push: what it runs is not read"),
        ("./scripts/push-image.sh prod", "./scripts/push-image.sh is not read"),
        ("bash ci/docker.sh", "ci/docker.sh is not read"),
        ("ko build ./cmd", "ko builds from Go's source"),
        ("./mvnw compile jib:build", "builds without a Dockerfile"),
        ("skopeo copy docker-archive:x.tar docker://a/b:1", "`build: { archive: FILE }`"),
        ("docker run gcr.io/kaniko-project/executor:v1 --context .", "kaniko in a container is not read"),
        ("docker build -t a --build-arg TOKEN=$TOKEN .", "the value of TOKEN comes from the CI"),
        ("docker build -t a --build-arg HTTP_PROXY .", "the value of HTTP_PROXY comes from the CI"),
        ("docker build -t a - < Dockerfile", "standard input"),
        ("aws ecr put-image --repository-name a --image-tag b", "a promotion keeps the digest"),
        (
            "if x; then T=1; else T=2; fi; docker build -t $HOST/web:$T .; docker push $HOST/web:$T",
            "T is set in several branches: 2 is taken everywhere",
        ),
        (
            "docker build -t $HOST/w:${CI_COMMIT_TAG:-x} .; docker push $HOST/w:${CI_COMMIT_TAG:-x}",
            "tag <git-tag or x>: x where there is no git-tag is left out",
        ),
        ("docker build -t a $DIR", "which directory is the context cannot be told: $DIR"),
        ("docker build -t a -f $FILE .", "which Dockerfile is meant cannot be told: $FILE"),
        ("docker build -t a --target $STAGE .", "the target $STAGE comes from the CI"),
        ("docker build -t a https://example.com/x.git", "is no directory of the project"),
        ("docker build -t a ../other", "outside of the project"),
        ("if [ $X = y ]; then docker push $HOST/web:1; fi", "pushed only where [ $X = y ]"),
        ('[ "$X" = y ] && docker push $HOST/web:1', 'pushed only where [ "$X" = y ]'),
        (
            "for d in apps/*; do docker build -t $HOST/$d:1 $d; done",
            "which directory is the context cannot be told: $d",
        ),
        ("docker build $ARGS -t a app", "what $ARGS adds to the build cannot be told"),
        ("/kaniko/executor --context . $TO", "what $TO adds to the build cannot be told"),
        ("docker build -t tw/web:1 . && docker push tw/web:1", "tw/web:1 goes to docker's own hub"),
        (
            "docker build -t $HOST/web:1 -t $URI:1 . && docker push $HOST/web:1 && docker push $URI:1",
            "the repository of $URI:1 cannot be told",
        ),
    ],
)
def test_what_is_not_carried_over_is_said_with_its_place(script: str, said: str):
    _, remarks = read(script)
    assert any(said in each for each in remarks), remarks
    assert all(each.startswith("ci.yml:10: ") for each in remarks)


@pytest.mark.parametrize("script", ["make test", "npm run build", "crane digest a", "echo docker push a"])
def test_what_makes_no_image_is_not_spoken_of(script: str):
    assert read(script) == ((), [])


def test_a_condition_that_asks_for_the_build_s_success_is_the_run_s_own():
    _, remarks = read(
        'docker build -t $HOST/web:1 .; if [ "$CODEBUILD_BUILD_SUCCEEDING" = 1 ]; then docker push $HOST/web:1; fi'
    )
    assert remarks == []


def test_a_later_job_pushes_what_an_earlier_one_has_built():
    built: Built = {}
    first = Script({"HOST": HOST}.get, built)
    first.read("docker build -t $HOST/web:1 app", AT)
    later = Script({"HOST": HOST}.get, built)
    later.read("docker pull $HOST/web:1; docker tag $HOST/web:1 $HOST/web:live; docker push $HOST/web:live", AT)
    assert first.images(Destination()) == ()
    assert [(each.recipe.context, each.tags) for each in later.images(Destination())] == [
        ("app", ("type=raw,value=live",))
    ]
    assert later.remarks == ()


def test_what_has_another_value_where_it_is_not_set_has_the_rules_of_both():
    images, remarks = read(
        "TAG=${CI_COMMIT_TAG:-$CI_COMMIT_SHORT_SHA}; docker build -t $HOST/web:v$TAG .; docker push $HOST/web:v$TAG"
    )
    assert [each.tags for each in images] == [("type=ref,event=tag,prefix=v", "type=sha,prefix=v")]
    assert remarks == []


def test_an_image_whose_repository_only_the_ci_knows_is_kept_without_a_name():
    images, _ = read("docker build -t $URI:1 app; docker push $URI:1")
    assert [(each.repository, each.recipe.context) for each in images] == [("", "app")]
    images, remarks = read("docker build -t $CI_REGISTRY_IMAGE:1 .; docker push $CI_REGISTRY_IMAGE:1")
    assert images == ()
    assert "GitLab's own registry" in remarks[0]
