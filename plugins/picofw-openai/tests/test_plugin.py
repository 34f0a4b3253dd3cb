"""What picofw sees of the plugin."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal

from picofw_openai.prices import PRICES

from picofw.plugins import Plugins
from picofw.types import Usage


def test_picofw_finds_the_three_roles() -> None:
    plugins = Plugins()

    assert next(p for p in plugins.installed if p.name == "openai").error is None
    for kind in ("instructor", "editor", "judge"):
        assert plugins.find(kind, "openai").__name__ == f"OpenAI{kind.title()}"  # type: ignore[arg-type]


def test_registering_imports_no_sdk() -> None:
    script = (
        "import sys, picofw_openai.plugin as plugin;"
        "plugin.picofw_providers(); plugin.picofw_prices(); print('openai' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert out.stdout.strip() == "False"


def test_an_edit_costs_what_openai_says() -> None:
    usage = Usage(input_tokens=100, image_input_tokens=1000, image_output_tokens=1000)

    assert PRICES["gpt-image-2.5-flare"].cost(usage) == Decimal("0.0385")
    assert PRICES["gpt-image-2.5-flare"].cost(usage, batch=True) == Decimal("0.01925")
