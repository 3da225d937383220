"""Workflows and actions of the project that a workflow calls, and what is said of those that are not read."""

from __future__ import annotations

import json

import pytest

from ecr_publish.adoption.found import Destination, Found, Recipe
from ecr_publish.adoption.survey import survey

ROLE = "arn:aws:iam::111111111111:role/ci"
FLOW = ".github/workflows/ci.yml"
LOGIN = [
    {
        "uses": "aws-actions/configure-aws-credentials@v4",
        "with": {"role-to-assume": ROLE, "aws-region": "us-east-2"},
    },
    {"id": "ecr", "uses": "aws-actions/amazon-ecr-login@v2"},
]
THERE = Destination("111111111111", "us-east-2", ROLE)


def found(**files: object) -> Found:
    texts = {name: json.dumps(tree).encode() for name, tree in files.items()}
    return survey(texts, texts.__getitem__, project="project")


def build(**given: object) -> dict[str, object]:
    return {"uses": "docker/build-push-action@v6", "with": {"push": True, **given}}


def job(*steps: object, **more: object) -> dict[str, object]:
    return {"jobs": {"build": {**more, "steps": [*LOGIN, *steps]}}}


def test_a_workflow_of_the_project_is_read_with_what_it_is_given():
    called = {
        "on": {"workflow_call": {"inputs": {"name": {"required": True}, "context": {"default": "web"}}}},
        **job(build(context="${{ inputs.context }}", tags="${{ steps.ecr.outputs.registry }}/${{ inputs.name }}:1")),
    }
    had = found(
        **{
            ".github/workflows/build.yml": called,
            FLOW: {"jobs": {"x": {"uses": "./.github/workflows/build.yml", "with": {"name": "team/web"}}}},
        }
    )
    assert [(each.repository, each.recipe, each.destination) for each in had.images] == [
        ("team/web", Recipe("web"), THERE)
    ]
    assert had.remarks == ()
    assert had.images[0].place.file == ".github/workflows/build.yml"


def test_a_workflow_that_nobody_calls_is_read_by_itself():
    had = found(**{FLOW: {"on": "workflow_call", **job(build(tags="${{ steps.ecr.outputs.registry }}/web:1"))}})
    assert [each.repository for each in had.images] == ["web"]


def test_a_workflow_that_can_also_be_started_by_hand_is_read_once_for_each_call():
    by_hand = {"workflow_dispatch": {"inputs": {"env": {}}}, "workflow_call": {"inputs": {"env": {}}}}
    called = {
        "on": by_hand,
        **job(build(tags="${{ steps.ecr.outputs.registry }}/web:1"), environment="${{ inputs.env }}"),
    }
    calls = {env: {"uses": "./.github/workflows/r.yml", "with": {"env": env}} for env in ("dev", "prod")}
    had = found(**{".github/workflows/r.yml": called, FLOW: {"jobs": calls}})
    assert [each.destination.name for each in had.images] == ["dev", "prod"]


def test_a_composite_action_of_the_project_is_read_and_its_login_stays():
    action = {
        "inputs": {"name": {}, "file": {"default": "Dockerfile.ci"}},
        "outputs": {"registry": {"value": "${{ steps.ecr.outputs.registry }}"}},
        "runs": {
            "using": "composite",
            "steps": [
                *LOGIN,
                {
                    "env": {"IMAGE": "${{ steps.ecr.outputs.registry }}/${{ inputs.name }}:${{ github.sha }}"},
                    "run": "docker build -f ${{ inputs.file }} -t $IMAGE .\ndocker push $IMAGE",
                },
            ],
        },
    }
    steps = [
        {"id": "own", "uses": "./.github/actions/image", "with": {"name": "one"}},
        build(tags="${{ steps.own.outputs.registry }}/two:1"),
    ]
    had = found(**{".github/actions/image/action.yml": action, FLOW: {"jobs": {"x": {"steps": steps}}}})
    assert sorted((each.repository, each.destination, each.recipe.dockerfile) for each in had.images) == [
        ("one", THERE, "Dockerfile.ci"),
        ("two", THERE, None),
    ]
    assert had.remarks == ()


