"""A practice's files as they are rendered, without an Asterisk."""

from __future__ import annotations

from pathlib import Path

import pytest

from pbx.asterisk.layout import Layout
from pbx.asterisk.ports import Ports
from pbx.asterisk.programs import Program
from pbx.asterisk.render import Machine, rendered
from pbx.asterisk.secrets import Secrets
from pbx.config.settings import Network, Settings, Transport, Trunk
from pbx.domain.policy import Policy
from tests.kit.asterisk import a_practice


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path / "data")
    layout.make()
    return layout


@pytest.fixture
def machine(layout: Layout) -> Machine:
    program = Program("asterisk", ("/usr/sbin/asterisk",), module_dir=Path("/modules"), data_dir=Path("/share"))
    return Machine(
        layout, Secrets("a" * 28, {"rictor-desk": "b" * 28, "garcia-desk": "c" * 28}), Ports(4001, 4002), program
    )


@pytest.fixture
def policy() -> Policy:
    return a_practice()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    trunk = Trunk(
        "sip.carrier.example", 5060, Transport.UDP, ("192.0.2.10", "192.0.2.0/28"), True, "practice", "s;cret"
    )
    return Settings(
        tmp_path / "practice.toml", trunk, Network(public_address="198.51.100.7", local_networks=("10.0.0.0/8",))
    )


@pytest.fixture
def files(policy: Policy, settings: Settings, machine: Machine) -> dict[str, str]:
    return rendered(policy, settings, machine)
