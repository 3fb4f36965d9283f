"""Every front hands a request over whole, and leaves nothing behind.

The program is bench/null-responder.c, built to tell what it got; so this shows
that the files in apache-conf/ are right, whatever telephony.fcgi does.
"""
import http.client
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
import zlib

import fronts
import processes

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUR_CEILING = 1024 * 1024
#: what the servers must let through, so that the 413 is the program's own
LET_THROUGH = OUR_CEILING + 64 * 1024
THEIR_CEILING = 2 * OUR_CEILING
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJkZXZrZXkifQ.c2lnbmF0dXJl"
WEBHOOK = "/telephony/livekit-webhook"


def setUpModule():
    global ECHO, BUILD
    BUILD = tempfile.TemporaryDirectory(prefix="tel-echo-")
    ECHO = os.path.join(BUILD.name, "echo")
    subprocess.run(
        [os.environ.get("CC", "cc"), "-std=gnu11", "-Wall", "-Wextra", "-Werror",
         "-DNULL_RESPONDER_ECHO", "-o", ECHO, ROOT / "bench" / "null-responder.c",
         "-lfcgi", "-lpthread"], check=True)


def tearDownModule():
    BUILD.cleanup()


class Exchange:
    """One request over one connection."""

    def __init__(self, front, method, target, body=None, headers=None, chunked=False):
        connection = http.client.HTTPConnection("127.0.0.1", front.port, timeout=30)
        try:
            headers = dict(headers or {})
            if chunked:
                headers["Transfer-Encoding"] = "chunked"
                body = iter([body[at:at + 60000] for at in range(0, len(body), 60000)])
            connection.request(method, target, body=body, headers=headers,
                               encode_chunked=chunked)
            response = connection.getresponse()
            self.status = response.status
            self.header = response.getheader
            self.text = response.read()
        finally:
            connection.close()


