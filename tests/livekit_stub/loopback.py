"""The stub holds no real secret and checks nothing twice, so it must never be reachable from elsewhere."""

import ipaddress
from urllib.parse import urlsplit


def host(name: str) -> str:
    """The address to use for a host name; anything but this machine is refused."""
    if name == "localhost":
        return "127.0.0.1"
    try:
        if ipaddress.ip_address(name).is_loopback:
            return name
    except ValueError:
        pass
    raise ValueError(f"{name!r} is not a loopback address: the stub talks to this machine only")


def url(text: str) -> tuple[str, int, str]:
    """Split an http URL on this machine into address, port and request target."""
    parts = urlsplit(text)
    if parts.scheme != "http" or not parts.hostname:
        raise ValueError(f"{text!r} is not an http:// URL")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return host(parts.hostname), parts.port or 80, target