def test_a_workflow_that_calls_itself_ends():
    had = found(**{FLOW: {"jobs": {"x": {"uses": f"./{FLOW}"}}}})
    assert "is not read" in str(had.remarks[0])


@pytest.mark.parametrize(
    ("tree", "said"),
    [
        (
            {"jobs": {"x": {"uses": "tw/shared/.github/workflows/image.yml@v1"}}},
            "tw/shared/.github/workflows/image.yml@v1",
        ),
        ({"jobs": {"x": {"uses": "./.github/workflows/absent.yml"}}}, "absent.yml is not read"),
        (job({"uses": "./actions/absent"}), "./actions/absent is not there to be read"),
        (job({"uses": "redhat-actions/buildah-build@v2"}), "redhat-actions/buildah-build is not carried over"),
        (job({"shell": "pwsh", "run": "docker push a"}), "a script in pwsh is not read"),
        (job({"uses": "docker/bake-action@v5"}), "name each image in ecr-publish.yaml"),
        (
            {
                "jobs": {
                    "x": {"steps": [{"uses": LOGIN[0]["uses"], "with": {"aws-access-key-id": "${{ secrets.ID }}"}}]}
                }
            },
            "keys are not carried over",
        ),
        (
            job({"uses": LOGIN[0]["uses"], "with": {"role-to-assume": "${{ secrets.ROLE }}"}}),
            "which role is assumed cannot be told",
        ),
        (
            job(build(tags="${{ steps.ecr.outputs.registry }}/web:1"), **{"if": "github.ref == 'refs/heads/main'"}),
            "if: github.ref == 'refs/heads/main'",
        ),
        (job(build(context="${{ inputs.dir }}", tags="${{ steps.ecr.outputs.registry }}/web:1")), "which directory"),
        (
            job(
                build(
                    tags="${{ github.ref_name == 'main' && format('{0}/web:1', steps.ecr.outputs.registry) || '' }}\n"
                    "${{ steps.ecr.outputs.registry }}/web:2"
                )
            ),
            "cannot be told from the file",
        ),
    ],
)
def test_what_is_not_read_is_said(tree: object, said: str):
    assert any(said in each.text for each in found(**{FLOW: tree}).remarks)


@pytest.mark.parametrize("action", ["actions/checkout@v4", "docker/setup-buildx-action@v3", "docker/login-action@v3"])
def test_actions_that_build_nothing_are_not_spoken_of(action: str):
    assert found(**{FLOW: job({"uses": action})}) == Found()


def test_what_is_built_without_a_push_is_an_image_once_a_later_step_pushes_it():
    tags = "${{ steps.ecr.outputs.registry }}/web:1"
    alone = {"uses": "docker/build-push-action@v6", "with": {"load": True, "context": "web", "tags": tags}}
    assert found(**{FLOW: job(alone)}).images == ()
    (image,) = found(**{FLOW: job(alone, {"run": f"docker push {tags}"})}).images
    assert (image.repository, image.recipe, image.tags) == ("web", Recipe("web"), ("type=raw,value=1",))


def test_what_is_pushed_by_its_digest_has_the_tags_of_the_job_that_joins_the_platforms():
    name = "${{ steps.ecr.outputs.registry }}/web"
    meta = {"id": "meta", "uses": "docker/metadata-action@v5", "with": {"images": name, "tags": "type=sha"}}
    join = {"run": "docker buildx imagetools create -t x y"}
    tree = job(build(outputs=f"type=image,name={name},push-by-digest=true,push=true"))
    tree["jobs"]["join"] = {"steps": [*LOGIN, meta, join]}  # type: ignore[index]
    had = found(**{FLOW: tree})
    assert [(each.repository, each.tags) for each in had.images] == [("web", ("type=sha",))]
    assert any("joining platforms" in each.text for each in had.remarks)


