"""Every allocation of a whole process fails: telephony.fcgi as CGI takes a delivery, from
main() on, with all that json-c, OpenSSL and LMDB allocate on the way. Then LiveKit repeats
it, and the call is there once.
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

import fcgi_client  # noqa: E402
from program import PROGRAM, TOP, WEBHOOK, Place, caller_joined, signed  # noqa: E402

FAILING = TOP / "tests" / "torture" / "failing_process.so"
CTL = os.environ.get("TELEPHONYCTL", str(TOP / "ctl" / "telephonyctl"))
LONG = bool(os.environ.get("TORTURE"))
WE_CRASHED, LIBRARY_CRASHED = 99, 98


@unittest.skipIf(b"__asan_init" in pathlib.Path(PROGRAM).read_bytes(),
                 "nothing can be preloaded before a sanitizer")
class Process(unittest.TestCase):
    def setUp(self):
        self.place = Place(TELEPHONY_RUN_JOBS="false", TELEPHONY_LOG_LEVEL="error")
        self.addCleanup(self.place.close)
        self.tally = collections.Counter()

    def deliver(self, body, **more):
        """(how it ended, status of the answer or None, stderr)"""
        variables = fcgi_client.variables("POST", WEBHOOK, body, signed(body))
        done = subprocess.run([PROGRAM], input=body, capture_output=True, timeout=60, check=False,
                              env=self.place.environment(**{**variables, **more}))
        answer = fcgi_client.parse_cgi(done.stdout) if done.stdout else None
        return done.returncode, answer, done.stderr.decode(errors="replace")

    def fail(self, at, **more):
        body = caller_joined(f"room-{at}{len(more)}", f"SCL_{at}{len(more)}", f"PA_{at}{len(more)}")
        status, answer, stderr = self.deliver(body, LD_PRELOAD=str(FAILING),
                                              TORTURE_MALLOC=str(at), **more)
        self.assertNotEqual(WE_CRASHED, status, f"allocation {at}: {stderr}")
        self.assertGreaterEqual(status, 0, f"allocation {at}: {stderr}")
        # No answer at all is a 500 of the web server.
        code = answer.status if answer else 500
        self.assertIn(code, (200, 500, 503), f"allocation {at}, LiveKit would not repeat it: "
                      f"{answer} {stderr}")
        self.tally["library crashes" if status == LIBRARY_CRASHED else code] += 1
        _, again, stderr = self.deliver(body)
        self.assertEqual(200, again.status, stderr)
        if code == 200:
            self.assertEqual("duplicate", json.loads(again.body)["effect"])

    def test_every_allocation(self):
        count = self.place.dir / "count"
        status, answer, stderr = self.deliver(caller_joined(), LD_PRELOAD=str(FAILING),
                                              TORTURE_COUNT=str(count))
        self.assertEqual((0, 200), (status, answer and answer.status), stderr)
        n = int(count.read_text())
        every = range(1, n + 1, 1 if LONG else max(1, n // 40))
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(self.fail, every))
            list(pool.map(lambda at: self.fail(at, TORTURE_FROM_THERE="1"), every))
        done = subprocess.run([CTL, "store", "check"], env=self.place.environment(), timeout=60,
                              capture_output=True, text=True, check=False)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        self.assertIn(f"{1 + 2 * len(every)} calls", done.stdout)
        print(f"    {2 * len(every)} failed allocations of {n} in processes, twice: "
              f"{dict(self.tally)}", file=sys.stderr)


if __name__ == "__main__":
    unittest.main()
