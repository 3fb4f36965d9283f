#!/usr/bin/env python3
"""Run the built fuzz drivers for a while each, and say what came of it.

What a run adds to a corpus stays in the build tree, as does an input that
failed; the source tree is only read. Exit status: 0, or 1 with findings.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

HERE = pathlib.Path(__file__).resolve().parent
ROW = "{:14}{:>13}{:>10}{:>9}{:>9}{:>10}"


def targets():
    text = (HERE / "targets.h").read_text()
    return re.findall(r"^TARGET\((\w+), (\d+), (\w+)\)", text, re.M)


def command(args, name, longest, dictionary):
    """The driver with its corpora: the first one grows."""
    work = args.build / "corpus" / name
    found = args.build / "findings" / name
    work.mkdir(parents=True, exist_ok=True)
    found.mkdir(parents=True, exist_ok=True)
    flags = [f"-max_total_time={args.seconds}", f"-max_len={longest}",
             "-timeout=10", "-rss_limit_mb=1024", "-print_final_stats=1",
             f"-artifact_prefix={found}/"]
    if dictionary != "none":
        flags.append(f"-dict={HERE / 'dict' / dictionary}.dict")
    return [args.build / f"fuzz_{name}", *flags, work, HERE / "corpus" / name]


def number(pattern, text):
    found = re.findall(pattern, text)
    return int(found[-1]) if found else 0


def run(args, target):
    name = target[0]
    log = args.build / f"{name}.log"
    # What one input freed need not be kept through a thousand more.
    sanitizer = os.environ.get("ASAN_OPTIONS", "quarantine_size_mb=8")
    with log.open("w") as out:
        # The engine stops by itself; the margin is for a driver that hangs.
        try:
            code = subprocess.run(command(args, *target), stdout=out, stderr=out,
                                  env={**os.environ, "ASAN_OPTIONS": sanitizer},
                                  timeout=args.seconds + 120, check=False).returncode
        except subprocess.TimeoutExpired:
            code = "hangs"
    text = log.read_text(errors="replace")
    inputs = sorted(path for path in (args.build / "findings" / name).iterdir())
    return {
        "name": name, "log": log, "inputs": inputs, "failed": code != 0,
        "executions": number(r"number_of_executed_units: (\d+)", text),
        "rate": number(r"average_exec_per_sec: +(\d+)", text),
        "edges": number(r"cov: (\d+)", text),
        "corpus": len(list((args.build / "corpus" / name).iterdir())),
    }


def show(result):
    findings = max(len(result["inputs"]), int(result["failed"]))
    print(ROW.format(result["name"], result["executions"], result["rate"], result["edges"],
                     result["corpus"], findings), flush=True)


def report(results):
    bad = [r for r in results if r["failed"] or r["inputs"]]
    total = sum(r["executions"] for r in results)
    print(f"fuzzed {len(results)} targets, {total} executions, {len(bad)} with findings")
    for r in bad:
        print(f"\n{r['name']}: see {r['log']}; to repeat: {r['log'].parent}/fuzz_{r['name']} FILE")
        for path in r["inputs"]:
            print(f"  {path}")
    return 1 if bad else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--jobs", type=int, default=1, help="targets at a time")
    parser.add_argument("only", nargs="*", help="these targets alone")
    args = parser.parse_args()
    args.build = args.build.resolve()
    chosen = [t for t in targets() if not args.only or t[0] in args.only]
    if not chosen:
        parser.error("there is no such target")
    print(ROW.format("target", "executions", "exec/s", "edges", "corpus", "findings"), flush=True)
    results = []
    with ThreadPoolExecutor(args.jobs) as pool:
        for result in pool.map(lambda t: run(args, t), chosen):
            show(result)
            results.append(result)
    return report(results)


if __name__ == "__main__":
    sys.exit(main())
