# shellcheck shell=bash
# Runs one command with the action's inputs, which come as variables (see action.yml). It is sourced by the step.
#
# It never fails: the exit code becomes an output, everything is published, and the action's last step ends with it.
set -euo pipefail

upload=$WORK/upload
from_run=$WORK/from-run
mkdir -p "$upload"
code=0

# Tells an input that cannot be used, and ends the step; never an outside text, which could hold a workflow command.
invalid() { # EXIT_CODE TEXT
  echo "::error title=g-gremlin::$2"
  finish "$1"
}

finish() { # EXIT_CODE
  echo "exit-code=$1" >>"$GITHUB_OUTPUT"
  exit 0
}

# Runs g-gremlin and sets `code`. A cancelled job's signal comes to this shell alone: it is passed on, so that an apply can
# finish the action it is at and write its receipt.
gremlin() {
  "$BINARY" zendesk drift "$@" &
  local child=$! caught
  trap 'caught=yes; kill -TERM "$child" 2>/dev/null || true' INT TERM
  while :; do
    caught=''
    code=0
    wait "$child" || code=$?
    if [ -z "$caught" ]; then break; fi
  done
  trap - INT TERM
}

# Adds an option when its input is given.
option() { # NAME VALUE
  if [ -n "$2" ]; then arguments+=("$1=$2"); fi
}

# What the word from-run stands for: the only match in the downloaded artifact.
only() { # WHAT MATCH...
  if [ $# -ne 2 ] || [ ! -e "$2" ]; then
    invalid 2 "the artifact of the audit run does not hold one $1"
  fi
  chosen=$2
}

# Ends the step where the command lacks an input, before the program speaks of options that nobody has typed.
needs() { # INPUT VALUE
  if [ -z "$2" ]; then invalid 2 "the command $COMMAND needs the input $1"; fi
}

needs_a_run() { # INPUT
  # The step that looks for the run has not run.
  if [ -z "$FOUND" ]; then invalid 2 "the input $1 is from-run, so the command $COMMAND needs the input from-run"; fi
  if [ "$FOUND" != true ]; then
    invalid 3 "no audit run with an artifact was found for the input $1; run the audit workflow once, with save-snapshot"
  fi
}

thresholds() {
  local line
  while IFS= read -r line || [ -n "$line" ]; do
    line=${line//[[:space:]]/}
    if [ -n "$line" ]; then arguments+=("--threshold=$line"); fi
  done <<<"$THRESHOLDS"
}

choose_snapshot() {
  if [ "$SNAPSHOT" = from-run ]; then
    needs_a_run snapshot
    only snapshot "$from_run"/snapshots/*
    SNAPSHOT=$chosen
  fi
}

audit() {
  arguments=(audit --out="$upload" --github-output="$GITHUB_OUTPUT")
  option --config "$CONFIG"
  option --sf-accounts "$SF_ACCOUNTS"
  choose_snapshot
  option --snapshot "$SNAPSHOT"
  if [ "$BASELINE" = from-run ]; then
    # The first audit has nothing to be compared with.
    if [ -z "$FOUND" ]; then needs_a_run baseline; fi
    BASELINE=
    if [ "$FOUND" = true ]; then
      only "run folder" "$from_run"/*_audit
      BASELINE=$chosen
    fi
  fi
  option --baseline "$BASELINE"
  option --suppressions-from "$SUPPRESSIONS_FROM"
  thresholds
  if [ "$SAVE_SNAPSHOT" = true ] && [ -z "$SNAPSHOT" ]; then arguments+=(--save-snapshot="$WORK/snapshot"); fi
  gremlin "${arguments[@]}"

  local run=("$upload"/*_audit)
  if [ -d "$WORK/snapshot" ] && [ -d "${run[0]}" ]; then
    mkdir -p "$upload/snapshots"
    mv "$WORK/snapshot" "$upload/snapshots/$(basename "${run[0]}")"
  fi
  if [ -n "$BASELINE" ]; then echo "baseline-dir=$BASELINE" >>"$GITHUB_OUTPUT"; fi
}

apply() {
  needs plan "$PLAN"
  if [ "$PLAN" = from-run ]; then
    needs_a_run plan
    only fix_plan.json "$from_run"/*_audit/fix_plan.json
    PLAN=$chosen
  fi
  arguments=(apply --plan="$PLAN" --out="$upload" --github-output="$GITHUB_OUTPUT")
  option --config "$CONFIG"
  option --confirm-plan-hash "$PLAN_HASH"
  option --max-actions "$MAX_ACTIONS"
  option --max-per-account "$MAX_PER_ACCOUNT"
  case $APPLY in
    true)
      if [ "$REQUIRE_APPROVAL" != false ] && [ "$APPROVAL" != 0 ]; then
        invalid 4 "refused; the plan has no approval, and nothing was written to Zendesk"
      fi
      arguments+=(--apply)
      ;;
    false) ;;
    *) invalid 2 "the input apply is true or false" ;;
  esac
  gremlin "${arguments[@]}"
}

# Both configurations are audited on one snapshot; a run that breaches thresholds is as good as another. The limit of new issues is
# that of the configuration before the change, which cannot raise its own.
diff() {
  needs base-config "$BASE_CONFIG"
  needs snapshot "$SNAPSHOT"
  choose_snapshot

  echo "::group::Before the change"
  arguments=(audit --config="$BASE_CONFIG" --snapshot="$SNAPSHOT" --out="$upload/before")
  option --sf-accounts "$SF_ACCOUNTS"
  gremlin "${arguments[@]}"
  echo "::endgroup::"
  if [ "$code" -gt 1 ]; then return; fi
  local before=("$upload"/before/*_audit)

  echo "::group::After the change"
  arguments=(audit --snapshot="$SNAPSHOT" --out="$upload" --baseline="${before[0]}" --suppressions-from="$BASE_CONFIG")
  arguments+=(--github-output="$GITHUB_OUTPUT")
  option --config "$CONFIG"
  option --sf-accounts "$SF_ACCOUNTS"
  gremlin "${arguments[@]}"
  if [ "$code" = 2 ]; then
    # A window longer than the snapshot's is no fault of the change. If that is all, the window of the other side helps.
    local days
    days=$(sed -n 's/^ *"lookback_days": \([0-9]*\),*$/\1/p' "${before[0]}/summary.json" | head -n 1)
    gremlin "${arguments[@]}" --lookback-days="$days"
    if [ "$code" -lt 2 ]; then
      echo "::notice title=g-gremlin::the change looks further back than the snapshot, so both sides were audited with the tickets of $days days"
      echo "shorter-window=$days" >>"$GITHUB_OUTPUT"
    fi
  fi
  echo "::endgroup::"
  if [ "$code" -gt 1 ]; then return; fi
  local after=("$upload"/*_audit)

  echo "baseline-dir=${before[0]}" >>"$GITHUB_OUTPUT"
  arguments=(diff --base="${before[0]}" --head="${after[0]}" --config="$BASE_CONFIG")
  # Its outputs come last and count: the audits judged other thresholds, of states that were there before.
  arguments+=(--github-output="$GITHUB_OUTPUT")
  thresholds
  gremlin "${arguments[@]}"
}

case $COMMAND in
  audit) audit ;;
  apply) apply ;;
  diff) diff ;;
  doctor)
    arguments=(doctor)
    option --config "$CONFIG"
    option --sf-accounts "$SF_ACCOUNTS"
    gremlin "${arguments[@]}"
    ;;
  *) invalid 2 "the input command is audit, apply, diff or doctor" ;;
esac
finish "$code"
