# shellcheck shell=bash
# Renders what the command left for each of TARGETS. It is sourced by the step, and never fails the job: what it could not
# publish is a warning, since the run folder is in the artifact and the gate comes later.
set -euo pipefail

arguments=()
case $COMMAND in audit | apply | diff) arguments+=(--command="$COMMAND") ;; esac
if [ -n "$RUN_DIR" ]; then arguments+=("$RUN_DIR"); else arguments+=(--failed="$EXIT_CODE"); fi
# What the comparison was held against is in neither run folder.
if [ -n "$RUN_DIR" ] && [ "$COMMAND" = diff ]; then arguments+=(--exit-code="$EXIT_CODE"); fi
if [ -n "$RUN_DIR" ] && [ -n "$SHORTER_WINDOW" ]; then arguments+=(--shorter-window="$SHORTER_WINDOW"); fi
if [ -n "$RUN_DIR" ] && [ -n "$BASELINE_DIR" ]; then arguments+=(--baseline="$BASELINE_DIR"); fi
if [ -n "$RUN_DIR" ] && [ "$COMMAND" = apply ] && [ "$APPLY_FOLLOWS" = true ]; then arguments+=(--apply-follows); fi
for target in $TARGETS; do arguments+=(--to="$target"); done
if [ -n "$ARTIFACT_NAME" ]; then arguments+=(--artifact-name="$ARTIFACT_NAME"); fi
if [ -n "$ARTIFACT_URL" ]; then arguments+=(--artifact-url="$ARTIFACT_URL"); fi
if [ -n "$APPLY_WORKFLOW" ]; then arguments+=(--apply-workflow="$APPLY_WORKFLOW"); fi
if [ -n "${COMMENT_KEY:-}" ]; then arguments+=(--comment-key="$COMMENT_KEY"); fi
if [ -n "${PR_NUMBER:-}" ]; then arguments+=(--pr-number="$PR_NUMBER"); fi
"$BINARY" zendesk drift report "${arguments[@]}" || echo "::warning title=g-gremlin::the report could not be published"
