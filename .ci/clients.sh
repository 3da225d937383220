#!/usr/bin/env bash
# The registry clients that people use, beside those of this Debian: bash .ci/clients.sh DIRECTORY
# Puts them in DIRECTORY/bin: newer Debian packages unpacked aside (nothing of the system changes), and Go programs.
# Run twice, it does nothing the second time. Prints the name of each that could not be had.
set -uo pipefail

directory=$(mkdir -p "$1" && cd "$1" && pwd)
mkdir -p "$directory"/{bin,debs,newer,lists/partial}
CRANE=github.com/google/go-containerregistry/cmd/crane@v0.22.1
REGCTL=github.com/regclient/regclient/cmd/regctl@v0.11.7
NEWER='docker.io docker-cli docker-buildx containerd runc cosign oras docker-registry'

# The same mirrors that this machine's own packages come from, for the next release.
newer_sources() {
  sed -n '/^URIs:/p' /etc/apt/sources.list.d/debian.sources | head -n 1 >"$directory/uri"
  {
    echo 'Types: deb'
    cat "$directory/uri"
    printf 'Suites: trixie\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n'
  } >"$directory/newer.sources"
  options=(-o "Dir::Etc::SourceList=$directory/newer.sources" -o 'Dir::Etc::SourceParts=-'
    -o "Dir::State::Lists=$directory/lists" -o 'APT::Architecture=amd64' -o 'APT::Sandbox::User=root')
}

# Each package on its own: the daemon's libraries stay those of this release.
newer_packages() {
  newer_sources
  apt-get "${options[@]}" update || return 1
  local package
  for package in $NEWER; do
    [ -d "$directory/newer/$package" ] && continue
    (cd "$directory/debs" && apt-get "${options[@]}" download "$package") &&
      dpkg -x "$directory"/debs/"$package"_*.deb "$directory/newer/$package" || echo "absent: $package"
  done
  ln -sf "$directory/newer/docker.io/usr/sbin/dockerd" "$directory/bin/dockerd-26"
  ln -sf "$directory/newer/docker-cli/usr/bin/docker" "$directory/bin/docker-26"
  local name
  for name in oras cosign docker-registry; do
    ln -sf "$directory/newer/$name/usr/bin/$name" "$directory/bin/$name"
  done
  mkdir -p "$directory/plugins"
  ln -sf "$directory"/newer/docker-buildx/usr/libexec/docker/cli-plugins/docker-buildx "$directory/plugins/docker-buildx"
}

go_programs() {
  local program
  for program in "$CRANE" "$REGCTL"; do
    local name=${program%@*}
    [ -x "$directory/bin/${name##*/}" ] || GOBIN=$directory/bin GOFLAGS=-buildvcs=false go install "$program"
  done
}

{ newer_packages && go_programs; } >"$directory/log" 2>&1 || tail -n 20 "$directory/log"
for name in crane regctl oras cosign docker-26 dockerd-26; do
  "$directory/bin/$name" --help >/dev/null 2>&1 || echo "absent: $name"
done
