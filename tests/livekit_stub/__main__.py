"""The command line."""

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

from . import loopback
from .settings import TIMES, Settings
from .stub import LiveKitStub


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    try:
        return loopback.host(host.strip("[]")), int(port)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _webhook(text: str) -> str:
    try:
        loopback.url(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


_TIME_HELP = {
    "job_delay": "dispatch to a job in the list",
    "agent_delay": "dispatch to agent's arrival",
    "agent_linger": "DeleteDispatch to agent's leaving",
    "agent_loss": "an agent's death to its being noticed",
    "answer_delay": "agent's arrival to call active",
    "list_dispatch_delay": "503 without a room",
    "retry_scale": "factor on the webhooks' retry waits",
}


def _first_line(path: str) -> str:
    return Path(path).read_text(encoding="ascii").strip()


def _add_times(parser: argparse.ArgumentParser) -> None:
    """Those not given are LiveKit's own, scaled."""
    parser.add_argument("--time-scale", type=float, default=1.0, help="factor on all LiveKit's times not given")
    for name in TIMES:
        option = "--" + name.replace("_", "-")
        parser.add_argument(option, type=float, default=argparse.SUPPRESS, help=_TIME_HELP.get(name))


def _parser() -> argparse.ArgumentParser:
    default = Settings()
    parser = argparse.ArgumentParser(prog="livekit_stub", description=__doc__)
    add = parser.add_argument
    add("--listen", type=_address, default=("127.0.0.1", 7880), metavar="HOST:PORT", help="loopback only")
    add("--control", type=_address, metavar="HOST:PORT", help="the control API here as well, also while down")
    add("--port-file", type=Path, help="the real ports are written here once the stub listens")
    add("--key", default=default.key)
    add("--secret", default=default.secret)
    add("--secret-file", dest="secret", type=_first_line, metavar="FILE", help="kept out of the list of processes")
    add("--webhook", dest="webhooks", action="append", type=_webhook, default=[], metavar="URL")
    _add_times(parser)
    add("--count-lag", type=float, default=default.count_lag, help="how old the counts in ListRooms are")
    add("--webhook-max-depth", type=int, default=default.webhook_max_depth)
    add("--assume-rooms", action="store_true", help="a room named in CreateDispatch exists: load tests")
    add("--assumed-webhooks", action="store_true", help="send webhooks for assumed rooms, too")
    add("--log", type=Path, help="append a JSON line for each request and webhook")
    add("--until-stdin-closes", action="store_true", help="stop when the parent process is gone")
    return parser


def _write_ports(path: Path, ports: list[int]) -> None:
    """Whoever sees the file sees all of it."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    unfinished.write_text("".join(f"{port}\n" for port in ports), encoding="ascii")
    unfinished.replace(path)


def _stop_when_stdin_closes(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()

    def readable() -> None:
        if not os.read(sys.stdin.fileno(), 4096):
            loop.remove_reader(sys.stdin.fileno())
            stop.set()

    loop.add_reader(sys.stdin.fileno(), readable)


async def _run(options: argparse.Namespace) -> None:
    given = {name: value for name, value in vars(options).items() if name in Settings.__dataclass_fields__}
    stub = LiveKitStub(Settings.scaled(options.time_scale, **given), options.log)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    ports = [await stub.start(*options.listen)]
    if options.control:
        ports.append(await stub.start_control(*options.control))
    if options.port_file:
        _write_ports(options.port_file, ports)
    if options.until_stdin_closes:
        _stop_when_stdin_closes(stop)
    await stop.wait()
    await stub.stop()


def main() -> None:
    """Run until told to stop."""
    asyncio.run(_run(_parser().parse_args()))


main()
