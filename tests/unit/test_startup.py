"""What telephony.fcgi says when it can't start: who is at fault, and where."""
import json
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import fcgi_client  # noqa: E402
import program  # noqa: E402
from program import PROGRAM, SECRET, Place  # noqa: E402

#: name: (settings, what must be named)
BAD_SETTINGS = {
    "no secret": ({"LIVEKIT_API_SECRET": None}, ["LIVEKIT_API_SECRET"]),
    "no key": ({"LIVEKIT_API_KEY": None}, ["LIVEKIT_API_KEY"]),
    "no URL": ({"LIVEKIT_URL": None}, ["LIVEKIT_URL"]),
    "everything at once": ({"LIVEKIT_URL": None, "LIVEKIT_API_SECRET": None, "TELEPHONY_THREADS": "0"},
                           ["LIVEKIT_URL", "LIVEKIT_API_SECRET", "TELEPHONY_THREADS"]),
    "no number": ({"TELEPHONY_THREADS": "many"}, ["TELEPHONY_THREADS", "many"]),
    "bad URL": ({"LIVEKIT_URL": "ftp://x"}, ["LIVEKIT_URL"]),
    "bad store": ({"TELEPHONY_STORE": "mysql://x"}, ["TELEPHONY_STORE"]),
    "no routes file": ({"TELEPHONY_ROUTES": "/nonexistent/routes.json"}, ["TELEPHONY_ROUTES", "/nonexistent/routes.json"]),
    "no settings file": ({"TELEPHONY_CONFIG": "/nonexistent/telephony.conf"}, ["TELEPHONY_CONFIG", "/nonexistent/telephony.conf"]),
    "no store directory": ({"TELEPHONY_STORE": "lmdb:/nonexistent/deep/store"}, ["TELEPHONY_STORE", "/nonexistent/deep/store"]),
    "store is a file": ({"TELEPHONY_STORE": "lmdb:/etc/passwd"}, ["TELEPHONY_STORE", "/etc/passwd"]),
}


def fastcgi(place, **run):
    """Starts it on a listening socket; it is expected to end by itself."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place.dir / "s"))
        listener.listen(1)
        try:
            return subprocess.run([PROGRAM], stdin=listener, env=place.environment(),
                                  capture_output=True, text=True, timeout=20, check=False, **run)
        finally:
            (place.dir / "s").unlink()


class ByHand(unittest.TestCase):
    def run_it(self, *args, **env):
        return subprocess.run([PROGRAM, *args], env={**Place.kept(), **env}, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=False)

    def test_without_a_web_server(self):
        done = self.run_it()
        self.assertEqual((2, ""), (done.returncode, done.stdout))
        self.assertIn("Usage:", done.stderr)

    def test_help_and_version(self):
        done = self.run_it("--help")
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        self.assertIn("Usage:", done.stdout)
        done = self.run_it("--version")
        self.assertEqual(0, done.returncode)
        self.assertRegex(done.stdout, r"^telephony\.fcgi \d+\.\d+\.\d+\n$")

    def test_unknown_arguments(self):
        self.assertEqual(2, self.run_it("--frobnicate").returncode)
        self.assertEqual(2, self.run_it("--help", "me").returncode)


class Refused(unittest.TestCase):
    def setUp(self):
        self.place = Place()
        self.addCleanup(self.place.close)

    def check_both(self, named, **run):
        """As FastCGI, and as CGI, where the web server gets an answer too."""
        done = fastcgi(self.place, **run)
        self.assertEqual(1, done.returncode, done.stderr)
        for word in named:
            self.assertIn(word, done.stderr)
        self.assertNotIn(SECRET, done.stderr)
        lines = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
        self.assertEqual(["start_failed"], [line["event"] for line in lines])
        for word in named:
            self.assertIn(word, lines[0]["detail"])
        variables = fcgi_client.variables("GET", "/telephony/healthz", b"")
        done = subprocess.run([PROGRAM], env=self.place.environment(**variables), text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=20,
                              check=False, **run)
        answer = fcgi_client.parse_cgi(done.stdout.encode().replace(b"\n", b"\r\n"))
        self.assertEqual((1, 503), (done.returncode, answer.status), done.stderr)
        self.assertEqual("not_started", json.loads(answer.body)["reason"])
        for word in named:
            self.assertIn(word, done.stderr)
            self.assertNotIn(word, done.stdout, "the log is for that")

    def test_settings(self):
        for name, (settings, named) in BAD_SETTINGS.items():
            with self.subTest(name):
                before = dict(self.place.settings)
                self.place.settings.update(settings)
                self.check_both(named)
                self.place.settings = before

    def test_unknown_key_in_the_file(self):
        path = self.place.dir / "telephony.conf"
        path.write_text("TELEPHONY_TREADS=4\n")
        self.place.settings["TELEPHONY_CONFIG"] = str(path)
        self.check_both(["TELEPHONY_TREADS", "TELEPHONY_THREADS", str(path)])

    def test_broken_routes(self):
        path = self.place.dir / "routes.json"
        path.write_text('{"default": ')
        self.place.settings["TELEPHONY_ROUTES"] = str(path)
        self.check_both(["TELEPHONY_ROUTES", str(path)])

    def test_damaged_store(self):
        (self.place.store / "data.mdb").write_bytes(b"this is no database" * 1000)
        self.check_both(["TELEPHONY_STORE", str(self.place.store)])


@unittest.skipUnless(os.geteuid() == 0, "needs root, to be somebody else")
class RefusedToOthers(unittest.TestCase):
    """Root may read and write everything, so it is somebody else who tries."""

    def setUp(self):
        self.place = Place()
        self.addCleanup(self.place.close)
        os.chmod(self.place.dir, 0o777)
        user = pwd.getpwnam("nobody")
        self.nobody = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        # Wherever the tree is, nobody may read it here.
        copy = self.place.dir / "telephony.fcgi"
        shutil.copyfile(PROGRAM, copy)
        copy.chmod(0o755)
        self.program, program.PROGRAM = program.PROGRAM, copy
        globals()["PROGRAM"] = copy
        self.addCleanup(globals().update, {"PROGRAM": self.program})
        self.addCleanup(setattr, program, "PROGRAM", self.program)

    check_both = Refused.check_both

    def test_somebody_elses_store(self):
        self.check_both(["TELEPHONY_STORE", str(self.place.store)], **self.nobody)

    def test_a_store_that_cannot_be_made(self):
        os.chmod(self.place.dir, 0o755)
        self.place.settings["TELEPHONY_STORE"] = f"lmdb:{self.place.dir}/other"
        os.chmod(self.place.dir, 0o777)
        (self.place.dir / "other").mkdir(0o755)
        self.check_both(["TELEPHONY_STORE", f"{self.place.dir}/other"], **self.nobody)

    def test_a_settings_file_of_roots(self):
        path = self.place.dir / "telephony.conf"
        path.touch(0o600)
        self.place.settings["TELEPHONY_CONFIG"] = str(path)
        self.check_both(["TELEPHONY_CONFIG", str(path)], **self.nobody)

    def test_routes_of_roots(self):
        path = self.place.dir / "routes.json"
        path.write_text("{}")
        path.chmod(0o600)
        os.chown(self.place.store, self.nobody["user"], self.nobody["group"])
        self.place.settings["TELEPHONY_ROUTES"] = str(path)
        self.check_both(["TELEPHONY_ROUTES", str(path)], **self.nobody)


if __name__ == "__main__":
    unittest.main()
