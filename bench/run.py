"""Measures telephony.fcgi and prints what came out as a table.

Ratios only, each of two things that were measured in turn in the same run on the
same machine: see docs/BENCHMARKS.md for what is measured and why.

    make bench
    make bench BENCH_FLAGS="--rounds 6 --requests 40000"
"""
import argparse
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "servers"))
sys.path.insert(0, str(ROOT / "tests"))

import fronts  # noqa: E402
import prepare  # noqa: E402

KEY, SECRET = "benchkey", "benchsecretbenchsecretbenchsecret"
#: no job is run, so nobody is ever asked there
SETTINGS = {"LIVEKIT_URL": "http://127.0.0.1:9", "LIVEKIT_API_KEY": KEY, "LIVEKIT_API_SECRET": SECRET,
            "TELEPHONY_RUN_JOBS": "false", "TELEPHONY_LOG_LEVEL": "warn"}
MIB = 1024


class Loader:
    """Sends prepared requests to a front; every event it ever sends is a new one."""

    def __init__(self, program, connections, directory):
        self._program = program
        self._connections = connections
        self._file = pathlib.Path(directory) / "requests"
        self._sent = 0
        self.body_bytes = 0

    def send(self, front, kind, count):
        self.body_bytes = prepare.write(self._file, kind, self._sent, count, KEY, SECRET)
        self._sent += count
        done = subprocess.run([self._program, str(front.port), str(self._connections), self._file],
                              stdout=subprocess.PIPE, check=False)
        if done.returncode != 0:
            raise SystemExit(f"{front.name}: the load stopped\n{front.log()[-3000:]}")
        return json.loads(done.stdout)


def cpu_seconds(pids):
    """Processor time that processes have used so far, in user and system mode."""
    ticks = 0
    for pid in pids:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def measure_round(loader, front, kind, count):
    """What the load saw, and the processor time that the program took for one request."""
    pids = front.fastcgi_pids()
    before = cpu_seconds(pids)
    result = loader.send(front, kind, count)
    return result | {"cpu": (cpu_seconds(pids) - before) / count * 1e6}


def alternate(loader, kind, count, rounds, measured):
    """Rounds of each in turn; {name: [result, …]}. The first round of each warms up and is left out."""
    results = {name: [] for name in measured}
    for number in range(rounds + 1):
        for name, front in measured.items():
            result = measure_round(loader, front, kind, count)
            print(f"  {kind:5s} round {number} {name:16s} {result['perSecond']:9.0f}/s  p50 {result['p50']:6.2f} ms"
                  f"  p99 {result['p99']:6.2f} ms  {result['cpu']:5.0f} µs of processor time"
                  + ("  (warming up)" if number == 0 else ""), flush=True)
            if number > 0:
                results[name].append(result)
    return results


def middle(results, key="perSecond"):
    return statistics.median(result[key] for result in results)


def smaps(pid):
    """What a process has in memory, in KiB."""
    lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    return {line.split(":")[0]: int(line.split()[1]) for line in lines}


def idle_memory(program):
    """The largest process of a front that has answered one request and is idle."""
    with fronts.Lighttpd(program, config=SETTINGS) as front:
        urllib.request.urlopen(f"{front.url}/telephony/readyz").read()
        return max((smaps(pid) for pid in front.fastcgi_pids()), key=lambda maps: maps["Pss"])


def time_of(argv, env, body=b""):
    """Seconds from the start of a process to its end."""
    start = time.perf_counter()
    done = subprocess.run(argv, input=body, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, check=False)
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        raise SystemExit(f"{argv[0]} failed: {done.stderr.decode(errors='replace')}")
    return seconds, done.stdout


def cgi_environment(config, method, target, **more):
    return {"GATEWAY_INTERFACE": "CGI/1.1", "SERVER_PROTOCOL": "HTTP/1.1", "REQUEST_METHOD": method,
            "REQUEST_URI": target, "TELEPHONY_CONFIG": str(config), **more}


def cgi_times(program, runs, directory):
    """Medians of curl --version, a GET and a webhook by plain CGI, measured in turn."""
    curl = shutil.which("curl")
    if curl is None:
        return None
    store = pathlib.Path(directory) / "store"
    store.mkdir(mode=0o700)
    config = pathlib.Path(directory) / "telephony.conf"
    settings = SETTINGS | {"TELEPHONY_STORE": f"lmdb:{store}"}
    config.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
    config.chmod(0o600)
    signer = prepare.Signer(KEY, SECRET, int(time.time()))
    times = {"curl": [], "get": [], "webhook": []}
    for number in range(runs + 5):
        text = prepare.body("other", number, int(time.time()))
        webhook = cgi_environment(config, "POST", prepare.WEBHOOK, CONTENT_TYPE="application/webhook+json",
                                  CONTENT_LENGTH=str(len(text)), HTTP_AUTHORIZATION=signer.token(text).decode())
        took = {
            "curl": time_of([curl, "--version"], {}),
            "get": time_of([program], cgi_environment(config, "GET", "/telephony/healthz")),
            "webhook": time_of([program], webhook, text),
        }
        for name, (seconds, output) in took.items():
            if name != "curl" and b"Status: 200" not in output:
                raise SystemExit(f"plain CGI answered {output[:300]!r}")
            if number >= 5:
                times[name].append(seconds)
    return {name: statistics.median(values) for name, values in times.items()}