class OfEveryFront:
    """The tests; one class below for each front."""

    kind = None
    options = {}
    #: REDIRECT_ where the request was rewritten on its way
    authorization_seen = "HTTP_AUTHORIZATION"
    #: does the program surely learn the length of a chunked body
    chunked_has_length = True

    @classmethod
    def setUpClass(cls):
        reason = cls.kind.missing()
        if reason:
            if os.environ.get("TELEPHONY_FRONTS") == "all":
                raise fronts.FrontError(reason)
            raise unittest.SkipTest(reason)
        cls.front = cls.kind(ECHO, **cls.options)
        cls.front.start()
        cls.addClassCleanup(cls.front.stop)

    def ask(self, *args, **kwargs):
        got = Exchange(self.front, *args, **kwargs)
        if got.status >= 500:
            self.fail(f"{got.status} {got.text!r}\n{self.front.log()}")
        return got

    def assert_body(self, got, body):
        self.assertEqual(got.header("X-Body-Bytes"), str(len(body)))
        self.assertEqual(got.header("X-Body-Adler"), str(zlib.adler32(body)))

    def test_a_delivery_arrives_whole(self):
        body = b'{"event":"room_started"}'
        got = self.ask("POST", WEBHOOK, body, {
            "Authorization": TOKEN, "Content-Type": "application/webhook+json"})
        self.assertEqual(got.status, 200)
        self.assertEqual(got.header("X-Method"), "POST")
        self.assertEqual(got.header("X-Request-Uri"), WEBHOOK)
        self.assertEqual(got.header("X-Content-Type"), "application/webhook+json")
        self.assertEqual(got.header("X-Content-Length"), str(len(body)))
        self.assertEqual(got.header("X-Remote-Addr"), "127.0.0.1")
        self.assertEqual(got.header("X-Authorization"), TOKEN)
        self.assertEqual(got.header("X-Authorization-Seen"), self.authorization_seen)
        self.assert_body(got, body)

    def test_authorization_with_a_scheme(self):
        for value in (f"Bearer {TOKEN}", "Basic dXNlcjpwYXNz"):
            got = self.ask("GET", "/telephony/calls", headers={"Authorization": value})
            self.assertEqual(got.header("X-Authorization"), value)

    def test_no_authorization_is_not_an_empty_one(self):
        got = self.ask("GET", "/telephony/calls")
        self.assertEqual(got.header("X-Authorization-Seen"), "none")

    def test_methods(self):
        for method in ("GET", "POST", "PUT", "DELETE", "PATCH"):
            got = self.ask(method, "/telephony/calls/1", b"" if method != "GET" else None)
            self.assertEqual((got.status, got.header("X-Method")), (200, method))

    def test_target_arrives_as_it_was_sent(self):
        for target in ("/telephony/", "/telephony/healthz", "/telephony/no/such/path",
                       "/telephony/calls?roomName=a%20b&cursor=x%2Fy%3D", "/telephony/calls?",
                       "/telephony/calls/%2B15550100", "/telephony/telephony.cgi",
                       "/telephony/.htaccess", "/telephony/index.html"):
            got = self.ask("GET", target)
            self.assertEqual(got.status, 200, target)
            self.assertEqual(got.header("X-Request-Uri"), target)
            # lighttpd leaves an empty QUERY_STRING out.
            self.assertEqual(got.header("X-Query") or "", target.partition("?")[2])

    def test_settings_file_is_named(self):
        got = self.ask("GET", "/telephony/healthz")
        self.assertEqual(got.header("X-Config"), str(self.front.config_path))

    def test_body_somewhat_above_our_ceiling_arrives(self):
        body = os.urandom(LET_THROUGH)
        got = self.ask("POST", WEBHOOK, body, {"Authorization": TOKEN})
        self.assertEqual(got.status, 200)
        self.assert_body(got, body)

    def test_chunked_body_arrives(self):
        for size in (0, 1300, LET_THROUGH):
            body = os.urandom(size)
            got = self.ask("POST", WEBHOOK, body, {"Authorization": TOKEN}, chunked=True)
            self.assertEqual(got.status, 200)
            allowed = [str(size)] if self.chunked_has_length else [str(size), None]
            self.assertIn(got.header("X-Content-Length"), allowed)
            self.assert_body(got, body)

    def test_far_too_much_is_refused_by_the_server(self):
        got = self.ask("POST", WEBHOOK, bytes(THEIR_CEILING + 1))
        self.assertEqual(got.status, 413)

    def test_other_paths_are_not_ours(self):
        for target in ("/", "/telephonyx", "/other/telephony/healthz"):
            got = Exchange(self.front, "GET", target)
            self.assertIsNone(got.header("X-Request-Uri"), target)

    def test_a_killed_process_is_replaced(self):
        if self.front.per_request:
            self.skipTest("a process lives for one request")
        self.ask("GET", "/telephony/healthz")
        before = self.front.fastcgi_pids()
        self.assertTrue(before)
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        self.assertEqual(processes.await_end(before, 10), [])
        got = self.ask_until_answered("/telephony/healthz")
        self.assertNotIn(int(got.header("X-Pid")), before)

    def ask_until_answered(self, target):
        """The server may turn a few away until it has noticed a death."""
        deadline = time.monotonic() + 10
        while True:
            got = Exchange(self.front, "GET", target)
            if got.status == 200:
                return got
            self.assertIn(got.status, (502, 503))
            self.assertLess(time.monotonic(), deadline, self.front.log())


class ApacheModFcgid(OfEveryFront, unittest.TestCase):
    kind = fronts.ApacheModFcgid


class ApacheProxyFcgi(OfEveryFront, unittest.TestCase):
    # mod_proxy_fcgi passes a chunked body on as it comes; only of a short one that
    # has come already does it know the CONTENT_LENGTH.
    kind = fronts.ApacheProxyFcgi
    chunked_has_length = False


class ApacheProxyFcgiSpawnFcgi(ApacheProxyFcgi):
    options = {"keeper": "spawn-fcgi"}


