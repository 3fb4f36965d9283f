"""The store's disk is full, or fails: nothing that was acknowledged is lost, calls that
are there can end, and the service goes on by itself when there is room again.

A small file system of its own needs root and unshare(1); without them that part is left
out, and a small map stands in for it.
"""
import collections
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from program import TOP, Place, caller_joined  # noqa: E402

CTL = os.environ.get("TELEPHONYCTL", str(TOP / "ctl" / "telephonyctl"))
BROKEN_DISK = TOP / "tests" / "torture" / "broken_disk.so"
#: Set in the process that has a mount namespace of its own.
IN_NAMESPACE = "TORTURE_NAMESPACE"


def joined(i):
    return caller_joined(f"room-{i}", f"SCL_{i}", f"PA_{i}")


def left(i):
    body = json.loads(joined(i))
    body["event"], body["id"] = "participant_left", f"EV_left_{i}"
    body["participant"]["disconnectReason"] = "CLIENT_INITIATED"
    return json.dumps(body).encode()


def is_sanitized():
    return b"__asan_init" in pathlib.Path(CTL).read_bytes()


class Filled(unittest.TestCase):
    def setUp(self):
        self.place = Place(TELEPHONY_RUN_JOBS="false", TELEPHONY_LOG_LEVEL="error",
                           **self.settings())
        self.addCleanup(self.place.close)

    @staticmethod
    def settings():
        return {}

    def start(self, **more):
        program = self.place.fastcgi(**more)
        program.await_start()
        return program

    def statuses(self, program, bodies):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            return collections.Counter(pool.map(lambda b: program.webhook(b).status, bodies))

    def fill(self, program, most=20000):
        """Calls until one is refused; their numbers, and the refusal."""
        made = []
        for i in range(most):
            answer = program.webhook(joined(i))
            if answer.status != 200:
                return made, answer
            made.append(i)
        return self.fail("it does not get full")

    def refused_well(self, answer):
        self.assertEqual(503, answer.status)
        self.assertEqual("store full", json.loads(answer.body)["detail"])
        self.assertIn("Retry-After", answer.headers)

    def check(self, calls):
        """Every acknowledged call is there, and whole."""
        done = subprocess.run([CTL, "store", "check"], env=self.place.environment(), timeout=60,
                              capture_output=True, text=True, check=False)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        self.assertIn(f"{calls} calls", done.stdout)

    def live(self):
        done = subprocess.run([CTL, "store", "stats", "--json"], env=self.place.environment(),
                              timeout=60, capture_output=True, text=True, check=True)
        return json.loads(done.stdout)["liveCalls"]

    def say(self, text):
        print(f"    {text}", file=sys.stderr)


@unittest.skipUnless(os.environ.get(IN_NAMESPACE), "needs root and unshare(1)")
class FullDisk(Filled):
    def mount(self, options):
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", str(self.place.store)],
                       check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", str(self.place.store)], check=False)

    def setUp(self):
        super().setUp()
        self.mount("size=12m,mode=0700")

    def test_it_fills_up_by_itself(self):
        program = self.start()
        made, refusal = self.fill(program)
        self.refused_well(refusal)
        self.assertEqual({200: len(made)}, self.statuses(program, [left(i) for i in made]))
        self.assertEqual(0, self.live())
        self.check(len(made))
        self.say(f"full after {len(made)} calls, all of them ended all the same")
        subprocess.run(["mount", "-o", "remount,size=24m", str(self.place.store)], check=True)
        self.assertEqual(200, program.webhook(joined(len(made))).status)

    def stuff(self):
        """Somebody else takes every byte."""
        filler = self.place.store / "filler"
        with open(filler, "wb", buffering=0) as out:
            try:
                while out.write(b"x" * 4096) == 4096:
                    pass
            except OSError:
                pass
        return filler

    def test_somebody_else_fills_it(self):
        program = self.start()
        for i in range(100):
            self.assertEqual(200, program.webhook(joined(i)).status)
        filler = self.stuff()
        made, refusal = self.fill(program)
        self.refused_well(refusal)
        calls = max(100, len(made))
        ended = [left(i) for i in range(calls)]
        self.assertEqual({200: calls}, self.statuses(program, ended))
        many = 0
        while many < 2000 and self.one_more_event(program, many).status == 200:
            many += 1
        self.check(calls)
        filler.unlink()
        self.assertEqual(200, self.one_more_event(program, many).status)
        self.assertEqual(200, program.webhook(joined("again")).status)
        self.assertIsNone(program.process.poll(), "it needed no restart")
        self.check(calls + 1)
        self.say(f"with no byte left: {calls} endings and {many} more events written")

    @staticmethod
    def one_more_event(program, i):
        """Something new about a call that is there."""
        body = json.loads(left(0))
        body["id"] = f"EV_more_{i}"
        body["participant"]["sid"] = f"PA_more_{i % 8}"
        return program.webhook(json.dumps(body).encode())

    def test_a_new_process_on_a_full_disk(self):
        program = self.start()
        for i in range(100):
            self.assertEqual(200, program.webhook(joined(i)).status)
        program.stop()
        filler = self.stuff()
        program = self.start()
        self.assertEqual({200: 100}, self.statuses(program, [left(i) for i in range(100)]))
        filler.unlink()
        self.assertEqual(200, program.webhook(joined("again")).status)
        self.check(101)

    def test_no_room_for_a_store_at_all(self):
        filler = self.stuff()
        program = self.place.fastcgi()
        self.assertEqual(1, program.process.wait(10))
        self.assertIn("TELEPHONY_STORE", program.stderr())
        filler.unlink()
        self.assertEqual(200, self.start().webhook(joined(0)).status)