def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="ascii")
                  if line.startswith("model name")), platform.machine())
    return f"{os.cpu_count()} × {model}, Linux {platform.release()}"


def sync_time(directory):
    """The median time of making a page durable, in microseconds: what a commit waits for."""
    took = []
    with open(pathlib.Path(directory) / "sync", "wb") as file:
        for _ in range(200):
            file.write(bytes(4096))
            file.flush()
            start = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append(time.perf_counter() - start)
    return statistics.median(took) * 1e6


def row(what, one, other, ratio, goal, met):
    return f"| {what} | {one} | {other} | {ratio} | {goal} | {'yes' if met else '**no**'} |"


def rate_row(what, results, one, other, goal):
    # Of rounds that followed each other: whatever else the machine did then, it did to both.
    ratio = statistics.median(a["perSecond"] / b["perSecond"] for a, b in zip(results[one], results[other]))
    texts = [f"{middle(results[name]):.0f}/s, p50 {middle(results[name], 'p50'):.1f} ms, "
             f"p99 {middle(results[name], 'p99'):.1f} ms, {middle(results[name], 'cpu'):.0f} µs CPU"
             for name in (one, other)]
    return row(what, *texts, f"{ratio:.2f} ×", f"≥ {goal} ×", ratio >= goal)


def measure(options, directory):
    loader = Loader(options.load, options.connections, directory)
    rows = []
    memory = idle_memory(options.program)
    threads = {"TELEPHONY_THREADS": "64"}
    with (fronts.Lighttpd(options.null) as null,
          fronts.Lighttpd(options.program, config=SETTINGS) as ours):
        results = alternate(loader, "other", options.requests, options.rounds,
                            {"telephony.fcgi": ours, "null-responder": null})
        rows.append(rate_row("events not about telephony, against null-responder", results,
                             "telephony.fcgi", "null-responder", 0.85))
    with (fronts.Lighttpd(options.program, config=SETTINGS | threads | {"TELEPHONY_GROUP_COMMIT": "on"}) as on,
          fronts.Lighttpd(options.program, config=SETTINGS | threads | {"TELEPHONY_GROUP_COMMIT": "off"}) as off):
        results = alternate(loader, "calls", options.calls, options.rounds,
                            {"group commit on": on, "group commit off": off})
        rows.append(rate_row("durable calls, group commit on against off", results,
                             "group commit on", "group commit off", 3))
    rows.append(row("idle FastCGI process", f"{memory['Pss'] / MIB:.1f} MiB PSS",
                    f"{memory['Rss'] / MIB:.1f} MiB RSS", "", "≤ 4 MiB PSS", memory["Pss"] <= 4 * MIB))
    cgi = cgi_times(options.program, options.runs, directory)
    for name, what in (("get", "GET healthz"), ("webhook", "a webhook")) if cgi else ():
        ratio = cgi[name] / cgi["curl"]
        rows.append(row(f"plain CGI, {what}, against `curl --version`", f"{cgi[name] * 1000:.1f} ms",
                        f"{cgi['curl'] * 1000:.1f} ms", f"{ratio:.2f} ×", "≤ 2 ×", ratio <= 2))
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    build = pathlib.Path.cwd()
    parser.add_argument("--program", default=build / "fcgi" / "telephony.fcgi")
    parser.add_argument("--null", default=build / "bench" / "null-responder")
    parser.add_argument("--load", default=build / "bench" / "load")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=9, help="counted ones; each side has one more to warm up")
    parser.add_argument("--requests", type=int, default=20000, help="events not about telephony a round")
    parser.add_argument("--calls", type=int, default=4000, help="events about calls a round")
    parser.add_argument("--runs", type=int, default=200, help="of plain CGI")
    options = parser.parse_args()
    missing = fronts.Lighttpd.missing()
    if missing:
        raise SystemExit(f"the benchmark needs lighttpd: {missing}")
    with tempfile.TemporaryDirectory(prefix="tel-bench-") as directory:
        print(f"{machine()}; a page is durable after {sync_time(directory):.0f} µs", flush=True)
        rows = measure(options, directory)
    print("\n| What | | against | ratio | goal | met |\n|---|---|---|---|---|---|")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
