"""FastCGI processes that the web server doesn't start itself."""
import socket
import subprocess
import threading
import time

from processes import FrontError, find_server, hand_over, run_as

START_TIMEOUT = 20
STOP_TIMEOUT = 10
POLL = 0.02


class Keeper:
    """Keeps one FastCGI process on a Unix socket alive, as systemd would.

    how: "socket"     the listening socket is made here, stays open while the
                      process is replaced and is its file descriptor 0
                      (telephony-fcgi.socket and .service)
         "spawn-fcgi" spawn-fcgi -n makes it and becomes the process
    """

    def __init__(self, how, program, path, environment, log):
        self._how = how
        self._path = path
        self._log = log
        self._environment = environment
        self._argv = [str(program)]
        self._listener = None
        self._stopping = threading.Event()
        self._process = None
        self._lock = threading.Lock()
        if how == "spawn-fcgi":
            self._argv = [find_server("spawn-fcgi"), "-n", "-s", str(path), "-M", "0660",
                          "--", str(program)]
        self._thread = threading.Thread(target=self._keep, daemon=True)

    def start(self):
        if self._how == "socket":
            self._listener = socket.socket(socket.AF_UNIX)
            self._listener.bind(str(self._path))
            self._listener.listen(1024)
            hand_over(self._path)
        self._spawn()
        self._thread.start()
        self._await_socket()

    def stop(self):
        with self._lock:
            self._stopping.set()
            process = self._process
        if process is not None:
            if process.poll() is None:
                process.terminate()
            try:
                process.wait(STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._thread.is_alive():
            self._thread.join()
        if self._listener is not None:
            self._listener.close()

    def _spawn(self):
        with self._lock:
            if self._stopping.is_set():
                return
            self._process = subprocess.Popen(
                self._argv, stdin=self._listener or subprocess.DEVNULL, stdout=self._log,
                stderr=self._log, env=self._environment, start_new_session=True, **run_as())

    def _keep(self):
        pause = 0
        while not self._stopping.wait(pause):
            began = time.monotonic()
            self._process.wait()
            # One that can't live is not started in a tight loop.
            pause = 0.2 if time.monotonic() - began < 1 else 0
            if not self._stopping.wait(pause):
                self._spawn()

    def _await_socket(self):
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            with socket.socket(socket.AF_UNIX) as probe:
                if probe.connect_ex(str(self._path)) == 0:
                    return
            if self._stopping.wait(POLL):
                break
        raise FrontError(f"nothing accepts on {self._path}")
