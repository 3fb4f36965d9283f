"""SIP trunks and dispatch rules: what a small installation has, and what is created on top."""

from typing import Any

from . import ids

INBOUND_TRUNK = "ST_MSKFbumMaA6P"
LOBBY_TRUNK = "ST_hAXLhcJPPxAh"
OUTBOUND_TRUNK = "ST_YSgKy8aZ6wsV"
INDIVIDUAL_RULE = "SDR_CuTiYTgPb4By"
DIRECT_RULE = "SDR_U7NPoWsBmwsM"
OUR_NUMBER = "+15550123"
LOBBY_NUMBER = "+15550124"

_HEADERS: dict[str, Any] = {
    "headers": {},
    "headers_to_attributes": {},
    "attributes_to_headers": {},
    "include_headers": "SIP_NO_HEADERS",
}
_ENCRYPTION = {"media_encryption": "SIP_MEDIA_ENCRYPT_DISABLE"}
_TIMES = {"created_at": None, "updated_at": None}


def inbound_trunk(trunk_id: str, name: str, numbers: list[str], **given: Any) -> dict[str, Any]:
    """livekit.SIPInboundTrunkInfo."""
    return {
        "sip_trunk_id": trunk_id,
        "name": name,
        "metadata": given.get("metadata", ""),
        "numbers": numbers,
        "allowed_addresses": given.get("allowed_addresses", []),
        "allowed_numbers": given.get("allowed_numbers", []),
        "auth_username": given.get("auth_username", ""),
        "auth_password": given.get("auth_password", ""),
        **_HEADERS,
        "ringing_timeout": None,
        "max_call_duration": None,
        "krisp_enabled": False,
        **_ENCRYPTION,
        **_TIMES,
    }


def outbound_trunk(trunk_id: str, name: str, numbers: list[str], **given: Any) -> dict[str, Any]:
    """livekit.SIPOutboundTrunkInfo."""
    return {
        "sip_trunk_id": trunk_id,
        "name": name,
        "metadata": given.get("metadata", ""),
        "address": given.get("address", ""),
        "destination_country": "",
        "transport": given.get("transport", "SIP_TRANSPORT_AUTO"),
        "numbers": numbers,
        "auth_username": given.get("auth_username", ""),
        "auth_password": given.get("auth_password", ""),
        **_HEADERS,
        **_ENCRYPTION,
        "from_host": "",
        **_TIMES,
    }


def dispatch_rule(rule_id: str, name: str, rule: dict[str, Any], trunk_ids: list[str]) -> dict[str, Any]:
    """livekit.SIPDispatchRuleInfo."""
    return {
        "sip_dispatch_rule_id": rule_id,
        "rule": rule,
        "trunk_ids": trunk_ids,
        "hide_phone_number": False,
        "inbound_numbers": [],
        "numbers": [],
        "name": name,
        "metadata": "",
        "attributes": {},
        "room_preset": "",
        "room_config": None,
        "krisp_enabled": False,
        **_ENCRYPTION,
        **_TIMES,
    }


class Trunks:
    """The SIP configuration."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Back to the installation that everything starts with."""
        self.inbound = [
            inbound_trunk(INBOUND_TRUNK, "in", [OUR_NUMBER]),
            inbound_trunk(LOBBY_TRUNK, "in2", [LOBBY_NUMBER]),
        ]
        self.outbound = [
            outbound_trunk(
                OUTBOUND_TRUNK, "out", [OUR_NUMBER], address="127.0.0.1:5090", transport="SIP_TRANSPORT_UDP"
            )
        ]
        individual = {"dispatch_rule_individual": {"room_prefix": "call-", "pin": "", "no_randomness": False}}
        direct = {"dispatch_rule_direct": {"room_name": "lobby", "pin": ""}}
        self.rules = [
            dispatch_rule(INDIVIDUAL_RULE, "indiv", individual, []),
            dispatch_rule(DIRECT_RULE, "direct", direct, [LOBBY_TRUNK]),
        ]

    def add_inbound(self, name: str, numbers: list[str], **given: Any) -> dict[str, Any]:
        """Keep a new inbound trunk and return it."""
        self.inbound.append(inbound_trunk(ids.sid("ST"), name, numbers, **given))
        return self.inbound[-1]

    def add_outbound(self, name: str, numbers: list[str], **given: Any) -> dict[str, Any]:
        """Keep a new outbound trunk and return it."""
        self.outbound.append(outbound_trunk(ids.sid("ST"), name, numbers, **given))
        return self.outbound[-1]

    def add_rule(self, name: str, rule: dict[str, Any], trunk_ids: list[str]) -> dict[str, Any]:
        """Keep a new dispatch rule and return it."""
        self.rules.append(dispatch_rule(ids.sid("SDR"), name, rule, trunk_ids))
        return self.rules[-1]

    def find_outbound(self, trunk_id: str) -> dict[str, Any] | None:
        """The outbound trunk of that id."""
        return next((trunk for trunk in self.outbound if trunk["sip_trunk_id"] == trunk_id), None)
