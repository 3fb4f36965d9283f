"""Everything goes wrong a little, and one driver alone has to mend it: FastCGI, work, work --once, plain CGI."""
import pathlib
import sys
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / name) for name in ("crash", "servers")]

import fronts  # noqa: E402
import home  # noqa: E402
from home import BACKOFF, INTERVAL, LOST, REPLACE, ROUND  # noqa: E402

import cases  # noqa: E402

CALLERS = 20
#: found by the reconciler; then a dispatch lost, twice; an agent gone, unheard
BOUND = INTERVAL + ROUND + 2 * (LOST + BACKOFF) + REPLACE


@cases.tests_of
class Driver(cases.Cases):
    kind = home.Home
    at_once = 5

    def trouble(self, rig):
        rig.livekit.webhook_faults(drop=0.3, seed=5)
        rig.livekit.workers(lose=0.2, seed=5)
        rig.phone_in(CALLERS, talk_time=14)
        rig.livekit.schedule((9, "agent", {"action": "kill", "after": 0.5}),
                             (10, "workers", {"lose": 0.0}),
                             (11, "down", {"for": 2}))
        text = rig.judge(BOUND, heard=False, timeout=60)
        self.assertEqual(rig.livekit.state(brief=True)["failed_steps"], [])
        return f"{text}; {rig.livekit.state()['dispatch_count']} dispatches"

    def case_fcgi(self, rig):
        return self.trouble(rig)

    def case_work(self, rig):
        return self.trouble(rig)

    def case_work_once(self, rig):
        return self.trouble(rig)

    def case_plain_cgi(self, rig):
        """A process lingers after its answer; whatever comes later needs another request."""
        return self.trouble(rig)

    case_work.rig = {"driver": "work"}
    case_work_once.rig = {"driver": "once"}
    case_plain_cgi.rig = {"driver": "cgi"}

    def case_fcgi_and_work_and_cron(self, rig):
        """Any number of them at once."""
        rig.start_worker()
        rig.start_worker()
        return self.trouble(rig)

    case_fcgi_and_work_and_cron.rig = {"driver": "once", "settings": {"TELEPHONY_RUN_JOBS": "true"}}


if fronts.ApacheCgi.missing():
    del Driver.case_plain_cgi, Driver.test_plain_cgi

if __name__ == "__main__":
    unittest.main(verbosity=2)
