"""The web servers that telephony.fcgi runs behind, each started by a test.

    with fronts.Lighttpd(binary, config={"LIVEKIT_URL": ...}) as front:
        urllib.request.urlopen(front.url + "/telephony/healthz")

A front lives in a temporary directory of its own, listens on a free port of
127.0.0.1 and takes its configuration from the file in apache-conf/ that users
copy: only the values below the "# EDIT" marks are replaced, so what is tested
is what is shipped.

As root, server and program run as an unprivileged user (Apache refuses to serve
as root, and nobody should); otherwise as whoever runs the test.
"""
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import time

from keeper import POLL, START_TIMEOUT, STOP_TIMEOUT, Keeper
from processes import (FrontError, alive_in, await_end, find_server, free_port, hand_over,
                       has_open, is_ending, listening_inode, open_way, pids_where, put_program,
                       put_script, run_as, runs, send_signal, shared_memory_of)

CONF = pathlib.Path(__file__).resolve().parents[2] / "apache-conf"
PORT_ATTEMPTS = 5

_MARK = re.compile(r"^\s*# EDIT (\w+):")


def edited(text, values):
    """The text with the value below each "# EDIT name:" mark replaced.

    The value is what the line below has in its last pair of quotes. Every mark
    needs a value and every value a mark, so that no file drifts from its test."""
    lines = text.splitlines()
    used = set()
    for number, line in enumerate(lines[:-1]):
        mark = _MARK.match(line)
        if not mark:
            continue
        name = mark.group(1)
        before, _, rest = lines[number + 1].rpartition('"')
        before, quote, _ = before.rpartition('"')
        if not quote:
            raise FrontError(f"EDIT {name}: nothing in quotes below it")
        lines[number + 1] = f'{before}"{values[name]}"{rest}'
        used.add(name)
    if used != set(values):
        raise FrontError(f"EDIT marks {sorted(used)}, values for {sorted(values)}")
    return "\n".join(lines) + "\n"


