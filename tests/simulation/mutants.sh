#!/bin/sh
# Can the simulation fail? Each patch in mutants/ plants one bug into a copy of
# the sources; the simulator is linked with it and has CALLS calls to catch it.
# Some bugs need so rare a coincidence that not every run meets it: the next of
# SEEDS has its CALLS calls then, and which one caught it is said.
#
# mutants.sh [NAME]...: those whose file name starts with NAME; without, all.
# Environment (make mutants sets it): CC, CPPFLAGS, CFLAGS, OBJECTS, LIBS,
# srcdir; SEEDS (default "1 2 3 4 5") and CALLS (default 20000).
set -eu
: "${SEEDS:=1 2 3 4 5}" "${CALLS:=20000}" "${LDFLAGS:=}"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

# mutate PATCH: a simulator with that bug in it, as $work/simulate.
mutate() {
	rm -rf "$work/tree" && mkdir "$work/tree"
	cp -R "$srcdir/src" "$work/tree/src"
	patch -s -p1 -d "$work/tree" < "$1" || return 1
	sources=$(sed -n "s|^+++ b/|$work/tree/|p" "$1")
	# Before the libraries: their own version of these files is not looked at.
	# shellcheck disable=SC2086
	$CC $CPPFLAGS "-I$work/tree/src" $CFLAGS -w $sources $OBJECTS $LDFLAGS $LIBS \
		-o "$work/simulate"
}

# hunt: what was found, and by which run; nothing = it got away.
hunt() {
	for seed in $SEEDS; do
		# One that hangs is caught, too.
		timeout 100 "$work/simulate" --calls "$CALLS" --seed "$seed" --explain 0 --first \
			> "$work/out" && continue
		found=$(grep -m1 '^seed .*: ' "$work/out") || found="it crashed or hung"
		after=$(sed -n 's/^simulated \([0-9]*\) calls.*/ after \1 calls/p' "$work/out")
		echo "run $seed$after: $found"
		return
	done
}

caught=0 of=0
for patch in "$srcdir"/tests/simulation/mutants/*.patch; do
	name=$(basename "$patch" .patch)
	wanted=$([ $# -eq 0 ] && echo yes || echo no)
	for prefix in "$@"; do
		case $name in "$prefix"*) wanted=yes ;; esac
	done
	[ "$wanted" = yes ] || continue
	of=$((of + 1))
	if ! mutate "$patch"; then
		echo "$name: does not apply"
		continue
	fi
	found=$(hunt)
	if [ -n "$found" ]; then
		caught=$((caught + 1))
		echo "$name: caught, $found"
	else
		echo "$name: NOT CAUGHT"
	fi
done
echo "caught $caught of $of"
[ "$caught" -eq "$of" ]
