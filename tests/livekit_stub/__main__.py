"""The command line."""

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

from . import loopback
from .settings import Settings
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


def _parser() -> argparse.ArgumentParser:
    default = Settings()
    parser = argparse.ArgumentParser(prog="livekit_stub", description=__doc__)
    add = parser.add_argument
    add("--listen", type=_address, default=("127.0.0.1", 7880), metavar="HOST:PORT", help="loopback only")
    add("--port-file", type=Path, help="the real port is written here once the stub listens")
    add("--key", default=default.key)
    add("--secret", default=default.secret)
    add("--webhook", dest="webhooks", action="append", type=_webhook, default=[], metavar="URL")
    add("--agent-delay", type=float, default=default.agent_delay, help="dispatch to agent's arrival")
    add("--agent-linger", type=float, default=default.agent_linger, help="DeleteDispatch to agent's leaving")
    add("--answer-delay", type=float, default=default.answer_delay, help="agent's arrival to call active")
    add("--empty-timeout", type=float, default=default.empty_timeout)
    add("--departure-timeout", type=float, default=default.departure_timeout)
    add("--ring-timeout", type=float, default=default.ring_timeout)
    add("--list-dispatch-delay", type=float, default=default.list_dispatch_delay, help="503 without a room")
    add("--unreachable-after", type=float, default=default.unreachable_after)
    add("--dial-limit", type=float, default=default.dial_limit)
    add("--retry-scale", type=float, default=default.retry_scale, help="factor on the webhooks' retry waits")
    add("--webhook-max-age", type=float, default=default.webhook_max_age)
    add("--webhook-max-depth", type=int, default=default.webhook_max_depth)
    add("--assume-rooms", action="store_true", help="a room named in CreateDispatch exists: load tests")
    add("--assumed-webhooks", action="store_true", help="send webhooks for assumed rooms, too")
    add("--log", type=Path, help="append a JSON line for each request and webhook")
    add("--until-stdin-closes", action="store_true", help="stop when the parent process is gone")
    return parser


def _write_port(path: Path, port: int) -> None:
    """Whoever sees the file sees all of it."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    unfinished.write_text(f"{port}\n", encoding="ascii")
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
    stub = LiveKitStub(Settings(**given), options.log)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    port = await stub.start(*options.listen)
    if options.port_file:
        _write_port(options.port_file, port)
    if options.until_stdin_closes:
        _stop_when_stdin_closes(stop)
    await stop.wait()
    await stub.stop()


def main() -> None:
    """Run until told to stop."""
    asyncio.run(_run(_parser().parse_args()))


main()
