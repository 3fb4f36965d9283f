"""A reconcile with nothing to repair: how much is asked, how long it takes, and that nothing is written.

So many people are on the phone, each in a room with an agent, and all webhooks were heard.
Then `telephonyctl reconcile` compares their calls with what the stub of LiveKit shows, and
nobody else is at work.

    make bench-reconcile
    make bench-reconcile BENCH_RECONCILE_FLAGS="--calls 5000 --rounds 3"
"""
import argparse
import json
import pathlib
import resource
import statistics
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "healing"))

import home  # noqa: E402

AT_ONCE = 50
PATIENCE = 300
SETTINGS = {"TELEPHONY_RECONCILE_INTERVAL": "never", "TELEPHONY_LOG_LEVEL": "warn"}


def on_the_phone(rig, calls):
    """That many calls, each with its agent; so many at a time as people phone in."""
    for first in range(0, calls, AT_ONCE):
        count = min(AT_ONCE, calls - first)
        rig.livekit.calls(count, caller=f"+1555{first:05}{{n}}", room=f"call-{first}-{{n}}")
        rig.livekit.wait("agents", at_least=first + count, timeout=PATIENCE)
    rig.livekit.wait("webhooks", outcome="pending", exactly=0, timeout=PATIENCE)
    # Who came this lately is not missed yet, and what is asked about him may differ.
    time.sleep(home.FRESH)
    rig.front.stop()


def reconcile(rig):
    """What it said, what the stub saw, and what it took."""
    before = len(rig.livekit.requests())
    commit = rig.transaction()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    said = rig.ctl_json("reconcile")
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"said": said, "asked": len(rig.livekit.requests()) - before, "wall": wall,
            "cpu": after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime,
            "commits": rig.transaction() - commit}


def check(result, calls):
    said = result["said"]
    if not said["complete"] or said["repairs"] or said["calls"] != calls or said["rooms"] != calls:
        raise SystemExit(f"there was something to repair: {json.dumps(said)[:2000]}")
    if said["requests"] != result["asked"]:
        raise SystemExit(f"it counted {said['requests']} requests, LiveKit {result['asked']}")


def tell(results, calls):
    asked = {result["asked"] for result in results}
    commits = sum(result["commits"] for result in results)
    wall, cpu = (statistics.median(result[name] for result in results) for name in ("wall", "cpu"))
    print(f"\n| A reconcile over {calls} rooms, nothing to repair | | goal | met |\n|---|---|---|---|")
    for what, value, goal, met in (
            ("requests", ", ".join(map(str, sorted(asked))), f"≤ {calls + 1}", max(asked) <= calls + 1),
            ("commits to the store, all rounds together", commits, "0", commits == 0),
            ("time, beside a stub in Python", f"{wall:.2f} s", "", True),
            ("processor time", f"{cpu:.2f} s", "", True)):
        print(f"| {what} | {value} | {goal} | {'yes' if met else '**no**'} |")
    return max(asked) <= calls + 1 and commits == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    home.rigs.require()
    with home.Home(settings=SETTINGS, stub={"empty_timeout": 3600}) as rig:
        on_the_phone(rig, options.calls)
        results = []
        for number in range(options.rounds):
            results.append(reconcile(rig))
            check(results[-1], options.calls)
            print(f"  round {number + 1}: {results[-1]['asked']} requests, {results[-1]['wall']:.2f} s, "
                  f"{results[-1]['cpu']:.2f} s of processor time, {results[-1]['commits']} commits", flush=True)
    return 0 if tell(results, options.calls) else 1


if __name__ == "__main__":
    sys.exit(main())
