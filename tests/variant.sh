#!/bin/sh
# A build of its own in ./NAME, from the files of a release, so that it does not
# matter where this one was configured:
#
#   MAKE=make variant.sh NAME [configure's options]
#
# What was built before is used again.
set -e
name=$1
shift

mkdir -p "$name/build"
"$MAKE" -s distdir distdir="$name/source" >/dev/null
cd "$name/build"
if [ ! -f Makefile ] || [ ../source/configure -nt config.status ] ||
	[ ../source/Makefile.in -nt config.status ]; then
	../source/configure -q "$@"
fi