class FullMap(Filled):
    @staticmethod
    def settings():
        return {"TELEPHONY_STORE_SIZE": "16M"}

    def test_fastcgi(self):
        """More calls at a time than the reserve of so small a map has room to end."""
        program = self.start()
        made, refusal = self.fill(program)
        self.refused_well(refusal)
        ends = [left(i) for i in made]
        ended = self.statuses(program, ends)
        self.assertGreater(ended[200], 1000)
        self.assertEqual(len(made), ended[200] + ended[503], "200 or 503, nothing else")
        self.assertEqual(ended[503], self.live())
        self.check(len(made))
        self.say(f"{len(made)} calls fill 16 MiB; {ended[200]} ended within the reserve")
        program.stop()
        # A larger map, and LiveKit repeats what was refused.
        program = self.start(TELEPHONY_STORE_SIZE="64M")
        self.assertEqual({200: len(made)}, self.statuses(program, ends))
        self.assertEqual(0, self.live())
        self.assertEqual(200, program.webhook(joined(len(made))).status)
        self.check(len(made) + 1)

    def test_cgi(self):
        from program import WEBHOOK, signed  # noqa: PLC0415

        program = self.start()
        made, _ = self.fill(program)
        program.stop()
        body = joined("more")
        self.refused_well(self.place.cgi("POST", WEBHOOK, body, signed(body)).answer)
        body = left(made[0])
        self.assertEqual(200, self.place.cgi("POST", WEBHOOK, body, signed(body)).answer.status)
        self.assertEqual(len(made) - 1, self.live())


@unittest.skipIf(is_sanitized(), "nothing can be preloaded before a sanitizer")
class BrokenDisk(Filled):
    def test_the_process_ends_and_the_next_one_goes_on(self):
        trigger = self.place.dir / "trigger"
        program = self.start(LD_PRELOAD=str(BROKEN_DISK), TORTURE_TRIGGER=str(trigger))
        self.assertEqual(200, program.webhook(joined(0)).status)
        trigger.touch()
        self.assertEqual(503, program.webhook(joined(1)).status)
        trigger.unlink()
        # Whatever comes first: LMDB refuses to go on, and the process ends.
        try:
            self.assertEqual(503, program.webhook(joined(1)).status)
        except OSError:
            pass
        self.assertEqual(1, program.process.wait(10), program.stderr())
        self.assertIn("store_broken", [line["event"] for line in program.log()])
        program = self.start()
        self.assertEqual(200, program.webhook(joined(1)).status)
        self.check(2)


def main():
    if os.geteuid() == 0 and not os.environ.get(IN_NAMESPACE):
        probe = subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"],
                               capture_output=True, check=False) if _has("unshare") else None
        if probe and probe.returncode == 0:
            os.environ[IN_NAMESPACE] = "1"
            os.execvp("unshare", ["unshare", "-m", sys.executable, "-B", *sys.argv])
    unittest.main()


def _has(tool):
    return any((pathlib.Path(d) / tool).exists() for d in os.environ["PATH"].split(os.pathsep))


if __name__ == "__main__":
    main()