class ApacheCgi(OfEveryFront, unittest.TestCase):
    # mod_cgi passes a chunked body on as it comes: no CONTENT_LENGTH, the end of
    # the body is the end of standard input.
    kind = fronts.ApacheCgi
    authorization_seen = "REDIRECT_HTTP_AUTHORIZATION"
    chunked_has_length = False


class ApacheCgid(ApacheCgi):
    kind = fronts.ApacheCgid


class ApacheCgiSuexecWrapper(ApacheCgi):
    options = {"suexec": True}


class Lighttpd(OfEveryFront, unittest.TestCase):
    kind = fronts.Lighttpd


class Nginx(OfEveryFront, unittest.TestCase):
    kind = fronts.Nginx


class NginxSocket(OfEveryFront, unittest.TestCase):
    kind = fronts.Nginx
    options = {"keeper": "socket"}


class LeavesNothing(unittest.TestCase):
    def test_no_process_no_port_no_directory(self):
        for kind in (*fronts.available(), fronts.ApacheCgid):
            with self.subTest(kind.name):
                with kind(ECHO) as front:
                    Exchange(front, "GET", "/telephony/healthz")
                    pids = [front.pid, *front.fastcgi_pids()]
                    directory, port = front.dir, front.port
                self.assertEqual(processes.await_end(pids, 0), [])
                self.assertEqual(front.fastcgi_pids(), [])
                self.assertEqual(front.killed, [])
                self.assertFalse(directory.exists())
                self.assertIsNone(processes.listening_inode(port))

    def test_nothing_after_a_server_that_was_killed(self):
        for kind in fronts.available():
            with self.subTest(kind.name):
                with kind(ECHO) as front:
                    Exchange(front, "GET", "/telephony/healthz")
                    shared = front.shared_memory()
                    os.kill(front.pid, signal.SIGKILL)
                self.assertEqual(front.fastcgi_pids(), [])
                self.assertEqual([path for path in shared if path.exists()], [])

    def test_nothing_after_a_start_that_failed(self):
        for kind in fronts.available():
            with self.subTest(kind.name):
                front = kind(ECHO)
                front.argv = lambda: ["/bin/false"]
                with self.assertRaises(fronts.FrontError):
                    front.start()
                self.assertIsNone(front.dir)
                self.assertEqual(front.fastcgi_pids(), [])


class Marks(unittest.TestCase):
    def test_edited_replaces_what_is_quoted_below(self):
        text = '# EDIT a: why\nx "old" y;\nz "old"\n'
        self.assertEqual(fronts.edited(text, {"a": "new"}), 'x "new" y;\nz "old"\n'.join(
            ["# EDIT a: why\n", ""]))

    def test_marks_and_values_must_agree(self):
        with self.assertRaises(fronts.FrontError):
            fronts.edited('x "old"\n', {"a": "new"})
        with self.assertRaises(KeyError):
            fronts.edited('# EDIT a: why\nx "old"\n', {})
        with self.assertRaises(fronts.FrontError):
            fronts.edited('# EDIT a: why\nx old\n', {"a": "new"})


class SystemdUnits(unittest.TestCase):
    def test_systemd_accepts_them(self):
        verifier = shutil.which("systemd-analyze")
        if not verifier:
            self.skipTest("systemd-analyze is not installed")
        with tempfile.TemporaryDirectory(prefix="tel-") as directory:
            for unit in (fronts.CONF / "systemd").iterdir():
                text = unit.read_text()
                for program in ("/usr/lib/livekit-telephony/telephony.fcgi",
                                "/usr/bin/telephonyctl"):
                    text = text.replace(f'"{program}"', '"/bin/true"')
                (pathlib.Path(directory) / unit.name).write_text(text)
            units = sorted(pathlib.Path(directory).iterdir())
            done = subprocess.run([verifier, "verify", "--man=no", *units], text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        ours = [line for line in done.stdout.splitlines() if "teleph" in line]
        self.assertEqual((done.returncode, ours), (0, []), done.stdout)


if __name__ == "__main__":
    unittest.main()
