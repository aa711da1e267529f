"""The two ceremonies of WebAuthn Level 3: what the browser is asked, and whether its answer is right.

It keeps nothing and knows no person; what a sign count that goes back means is decided elsewhere.
"""

import hmac
import ipaddress
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    options_to_json_dict,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    RegistrationCredential,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from storage.passkeys import NewPasskey
from storage.records import Passkey

# What is offered is all that is taken.
ALGORITHMS = (
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
)
# A real answer takes one or two thousand characters; attestation is not asked for.
LONGEST_ANSWER = 12 * 1024
_NAME = "Wicket"
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, kw_only=True)
class RelyingParty:
    """Whose passkeys they are: fixed by the settings, never by what a browser says of the host it asked."""

    id: str
    origin: str


def relying_party(public_url: str) -> RelyingParty | None:
    """The relying party of this address; None where browsers have no passkeys: by bare numbers, or unencrypted."""
    parts = urlsplit(public_url)
    host = (parts.hostname or "").lower()
    local = host == "localhost" or host.endswith(".localhost")
    if not host or _is_number(host) or (parts.scheme != "https" and not local):
        return None
    port = "" if parts.port in (None, _PORTS[parts.scheme]) else f":{parts.port}"
    return RelyingParty(id=host, origin=f"{parts.scheme}://{host}{port}")


def make_options(
    party: RelyingParty,
    *,
    challenge: bytes,
    user_handle: bytes,
    login: str,
    name: str,
    known: Sequence[Passkey],
    seconds: int,
) -> dict[str, Any]:
    """What `navigator.credentials.create` takes, as JSON. known: those that are not to be made again."""
    options = generate_registration_options(
        rp_id=party.id,
        rp_name=_NAME,
        user_id=user_handle,
        user_name=login,
        user_display_name=name or login,
        challenge=challenge,
        timeout=seconds * 1000,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[_described(one) for one in known],
        supported_pub_key_algs=list(ALGORITHMS),
    )
    return options_to_json_dict(options)


def show_options(
    party: RelyingParty, *, challenge: bytes, known: Sequence[Passkey], seconds: int
) -> dict[str, Any]:
    """What `navigator.credentials.get` takes, as JSON. known: those that will do."""
    options = generate_authentication_options(
        rp_id=party.id,
        challenge=challenge,
        timeout=seconds * 1000,
        allow_credentials=[_described(one) for one in known],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json_dict(options)


@dataclass(frozen=True, kw_only=True)
class Answered:
    """A browser's answer, read and not yet believed. challenge, credential, user_handle: base64url, "" if none."""

    answer: dict[str, Any]
    challenge: str
    credential: str
    user_handle: str = ""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A passkey that was rightly shown. sign_count: what it says now; it may be one that was said before."""

    sign_count: int
    backed_up: bool


def read_made(text: str) -> Answered | None:
    """The answer to make_options; None if it is nothing of the kind."""
    return _read(text, parse_registration_credential_json)


def read_shown(text: str) -> Answered | None:
    """The answer to show_options; None if it is nothing of the kind."""
    return _read(text, parse_authentication_credential_json)


def _read(
    text: str, parse: Callable[[dict[str, Any]], RegistrationCredential | AuthenticationCredential]
) -> Answered | None:
    answer = _loaded(text)
    if answer is None:
        return None
    try:
        read = parse(answer)
        client = parse_client_data_json(read.response.client_data_json)
    except Exception:  # noqa: BLE001 - whatever somebody makes of it, it is no answer
        return None
    user = read.response.user_handle if isinstance(read, AuthenticationCredential) else None
    return Answered(
        answer=answer,
        challenge=bytes_to_base64url(client.challenge),
        credential=bytes_to_base64url(read.raw_id),
        user_handle=bytes_to_base64url(user or b""),
    )


def verify_made(party: RelyingParty, made: Answered, *, user_handle: str, name: str) -> NewPasskey | None:
    """The new passkey, if all of section 7.1 holds; None if anything does not."""
    try:
        read = parse_registration_credential_json(made.answer)
        verified = verify_registration_response(
            credential=read,
            expected_challenge=base64url_to_bytes(made.challenge),
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
            supported_pub_key_algs=list(ALGORITHMS),
        )
        framed = parse_client_data_json(read.response.client_data_json).cross_origin
    except Exception:  # noqa: BLE001 - the library's refusals, and what crooked bytes make it stumble over
        return None
    if framed or verified.credential_id != base64url_to_bytes(made.credential):
        return None
    return NewPasskey(
        credential=made.credential,
        public_key=bytes_to_base64url(verified.credential_public_key),
        user_handle=user_handle,
        sign_count=verified.sign_count,
        aaguid=verified.aaguid,
        transports=tuple(each.value for each in read.response.transports or ()),
        backup_eligible=verified.credential_device_type == CredentialDeviceType.MULTI_DEVICE,
        backed_up=verified.credential_backed_up,
        name=name,
    )


def verify_shown(party: RelyingParty, shown: Answered, passkey: Passkey) -> Shown | None:
    """What this passkey showed, if all of section 7.2 but its step about the sign count holds; None if not.

    The library looks at the count before the signature: whoever has no key at all could then pass for a clone.
    """
    if shown.user_handle and not hmac.compare_digest(shown.user_handle, passkey.user_handle):
        return None
    try:
        verified = verify_authentication_response(
            credential=shown.answer,
            expected_challenge=base64url_to_bytes(shown.challenge),
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=base64url_to_bytes(passkey.public_key),
            credential_current_sign_count=0,
            require_user_verification=True,
        )
        read = parse_authentication_credential_json(shown.answer)
        framed = parse_client_data_json(read.response.client_data_json).cross_origin
    except Exception:  # noqa: BLE001 - as above
        return None
    may_be_synced = verified.credential_device_type == CredentialDeviceType.MULTI_DEVICE
    if framed or may_be_synced != passkey.backup_eligible:
        return None
    return Shown(sign_count=verified.new_sign_count, backed_up=verified.credential_backed_up)


def has_gone_back(passkey: Passkey, shown: Shown) -> bool:
    """Whether another authenticator with the same key seems to exist (section 7.2, step 22, and 6.1.1)."""
    counts = passkey.sign_count > 0 or shown.sign_count > 0
    return counts and shown.sign_count <= passkey.sign_count


def _loaded(text: str) -> dict[str, Any] | None:
    if len(text) > LONGEST_ANSWER:
        return None
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _described(passkey: Passkey) -> PublicKeyCredentialDescriptor:
    transports = [AuthenticatorTransport(each) for each in passkey.transports]
    return PublicKeyCredentialDescriptor(
        id=base64url_to_bytes(passkey.credential), transports=transports or None
    )


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