class Front:
    """One web server with the program behind it. Use as a context manager.

    binary       the program, telephony.fcgi; a copy of it is run
    config       its settings, {KEY: value}, written to a file of mode 0600
    config_file  or that file itself (copied, so that the runner can read it);
                 config is then added to its end
    state_dir    made the runner's own; default: a directory of the front, with
                 TELEPHONY_STORE set to it unless config has one
    env          more environment for the program (ASAN_OPTIONS), by a wrapper

    While it runs: url, port, pid (the server's), dir, config_path, state_dir.
    After stop: killed, the pids that had to be ended by SIGKILL.
    """

    name = None
    #: the process answers one request and ends (plain CGI)
    per_request = False
    stop_signal = signal.SIGTERM

    def __init__(self, binary, config=None, config_file=None, state_dir=None, env=None):
        self._binary = pathlib.Path(binary).resolve(strict=True)
        self._settings = dict(config or {})
        self._config_file = config_file
        self._env = dict(env or {})
        self._asked_state_dir = state_dir
        self._server = None
        self.dir = None
        self.port = None
        self.state_dir = None
        self.config_path = None
        self.program = None
        self.killed = []

    # What each kind says of itself.

    @classmethod
    def missing(cls):
        """What it needs and this machine lacks, as text, or None."""
        raise NotImplementedError

    def write_configuration(self):
        """Writes the server's files for self.port into self.dir."""
        raise NotImplementedError

    def argv(self):
        raise NotImplementedError

    def start_backend(self):
        """Starts what the server connects to, where it starts nothing itself."""

    def stop_backend(self):
        """Ends what start_backend started; may be called without it."""

    # What users of a front call.

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self):
        return self._server.pid

    def fastcgi_pids(self):
        """The processes of the program that live now; kill what you like.

        Behind plain CGI: those that are answering, or doing a job afterwards."""
        return pids_where(lambda pid: runs(pid, self.program))

    def shared_memory(self):
        """What the server has in /dev/shm, wherever its directory is."""
        return shared_memory_of(self._session()) if self._server is not None else []

    def log(self):
        """All that server and program have logged so far."""
        text = ""
        if self.dir is not None:
            for path in sorted(self.dir.glob("*.log")):
                text += f"--- {path.name}\n{path.read_text(errors='replace')}"
        return text

    def start(self):
        reason = self.missing()
        if reason:
            raise FrontError(f"{self.name}: {reason}")
        try:
            self._prepare()
            self.start_backend()
            self._start_server()
        except BaseException:
            self.stop()
            raise

    def stop(self):
        """Ends everything, waits for it and removes the directory."""
        shared = self.shared_memory()
        if self._server is not None:
            self._stop_server()
        self.stop_backend()
        self._end_leftovers()
        # A server that was killed has not removed it; its workers have shown it.
        for path in shared:
            path.unlink(missing_ok=True)
        if self.dir is not None:
            shutil.rmtree(self.dir, ignore_errors=True)
            self.dir = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *unused):
        self.stop()

    # Preparing.

    def _prepare(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="tel-")).resolve()
        open_way(self.dir / "x")
        self._prepare_program()
        self._prepare_state()
        self._prepare_config()
        (self.dir / "uploads").mkdir()
        hand_over(self.dir)

    def program_path(self):
        return self.dir / "telephony.fcgi"

    def copy_of(self, program):
        """Another program (telephonyctl) where the runner can run it, wherever the tree is."""
        copy = self.dir / pathlib.Path(program).name
        if not copy.exists():
            put_program(program, copy)
        return copy

    def _prepare_program(self):
        """A copy: only its processes have this path, so they can be told from
        those of any other test; and the runner may read it, wherever the tree is."""
        self.program = self.dir / "program" / "telephony.fcgi" if self._env else self.program_path()
        self.program.parent.mkdir(parents=True, exist_ok=True)
        put_program(self._binary, self.program)
        if self._env:
            exports = "".join(f"export {name}={shlex.quote(value)}\n"
                              for name, value in self._env.items())
            wrapper = self.program_path()
            wrapper.parent.mkdir(parents=True, exist_ok=True)
            put_script(f"#!/bin/sh\n{exports}exec {shlex.quote(str(self.program))}\n", wrapper)

    def _prepare_state(self):
        self.state_dir = pathlib.Path(self._asked_state_dir or self.dir / "state").resolve()
        self.state_dir.mkdir(mode=0o700, exist_ok=True)
        open_way(self.state_dir)
        hand_over(self.state_dir)

    def _prepare_config(self):
        settings = dict(self._settings)
        text = ""
        if self._config_file:
            text = pathlib.Path(self._config_file).read_text() + "\n"
        if "TELEPHONY_STORE" not in settings and "TELEPHONY_STORE=" not in text:
            settings["TELEPHONY_STORE"] = f"lmdb:{self.state_dir}"
        text += "".join(f"{key}={value}\n" for key, value in settings.items())
        self.config_path = self.dir / "telephony.conf"
        self.config_path.touch(mode=0o600)
        self.config_path.write_text(text)

    def shipped(self, name, **values):
        """A file of apache-conf/ with the values below its marks replaced."""
        return edited((CONF / name).read_text(), values)

    def write(self, name, text):
        path = self.dir / name
        path.write_text(text)
        hand_over(path)
        return path

    # Starting and stopping the server.

    def environment(self):
        """Nothing of the test's own environment reaches the program by accident."""
        return {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C"}

    def _start_server(self):
        """A port that was free may be taken a moment later: then another one."""
        for attempt in range(1, PORT_ATTEMPTS + 1):
            self.port = free_port()
            self.write_configuration()
            with open(self.dir / "server.log", "ab") as log:
                hand_over(self.dir / "server.log")
                self._server = subprocess.Popen(
                    self.argv(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    cwd=self.dir, env=self.environment(), start_new_session=True, **run_as())
            if self._await_listening():
                return
            self._stop_server()
            if attempt == PORT_ATTEMPTS or "ddress already in use" not in self.log():
                raise FrontError(f"{self.name} did not start\n{self.log()}")

    def _await_listening(self):
        """True as soon as a process of ours, not of somebody else, listens."""
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            inode = listening_inode(self.port)
            if inode and any(has_open(pid, inode) for pid in self._session()):
                return True
            try:
                self._server.wait(POLL)
                return False
            except subprocess.TimeoutExpired:
                continue
        return False

    def _session(self):
        session = self._server.pid
        return pids_where(lambda pid: alive_in(pid, session))

    def _stop_server(self):
        if self._server.poll() is None:
            self._server.send_signal(self.stop_signal)
        try:
            self._server.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.killed.append(self._server.pid)
            self._server.kill()
            self._server.wait()

    def _end_leftovers(self):
        """Workers and processes of the program that outlive the server."""
        if self.program is None:
            return
        # Only a server that was killed leaves workers, and those may wait for it
        # for ever. Others are about to become the program, which is asked first.
        if not self.killed:
            self._await_no_workers()
        self._kill(self._workers())
        programs = self.fastcgi_pids()
        for pid in programs:
            send_signal(pid, signal.SIGTERM)
        await_end(programs, STOP_TIMEOUT)
        self._kill(self.fastcgi_pids())

    def _await_no_workers(self):
        deadline = time.monotonic() + STOP_TIMEOUT
        while self._workers() and time.monotonic() < deadline:
            time.sleep(POLL)

    def _workers(self):
        if self._server is None:
            return []
        return [pid for pid in self._session()
                if not runs(pid, self.program) and not is_ending(pid)]

    def _kill(self, pids):
        for pid in pids:
            self.killed.append(pid)
            send_signal(pid, signal.SIGKILL)
        await_end(pids, STOP_TIMEOUT)


class _Apache(Front):
    modules = ()
    mpm = "event"

    @classmethod
    def _executable(cls):
        return find_server("apache2") or find_server("httpd")

    @classmethod
    def _module_dir(cls):
        """Beside the server's own prefix, by the names distributions use."""
        prefix = pathlib.Path(cls._executable()).resolve().parents[1]
        for name in ("lib/apache2/modules", "lib64/httpd/modules", "libexec/apache2", "modules"):
            if (prefix / name).is_dir():
                return prefix / name
        return None

    @classmethod
    def missing(cls):
        if not cls._executable():
            return "apache2 is not installed"
        where = cls._module_dir()
        for name in cls._all_modules():
            if where is None or not (where / f"mod_{name}.so").exists():
                return f"Apache's mod_{name} is not installed"
        return None

    @classmethod
    def _all_modules(cls):
        return (f"mpm_{cls.mpm}", "authz_core", "alias", "env", *cls.modules)

    def argv(self):
        return [self._executable(), "-DFOREGROUND", "-d", str(self.dir),
                "-f", str(self.dir / "httpd.conf")]

    def load_modules(self):
        where = self._module_dir()
        return "".join(f'LoadModule {name}_module "{where}/mod_{name}.so"\n'
                       for name in self._all_modules())

    def write_main(self, more):
        """What a distribution's own apache2.conf does; all but this is shipped."""
        (self.dir / "htdocs").mkdir(exist_ok=True)
        self.write("httpd.conf", f"""\
{self.load_modules()}
ServerName 127.0.0.1
Listen 127.0.0.1:{self.port}
PidFile "{self.dir}/httpd.pid"
DefaultRuntimeDir "{self.dir}"
Mutex "file:{self.dir}" default
ErrorLog "{self.dir}/error.log"
DocumentRoot "{self.dir}/htdocs"
<Directory "/">
    AllowOverride None
    Require all denied
</Directory>
{more}
""")


class ApacheModFcgid(_Apache):
    name = "apache-mod_fcgid"
    modules = ("fcgid",)

    def write_configuration(self):
        site = self.write("site.conf", self.shipped(
            "apache-mod_fcgid.conf", program=self.program_path(), config=self.config_path,
            address=f"127.0.0.1:{self.port}", hostname="127.0.0.1"))
        self.write_main(f"""\
FcgidIPCDir "{self.dir}/fcgid"
FcgidProcessTableFile "{self.dir}/fcgid.shm"
Include "{site}"
""")


class _Kept:
    """The server connects to a process that a Keeper keeps."""

    keeper = "socket"

    def __init__(self, *args, keeper=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.keeper = keeper or self.keeper
        self._keeper = None
        self._log = None

    @property
    def socket_path(self):
        return self.dir / "telephony.sock"

    def start_backend(self):
        self._log = open(self.write("program.log", ""), "ab")
        environment = self.environment() | {"TELEPHONY_CONFIG": str(self.config_path)}
        self._keeper = Keeper(self.keeper, self.program_path(), self.socket_path,
                              environment, self._log)
        self._keeper.start()

    def stop_backend(self):
        if self._keeper is not None:
            self._keeper.stop()
            self._log.close()
            self._keeper = None


class ApacheProxyFcgi(_Kept, _Apache):
    name = "apache-proxy_fcgi"
    modules = ("proxy", "proxy_fcgi")

    def write_configuration(self):
        site = self.write("site.conf", self.shipped(
            "apache-proxy_fcgi.conf", socket=self.socket_path,
            address=f"127.0.0.1:{self.port}", hostname="127.0.0.1"))
        self.write_main(f'Include "{site}"\n')


class ApacheCgi(_Apache):
    """A shared host: the site lies in a directory with a .htaccess.

    suexec   the program is started by the shipped wrapper, and the server names
             no settings file that exists
    """

    name = "apache-cgi"
    per_request = True
    modules = ("mime", "rewrite", "cgi")
    mpm = "prefork"

    def __init__(self, *args, suexec=False, **kwargs):
        super().__init__(*args, **kwargs)
        self._suexec = suexec

    def script_socket(self):
        return ""

    def program_path(self):
        if self._suexec:
            return self.dir / "telephony.fcgi"
        return self.dir / "htdocs" / "telephony" / "telephony.cgi"

    def write_configuration(self):
        self.write_main(f"""\
TypesConfig "{self.write("mime.types", "")}"
{self.script_socket()}
<Directory "{self.dir}/htdocs">
    AllowOverride FileInfo Options
    Require all granted
</Directory>
""")
        (self.dir / "htdocs" / "telephony").mkdir(exist_ok=True)
        config = "/nonexistent" if self._suexec else self.config_path
        self.write("htdocs/telephony/.htaccess",
                   self.shipped("apache-cgi/.htaccess", config=config))
        if self._suexec:
            wrapper = self.write("htdocs/telephony/telephony.cgi", self.shipped(
                "apache-cgi/telephony-suexec.cgi", config=self.config_path,
                program=self.program_path()))
            wrapper.chmod(0o700)


class ApacheCgid(ApacheCgi):
    """The same under a threaded MPM, where mod_cgid takes mod_cgi's place."""

    name = "apache-cgid"
    modules = ("mime", "rewrite", "cgid")
    mpm = "event"

    def script_socket(self):
        return f'ScriptSock "{self.dir}/cgid.sock"'


class Lighttpd(Front):
    name = "lighttpd"

    @classmethod
    def missing(cls):
        return None if find_server("lighttpd") else "lighttpd is not installed"

    def argv(self):
        return [find_server("lighttpd"), "-D", "-f", str(self.dir / "main.conf")]

    def write_configuration(self):
        site = self.write("site.conf", self.shipped(
            "lighttpd.conf", program=self.program_path(), config=self.config_path,
            socket=self.dir / "telephony.sock"))
        (self.dir / "htdocs").mkdir(exist_ok=True)
        self.write("main.conf", f"""\
server.bind = "127.0.0.1"
server.port = {self.port}
server.document-root = "{self.dir}/htdocs"
server.errorlog = "{self.dir}/error.log"
server.upload-dirs = ( "{self.dir}/uploads" )
include "{site}"
""")


class Nginx(_Kept, Front):
    name = "nginx"
    keeper = "spawn-fcgi"

    @classmethod
    def missing(cls):
        for name in ("nginx", "spawn-fcgi"):
            if not find_server(name):
                return f"{name} is not installed"
        return None

    def argv(self):
        return [find_server("nginx"), "-p", str(self.dir), "-c", str(self.dir / "main.conf"),
                "-e", str(self.dir / "error.log")]

    def write_configuration(self):
        site = self.write("site.conf", self.shipped(
            "nginx.conf", socket=f"unix:{self.socket_path}",
            address=f"127.0.0.1:{self.port}", hostname="127.0.0.1"))
        temporary = "".join(f"    {kind}_temp_path {self.dir}/uploads/{kind};\n"
                            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        self.write("main.conf", f"""\
daemon off;
pid {self.dir}/nginx.pid;
error_log {self.dir}/error.log;
worker_processes 2;
events {{ worker_connections 1024; }}
http {{
    access_log off;
{temporary}
    include {site};
}}
""")


#: The five ways to put telephony.fcgi behind a web server.
ALL = (ApacheModFcgid, ApacheProxyFcgi, ApacheCgi, Lighttpd, Nginx)


def available():
    """Those of ALL that this machine can start.

    With TELEPHONY_FRONTS=all in the environment one that is missing is an error:
    for runs that must not pass by leaving something out."""
    found = []
    for front in ALL:
        reason = front.missing()
        if reason is None:
            found.append(front)
        elif os.environ.get("TELEPHONY_FRONTS") == "all":
            raise FrontError(f"{front.name}: {reason}")
    return tuple(found)


def by_name(name):
    """A front's class by its name, such as "lighttpd"."""
    for front in (*ALL, ApacheCgid):
        if front.name == name:
            return front
    raise KeyError(name)
