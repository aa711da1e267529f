"""The name by which entries tell replicas apart: as set, or the machine's, which stays as it is (A-6)."""

import re
import socket

import pytest
from pydantic import ValidationError

from bot.settings.replica import replica_here
from bot.settings.sections import ServerSection

URL = "https://wicket.example.com"


def test_it_is_the_machines_name_unless_one_is_set():
    assert ServerSection(public_url=URL).replica == replica_here() == replica_here()
    assert re.fullmatch("[a-z0-9][a-z0-9-]*", replica_here())
    assert socket.gethostname()[:1].lower() in replica_here()
    assert ServerSection(public_url=URL, replica="wicket-2").replica == "wicket-2"


def test_a_name_is_a_plain_word():
    with pytest.raises(ValidationError):
        ServerSection(public_url=URL, replica="two words\n")
