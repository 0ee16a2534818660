#!/bin/bash
# Runs every fuzz test of the tree for a counted number of inputs, all of them
# together for at most five minutes. Seeds alone run with the ordinary tests.
set -euo pipefail
cd "$(dirname "$0")/.."

inputs=${FUZZ_INPUTS-5000}
limit=300

tests=$(grep -rohE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' internal cmd | wc -l)
echo "$tests fuzz tests, $inputs inputs each"
grep -roE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' internal cmd | sort |
	while IFS=: read -r file name; do
		name=${name#func } left=$((limit - SECONDS))
		if [ "$left" -le 0 ]; then
			echo "debrief: fuzzing reached its $limit s before $name"
			break
		fi
		echo "-- $name in $(dirname "$file")"
		status=0
		timeout --foreground "$left" "${GO-go}" test -run '^$' -fuzz "^$name\$" \
			-fuzztime "${inputs}x" "./$(dirname "$file")" </dev/null || status=$?
		if [ "$status" = 124 ]; then
			echo "debrief: fuzzing reached its $limit s in $name; nothing was found"
		elif [ "$status" != 0 ]; then
			exit "$status"
		fi
	done
