"""Tests talk to this machine only."""

import ipaddress
import sys
from typing import Any

_LOCAL_NAMES = {"", "localhost", "localhost.localdomain", "ip6-localhost"}
_SENDING = {"socket.connect", "socket.sendto", "socket.sendmsg"}
_LOOKING_UP = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyname_ex"}


class NetworkForbidden(RuntimeError):
    """A test tried to reach another machine. Not an OSError: code that survives a lost network must not hide it."""


def forbid() -> None:
    """From now on this process reaches the loopback address and Unix sockets only. Cannot be taken back."""
    if not getattr(sys, "_huiyin_network_forbidden", False):
        sys.addaudithook(_refuse)
        sys._huiyin_network_forbidden = True  # type: ignore[attr-defined]


def is_local(host: object) -> bool:
    """True for names and addresses of this machine."""
    if host is None:
        return True
    text = host.decode(errors="replace") if isinstance(host, bytes) else str(host)
    if text in _LOCAL_NAMES:
        return True
    try:
        address = ipaddress.ip_address(text.split("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _SENDING:
        address = arguments[1]
        if isinstance(address, tuple) and not is_local(address[0]):
            raise NetworkForbidden(f"{event} {address}: tests may only talk to this machine")
    elif event in _LOOKING_UP and not is_local(arguments[0]):
        raise NetworkForbidden(f"{event} {arguments[0]!r}: tests may only talk to this machine")
