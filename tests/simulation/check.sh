#!/bin/sh
# New worlds every day (the seed is printed), and the same small ones.
set -e
simulate="$top_builddir/tests/simulation/simulate"
"$simulate" --calls 20000 --seed date
"$simulate" --explore 9
