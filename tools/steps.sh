# SPDX-License-Identifier: Apache-2.0
# For other scripts to source: steps that run one after another, all of them even when one fails, and a
# table of how each ended and how long it took. With STEPS_FILE set the rows are also appended to that file, so
# that a script that runs other scripts can show the steps of all.
step_rows=()
failed_steps=()

step() { # name command...: runs it and says how it ended; returns 1 when it failed
  local name=$1 start=$SECONDS outcome=passed
  shift
  echo "=== $name"
  "$@" || outcome=FAILED
  local row
  row=$(printf '%-28s %-7s %5d s' "$name" "$outcome" $((SECONDS - start)))
  echo "=== $row"
  step_rows+=("$row")
  [ -z "${STEPS_FILE:-}" ] || echo "$row" >>"$STEPS_FILE"
  [ "$outcome" = passed ] || { failed_steps+=("$name"); return 1; }
}

finish_steps() { # prints the table; returns 1 when a step failed
  echo
  printf '%s\n' "${step_rows[@]}"
  [ ${#failed_steps[@]} -eq 0 ] || printf 'failed: %s\n' "${failed_steps[@]}"
  echo "$((${#step_rows[@]} - ${#failed_steps[@]})) passed, ${#failed_steps[@]} failed"
  [ ${#failed_steps[@]} -eq 0 ]
}
