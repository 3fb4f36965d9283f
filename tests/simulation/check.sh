#!/bin/sh
# New worlds every day; the seed is printed.
exec "$top_builddir/tests/simulation/simulate" --calls 20000 --seed date
