#!/usr/bin/env bash
# The registry clients that people use, beside those of this Debian: bash .ci/clients.sh DIRECTORY
# Puts them in DIRECTORY/bin: packages of the next Debian unpacked aside (nothing of the system changes), Go programs, and
# terraform's configuration if this machine has terraform and its aws provider. Run twice, it fetches nothing the second
# time. Prints the name of each client that could not be had, and fails unless terraform alone is absent.
set -uo pipefail

directory=$(mkdir -p "$1" && cd "$1" && pwd)
mkdir -p "$directory"/{bin,debs,newer,plugins,lists/partial}
CRANE=github.com/google/go-containerregistry/cmd/crane@v0.22.1
REGCTL=github.com/regclient/regclient/cmd/regctl@v0.11.7
NEWER=trixie
PACKAGES='docker.io docker-cli docker-buildx containerd oras cosign docker-registry'

# The mirror that this machine's own packages come from, for the next release.
newer_sources() {
  local codename uri
  codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
  uri=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' | sed -n "s/^$codename //p" | head -n 1)
  [ -n "$uri" ] || { echo "no source of $codename among apt's"; return 1; }
  printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n' "$uri" "$NEWER" \
    /usr/share/keyrings/debian-archive-keyring.gpg >"$directory/newer.sources"
  options=(-o "Dir::Etc::SourceList=$directory/newer.sources" -o 'Dir::Etc::SourceParts=-'
    -o "Dir::State::Lists=$directory/lists" -o 'APT::Sandbox::User=root')
}

# Each package on its own: the libraries stay those of this release, and runc too, which needs them.
newer_packages() {
  local missing=() package
  for package in $PACKAGES; do
    [ -d "$directory/newer/$package" ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  newer_sources && apt-get "${options[@]}" update || return 1
  for package in "${missing[@]}"; do
    (cd "$directory/debs" && apt-get "${options[@]}" download "$package") &&
      dpkg -x "$directory"/debs/"$package"_*.deb "$directory/unpacking" &&
      mv "$directory/unpacking" "$directory/newer/$package" && rm "$directory"/debs/"$package"_*.deb
  done
}

# link NAME PATH: under its name in bin, if it is there
link() {
  [ -x "$directory/newer/$2" ] && ln -sfn "$directory/newer/$2" "$directory/$1"
}

links() {
  link bin/dockerd-26 docker.io/usr/sbin/dockerd
  link bin/docker-26 docker-cli/usr/bin/docker
  link bin/containerd-17 containerd/usr/bin/containerd
  link plugins/docker-buildx docker-buildx/usr/libexec/docker/cli-plugins/docker-buildx
  link bin/docker-buildx docker-buildx/usr/libexec/docker/cli-plugins/docker-buildx
  local name
  for name in oras cosign docker-registry; do
    link "bin/$name" "$name/usr/bin/$name"
  done
}

go_programs() {
  local program name
  for program in "$CRANE" "$REGCTL"; do
    name=${program%@*}
    [ -x "$directory/bin/${name##*/}" ] || GOBIN=$directory/bin GOFLAGS=-buildvcs=false go install "$program"
  done
}

# A provider that lies on this machine, in the layout that terraform calls unpacked:
# HOST/NAMESPACE/TYPE/VERSION/OS_ARCH/terraform-provider-TYPE...
terraform_mirror() {
  local provider
  provider=$(find /opt /usr/local/share/terraform /usr/share/terraform "${HOME:-/root}/.terraform.d" -xdev \
    -path '*/hashicorp/aws/5.*/linux_*/terraform-provider-aws_v5*' 2>/dev/null | sort --version-sort | tail -n 1)
  [ -n "$provider" ] || return 1
  printf 'provider_installation {\n  filesystem_mirror {\n    path = "%s"\n  }\n}\ndisable_checkpoint = true\n' \
    "$(cd "$(dirname "$provider")/../../../../.." && pwd)" >"$directory/terraform.rc"
}

{ newer_packages; links; go_programs; } >"$directory/log" 2>&1

failed=0
for name in dockerd-26 docker-26 containerd-17 oras cosign docker-registry crane regctl; do
  "$directory/bin/$name" --help >/dev/null 2>&1 || { echo "absent: $name"; failed=1; }
done
"$directory/plugins/docker-buildx" version >/dev/null 2>&1 || { echo 'absent: docker-buildx'; failed=1; }
for name in docker skopeo buildah aws docker-credential-ecr-login; do
  command -v "$name" >/dev/null || { echo "absent: $name"; failed=1; }
done
command -v terraform >/dev/null && terraform_mirror ||
  echo 'absent: terraform with its aws provider 5 (its column of docs/clients.md is not compared)'
[ $failed = 0 ] || { tail -n 20 "$directory/log"; exit 1; }
