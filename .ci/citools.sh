#!/usr/bin/env bash
# What runs other people's CIs on this machine: bash .ci/citools.sh DIRECTORY
# Puts act and actionlint (Go) and gitlab-ci-local (npm) into DIRECTORY/bin, and installs what the last needs (rsync, and
# node where there is none). Run twice, it fetches nothing the second time. Prints the name of what could not be had.
set -uo pipefail

directory=$(mkdir -p "$1/bin" && cd "$1" && pwd)
ACT=github.com/nektos/act@v0.2.87
ACTIONLINT=github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
GITLAB=gitlab-ci-local@4.73.0

packages() {
  local missing=()
  command -v rsync >/dev/null || missing+=(rsync)
  command -v npm >/dev/null || missing+=(nodejs npm)
  [ ${#missing[@]} -eq 0 ] || DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${missing[@]}"
}

go_programs() {
  local program name
  for program in "$ACT" "$ACTIONLINT"; do
    name=$(basename "${program%@*}")
    # under the name of its version, so that a new one is had when it is asked for
    [ -x "$directory/go/${program##*@}/$name" ] ||
      GOBIN=$directory/go/${program##*@} GOFLAGS=-buildvcs=false go install "$program"
    ln -sfn "$directory/go/${program##*@}/$name" "$directory/bin/$name"
  done
}

gitlab_ci_local() {
  local kept=$directory/npm/$GITLAB
  [ -x "$kept/node_modules/.bin/gitlab-ci-local" ] || npm install --silent --no-audit --no-fund --prefix "$kept" "$GITLAB"
  ln -sfn "$kept/node_modules/.bin/gitlab-ci-local" "$directory/bin/gitlab-ci-local"
}

log=$directory/log
{ packages; go_programs; gitlab_ci_local; } >"$log" 2>&1
absent=0
for name in act actionlint gitlab-ci-local; do
  [ -x "$directory/bin/$name" ] || { echo "absent: $name"; absent=1; }
done
command -v rsync >/dev/null || { echo 'absent: rsync'; absent=1; }
[ "$absent" = 0 ] || tail -n 20 "$log"
exit "$absent"