def test_a_matrix_of_mappings_names_its_values():
    tags = "${{ steps.ecr.outputs.registry }}/${{ matrix.app.name }}:1"
    matrix = {"app": [{"name": "one", "dir": "a"}, {"name": "two", "dir": "b"}]}
    had = found(**{FLOW: job(build(context="${{ matrix.app.dir }}", tags=tags), strategy={"matrix": matrix})})
    assert [(each.repository, each.recipe.context) for each in had.images] == [("one", "a"), ("two", "b")]


def test_outputs_of_a_job_are_known_to_the_next():
    first = {
        "outputs": {"tag": "${{ steps.v.outputs.tag }}"},
        "steps": [{"id": "v", "run": "echo tag=1 >> $GITHUB_OUTPUT"}],
    }
    second = {"steps": [*LOGIN, build(tags="${{ steps.ecr.outputs.registry }}/web:${{ needs.first.outputs.tag }}")]}
    had = found(**{FLOW: {"jobs": {"first": first, "second": second}}})
    assert [each.tags for each in had.images] == [("type=raw,value=1",)]


def test_the_directory_that_all_steps_run_in():
    run = {
        "env": {"HOST": "${{ steps.ecr.outputs.registry }}"},
        "run": "docker build -t $HOST/web:1 .\ndocker push $HOST/web:1",
    }
    had = found(**{FLOW: {"defaults": {"run": {"working-directory": "backend"}}, **job(run)}})
    assert [each.recipe.context for each in had.images] == ["backend"]


def test_gitlab_s_matrix_and_its_after_script():
    script = ["cd x", "docker build -t 111111111111.dkr.ecr.us-east-2.amazonaws.com/$APP:1 $APP"]
    after = ["docker push 111111111111.dkr.ecr.us-east-2.amazonaws.com/$APP:1"]
    tree = {"j": {"parallel": {"matrix": [{"APP": ["one", "two"]}]}, "script": script, "after_script": after}}
    had = found(**{".gitlab-ci.yml": tree})
    assert [(each.repository, each.recipe.context) for each in had.images] == [("one", "x/one"), ("two", "x/two")]


def test_tags_that_stand_beside_those_of_a_metadata_step_are_kept():
    meta = {
        "id": "meta",
        "uses": "docker/metadata-action@v5",
        "with": {"images": "${{ steps.ecr.outputs.registry }}/web"},
    }
    tags = "${{ steps.meta.outputs.tags }}\n${{ steps.ecr.outputs.registry }}/web:extra"
    (image,) = found(**{FLOW: job(meta, build(tags=tags))}).images
    usual = ("type=schedule", "type=ref,event=branch", "type=ref,event=tag", "type=ref,event=pr")
    assert image.tags == (*usual, "type=raw,value=extra")


def test_gitlab_s_local_includes_are_read_and_keep_their_places():
    script = ["docker build -t $HOST/$APP:1 $APP", "docker push $HOST/$APP:1"]
    shared = {"variables": {"HOST": "111111111111.dkr.ecr.us-east-2.amazonaws.com"}, ".image": {"script": script}}
    tree = {"include": [{"local": "/.gitlab/shared.yml"}], "web": {"extends": ".image", "variables": {"APP": "web"}}}
    had = found(**{".gitlab-ci.yml": tree, ".gitlab/shared.yml": shared})
    assert [(each.repository, each.place.file) for each in had.images] == [("web", ".gitlab/shared.yml")]
    assert had.remarks == ()
    assert [each.file for each in had.read] == [".gitlab-ci.yml", ".gitlab/shared.yml"]


def test_a_job_that_extends_what_is_included_from_elsewhere_is_spoken_of():
    tree = {"include": [{"project": "tw/ci", "file": "image.yml"}], "web": {"extends": ".image"}}
    assert "what is included is not read" in found(**{".gitlab-ci.yml": tree}).remarks[0].text
