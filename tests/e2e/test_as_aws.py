"""Under AWS's own host names: what people copy from AWS's pages runs as it is, with only the account id filled in."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.e2e.programs import Shell

ACCOUNT = "123456789012"
REGISTRY = f"{ACCOUNT}.dkr.ecr.us-east-2.amazonaws.com"

# A daemon that is to push to these names must see them: it is started inside. It shares the machine's network, so it
# has a bridge of its own: with `--bridge=none` dockerd deletes docker0, which is the machine's own daemon's.
DAEMON = """
set -euo pipefail
export DOCKER_HOST=unix://$PWD/docker.sock
bridge=ecr$$
ip link add $bridge type bridge
trap 'ip link delete $bridge' EXIT
ip address add 10.254.$(( $$ % 256 )).1/24 dev $bridge
ip link set $bridge up
dockerd --host $DOCKER_HOST --data-root $PWD/data --exec-root $PWD/exec --pidfile $PWD/pid \
  --iptables=false --bridge $bridge --ip-forward=false >$PWD/dockerd.log 2>&1 &
daemon=$!
trap 'kill $daemon; wait $daemon || true; ip link delete $bridge' EXIT
for _ in $(seq 100); do docker version >/dev/null 2>&1 && break; sleep 0.3; done
docker version >/dev/null || { tail $PWD/dockerd.log; exit 1; }
"""
IMAGE = """
mkdir app
cp /bin/busybox app/
printf 'FROM scratch\\nCOPY busybox /bin/busybox\\nENTRYPOINT ["/bin/busybox", "echo", "hello"]\\n' >app/Dockerfile
DOCKER_BUILDKIT=0 docker build --quiet --tag twtechwebapp:latest app
"""
WALK = f"""
aws ecr create-repository --repository-name twtechwebapp-repo --region us-east-2
aws ecr get-login-password --region us-east-2 | \
  docker login --username AWS --password-stdin {REGISTRY}
docker tag twtechwebapp:latest {REGISTRY}/twtechwebapp-repo:latest
docker push {REGISTRY}/twtechwebapp-repo:latest
docker image rm {REGISTRY}/twtechwebapp-repo:latest
docker pull {REGISTRY}/twtechwebapp-repo:latest
docker run --rm --network none {REGISTRY}/twtechwebapp-repo:latest
aws ecr describe-repositories --region us-east-2
aws ecr list-images --repository-name twtechwebapp-repo --region us-east-2
aws ecr batch-delete-image --repository-name twtechwebapp-repo --image-ids imageTag=latest --region us-east-2
aws ecr list-images --repository-name twtechwebapp-repo --region us-east-2 --query 'length(imageIds)'
"""


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def as_aws(shell: Shell, script: str, *options: str) -> str:
    """What a script says that runs where AWS's names lead to the embedded ECR."""
    done = shell.publish(
        "local", "--as-aws", "--account", ACCOUNT, *options, "--", "bash", "-euo", "pipefail", "-c", script
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_walk_through_of_aws_s_own_pages_runs_with_only_the_account_id_filled_in(shell):
    said = as_aws(shell, DAEMON + IMAGE + WALK)
    assert "Login Succeeded" in said
    assert f'"repositoryUri": "{REGISTRY}/twtechwebapp-repo"' in said
    assert "\nhello\n" in said
    assert said.rstrip().endswith("0")


def test_the_credential_helper_signs_in_by_itself(shell):
    config = shell.home / "docker"
    config.mkdir()
    (config / "config.json").write_text(f'{{"credHelpers": {{"{REGISTRY}": "ecr-login"}}}}')
    said = as_aws(
        shell,
        DAEMON
        + IMAGE
        + f"""
aws ecr create-repository --repository-name web
docker tag twtechwebapp:latest {REGISTRY}/web:1
docker push {REGISTRY}/web:1
aws ecr describe-images --repository-name web --query 'imageDetails[].imageTags[]' --output text
""",
    )
    assert said.rstrip().endswith("1")


def test_another_account_s_registry_in_another_region_has_its_own_name(shell):
    other = "222222222222.dkr.ecr.eu-west-1.amazonaws.com"
    said = as_aws(
        shell,
        f"""
export AWS_ACCESS_KEY_ID=222222222222 AWS_DEFAULT_REGION=eu-west-1
aws ecr create-repository --repository-name team/web >/dev/null
aws ecr get-login-password | skopeo login --username AWS --password-stdin {other}
aws ecr get-authorization-token --query 'authorizationData[0].proxyEndpoint' --output text
aws sts get-caller-identity --query Account --output text
""",
        "--accounts",
        "222222222222",
    )
    assert f"https://{other}" in said
    assert said.rstrip().endswith("222222222222")


def test_ecr_public_has_its_names_and_anybody_pulls_from_it(shell):
    (shell.home / "ecr-publish.yaml").write_text(
        "environments: { out: { registry: public, alias: twtech } }\n"
        "images: { web: { repository: web, tags: ['type=raw,value=one'], build: { files: [{ from: s, to: / }] } } }\n"
    )
    (shell.home / "s").mkdir()
    (shell.home / "s" / "motd").write_text("hello")
    said = as_aws(
        shell,
        """
aws ecr-public create-repository --repository-name web --region us-east-1 >/dev/null
aws ecr-public get-login-password --region us-east-1 | \
  skopeo login --username AWS --password-stdin --authfile $PWD/auth public.ecr.aws
ecr-publish run
aws ecr-public describe-image-tags --repository-name web --region us-east-1 \
  --query 'imageTagDetails[].imageTag' --output text
skopeo copy docker://public.ecr.aws/twtech/web:one oci:$PWD/pulled
test -s $PWD/pulled/index.json && echo pulled
""",
        "--alias",
        "twtech",
    )
    assert "Login Succeeded" in said
    assert "one" in said
    assert said.rstrip().endswith("pulled")


def test_the_tool_itself_publishes_there_with_no_endpoint_told(shell):
    (shell.home / "ecr-publish.yaml").write_text(
        f"""\
environments:
  dev: {{ account: "{ACCOUNT}", region: us-east-2, create: if-missing }}
images:
  web:
    repository: team/web
    tags: [{{TAG}}]
    build: {{ files: [{{ from: system, to: / }}] }}
""".replace("{TAG}", '"type=raw,value=one"')
    )
    (shell.home / "system").mkdir()
    (shell.home / "system" / "motd").write_text("hello")
    said = as_aws(
        shell,
        "ecr-publish run && aws ecr list-images --repository-name team/web --output text",
    )
    assert "one" in said


def test_a_daemon_inside_leaves_the_machine_s_networks_as_they_are(shell):
    def links() -> set[str]:
        return {name for _, name in socket.if_nameindex()}

    before = links()
    as_aws(shell, DAEMON)
    assert before == links() >= {"docker0"}


def test_the_machine_s_own_names_stay_as_they_are(shell):
    before = Path("/etc/hosts").read_text()
    as_aws(shell, "grep -q ecr /etc/hosts")
    assert Path("/etc/hosts").read_text() == before


def test_the_command_s_exit_code_is_ours(shell):
    done = shell.publish("local", "--as-aws", "--", "bash", "-c", "exit 7")
    assert done.returncode == 7
    done = shell.publish("local", "--as-aws")
    assert done.returncode == 2
    assert "there is no command to run" in done.stderr
