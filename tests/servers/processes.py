"""What tests know and do about processes: whose they are, which listen, their end."""
import os
import pathlib
import pwd
import re
import select
import shutil
import socket
import subprocess
import tempfile
import time


class FrontError(Exception):
    """A server did not start or stop as it should; the text includes its log."""


def find_server(name):
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/sbin")


def run_as():
    """Keyword arguments for subprocess: run as the user that the fronts run as.

    Empty unless this is root. Whoever touches a front's store (telephonyctl)
    must be that user."""
    user = runner()
    if user is None:
        return {}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def runner():
    if os.geteuid() != 0:
        return None
    for name in ("www-data", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise FrontError("no unprivileged user (www-data, nobody) to run the server as")


def hand_over(path):
    """Makes a file or directory, with everything in it, the runner's own."""
    user = runner()
    if user is None:
        return
    for each in [path, *(path.rglob("*") if path.is_dir() else ())]:
        os.chown(each, user.pw_uid, user.pw_gid, follow_symlinks=False)


def put_program(source, target):
    """
    A copy that can be run at once. Were it written by this process, a child that another
    thread forks meanwhile would have it open for writing until it execs, and to run it
    would be "Text file busy".
    """
    subprocess.run(["install", "-m", "755", str(source), str(target)], check=True)


def put_script(text, target):
    """The same of a script."""
    subprocess.run(["install", "-m", "755", "/dev/stdin", str(target)], input=text.encode(),
                   check=True)


def open_way(path):
    """Lets the runner pass through temporary directories that this user made."""
    if runner() is None:
        return
    top = pathlib.Path(tempfile.gettempdir()).resolve()
    for parent in path.resolve().parents:
        if top not in parent.parents:
            return
        os.chmod(parent, parent.stat().st_mode | 0o011)


def _stat(pid):
    """(state, session) of a process, or None."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return fields[0], int(fields[3])


def pids_where(wanted):
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit() and wanted(int(entry)):
            found.append(int(entry))
    return sorted(found)


def runs(pid, program):
    try:
        return os.readlink(f"/proc/{pid}/exe").removesuffix(" (deleted)") == str(program)
    except OSError:
        return False


def is_ending(pid):
    """It has let go of its program, and is about to be gone."""
    try:
        os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return True
    return False


def alive_in(pid, session):
    stat = _stat(pid)
    return stat is not None and stat[0] != "Z" and stat[1] == session


def await_end(pids, timeout):
    """Waits until the processes, children or not, have ended; those that haven't."""
    deadline = time.monotonic() + timeout
    left = []
    for pid in pids:
        try:
            fd = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        try:
            remaining = max(0, deadline - time.monotonic())
            if not select.select([fd], [], [], remaining)[0]:
                left.append(pid)
        finally:
            os.close(fd)
    return left


def send_signal(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def shared_memory_of(pids):
    """The files of Apache's shared memory that they use, as APR calls them."""
    found = set()
    for pid in pids:
        try:
            maps = pathlib.Path(f"/proc/{pid}/maps").read_text()
        except OSError:
            continue
        found.update(re.findall(r"/dev/shm/ShM\.\w+$", maps, re.MULTILINE))
    return [pathlib.Path(name) for name in sorted(found)]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listening_inode(port):
    """The socket that listens on 127.0.0.1:port, as /proc calls it, or None."""
    address = f"0100007F:{port:04X}"
    with open("/proc/net/tcp", encoding="ascii") as table:
        for line in table:
            field = line.split()
            if field[1] == address and field[3] == "0A":
                return f"socket:[{field[9]}]"
    return None


def has_open(pid, inode):
    try:
        return any(os.readlink(f"/proc/{pid}/fd/{fd}") == inode
                   for fd in os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return False
