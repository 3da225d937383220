# Steps with a name, a duration and a result; a failing one does not hide the others.

summary=()
failures=0

# step NAME COMMAND...: run it, say how it went later, go on either way
step() {
  local name=$1 began=$SECONDS result=ok
  shift
  printf '\n==> %s\n' "$name"
  "$@" || { result=FAILED; failures=$((failures + 1)); }
  summary+=("$(printf '%-10s %-6s %4d s' "$name" "$result" $((SECONDS - began)))")
}

# finish: the table, the sum of all tests, and the exit code
finish() {
  printf '\n==> summary\n'
  printf '%s\n' "${summary[@]}" "$(printf '%-10s %-6s %4d s' total '' "$SECONDS")"
  /usr/bin/python3 .ci/tests.py "$work/junit" || failures=$((failures + 1))
  exit $((failures > 0))
}
