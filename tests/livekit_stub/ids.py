"""Identifiers of the shapes that LiveKit makes."""

import random
import string

_ALPHABET = string.ascii_letters + string.digits
_random = random.SystemRandom()


def text(length: int) -> str:
    """Random letters and digits."""
    return "".join(_random.choices(_ALPHABET, k=length))


def sid(prefix: str) -> str:
    """An identifier such as RM_wVE5SHn2z3VM."""
    return f"{prefix}_{text(12)}"


def track_sid() -> str:
    """Audio tracks carry two letters more: TR_AM…"""
    return f"TR_AM{text(12)}"


def hex_text(length: int) -> str:
    """Lower-case hexadecimal digits, for the ids that browsers and SDKs make."""
    return "".join(_random.choices("0123456789abcdef", k=length))


def call_tag() -> str:
    """The far end's SIP tag, as SIPp writes it."""
    return f"{_random.randint(10000, 32000)}SIPpTag001"
