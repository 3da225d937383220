# What the machine must have: packages, clients, interpreters, a Docker daemon.

packages='amazon-ecr-credential-helper buildah ca-certificates docker.io iproute2 iptables skopeo busybox-static git python3-venv'
docker_pid=
newcomer_user=

prepare_machine() {
  local missing=() package
  for package in $packages; do
    dpkg-query --show --showformat '${Status}\n' "$package" 2>/dev/null | grep -q '^install ok' || missing+=("$package")
  done
  if [ ${#missing[@]} -gt 0 ]; then
    echo "installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update && apt-get install --yes --no-install-recommends "${missing[@]}"; } >"$work/apt.log" 2>&1 ||
      { tail -n 20 "$work/apt.log"; return 1; }
  fi
  # The daemon and its command line are two packages on newer Debians.
  command -v docker >/dev/null || apt-get install --yes --no-install-recommends docker-cli >>"$work/apt.log" 2>&1
  /usr/bin/python3 -m venv "$work/tox" && "$work/tox/bin/pip" install --quiet tox &&
    /usr/bin/python3 -m venv "$work/awscli" && "$work/awscli/bin/pip" install --quiet awscli || return 1
  # Only the client itself goes on the path: its environment holds a python of its own.
  ln -s "$work/awscli/bin/aws" "$work/bin/aws"
  for client in docker docker-credential-ecr-login skopeo aws git ip busybox go; do
    command -v "$client" >/dev/null || { echo "absent: $client"; return 1; }
  done
  export ECR_PUBLISH_CONFORMANCE=$work/conformance
  build_conformance >"$work/conformance.log" 2>&1 || { tail -n 20 "$work/conformance.log"; return 1; }
}

# All other clients, kept from one run to the next.
prepare_clients() {
  export ECR_PUBLISH_CLIENTS=${ECR_PUBLISH_CLIENTS:-${XDG_CACHE_HOME:-$HOME/.cache}/ecr-publish-clients}
  bash .ci/clients.sh "$ECR_PUBLISH_CLIENTS"
}

# The OCI conformance suite, in the version that its test names.
build_conformance() {
  local suite
  suite=$(sed -n 's/^SUITE = "\(.*\)"$/\1/p' "$root/tests/e2e/test_conformance.py")
  mkdir -p "$ECR_PUBLISH_CONFORMANCE" && GOBIN=$ECR_PUBLISH_CONFORMANCE GOFLAGS=-buildvcs=false go install "$suite"
}

# The tox environments whose interpreter is here, and by name those whose interpreter is not (the latter on stderr).
# That of /usr/bin/python3 is left out: the README's command runs the same tests on it.
interpreters() {
  local version
  for version in 3.11 3.12 3.13; do
    if [ "Python $version" = "$(/usr/bin/python3 --version | cut -d. -f1-2)" ]; then
      echo "python$version: its tests are those of the README's command" >&2
    elif command -v "python$version" >/dev/null && "python$version" -c '' 2>/dev/null; then
      echo "py${version/./}"
    else
      echo "absent: python$version (its tests are not run here)" >&2
    fi
  done
}

# pyenv keeps interpreters where PATH does not look.
find_interpreters() {
  local bin
  for bin in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[123].*/bin; do
    [ -d "$bin" ] && PATH=$PATH:$bin
  done
  # ... and shims of versions that are not chosen come before the real ones and only fail
  PATH=$(tr ':' '\n' <<<"$PATH" | grep -v '/\.pyenv/shims$' | paste -sd:)
  export PATH=$work/bin:$PATH
}
find_interpreters

start_docker() {
  docker info >/dev/null 2>&1 && { echo 'a Docker daemon runs already'; return; }
  setsid dockerd >"$work/dockerd.log" 2>&1 &
  docker_pid=$!
  for _ in $(seq 60); do
    docker info >/dev/null 2>&1 && { echo "dockerd runs as process $docker_pid"; return; }
    sleep 1
  done
  tail -n 20 "$work/dockerd.log"
  return 1
}

stop_docker() {
  [ -n "$docker_pid" ] && kill "$docker_pid" 2>/dev/null && wait "$docker_pid"
}

# newcomer COMMANDS: in a fresh clone and an empty virtual environment, as an ordinary user, with no Docker and no
# variable but those that pip needs here. A process that is no root already stays who it is.
newcomer() {
  local home=$work/newcomer run=()
  mkdir "$home" && git clone --quiet "file://$root" "$home/clone" && /usr/bin/python3 -m venv "$home/venv" || return 1
  if [ "$(id -u)" = 0 ]; then
    newcomer_user=newcomer-$$
    useradd --no-create-home --home-dir "$home" "$newcomer_user" && chown -R "$newcomer_user" "$home" || return 1
    run=(setpriv --reuid "$newcomer_user" --regid "$newcomer_user" --init-groups)
  fi
  local pip=()
  mapfile -t pip < <(env | grep -E '^(PIP_|SSL_CERT_|REQUESTS_CA_)')
  "${run[@]}" env -i HOME="$home" PATH="$home/venv/bin:/usr/local/bin:/usr/bin:/bin" LANG=C.UTF-8 "${pip[@]}" \
    DOCKER_HOST=unix:///nonexistent/docker.sock ECR_PUBLISH_TAG_CASES="$ECR_PUBLISH_TAG_CASES" \
    PYTEST_ADDOPTS="--junit-xml=$work/junit/readme.xml" bash -euo pipefail -c "cd '$home/clone'; $1"
}

remove_newcomer() {
  [ -z "$newcomer_user" ] || userdel "$newcomer_user"
}
