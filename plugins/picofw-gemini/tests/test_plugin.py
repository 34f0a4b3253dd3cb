"""What picofw sees of the plugin."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from decimal import Decimal

from picofw_gemini.prices import prices

from picofw.plugins import Plugins
from picofw.types import Usage


def test_picofw_finds_the_three_roles() -> None:
    plugins = Plugins()

    assert next(p for p in plugins.installed if p.name == "gemini").error is None
    for kind in ("instructor", "editor", "judge"):
        assert plugins.find(kind, "gemini").__name__ == f"Gemini{kind.title()}"  # type: ignore[arg-type]


def test_registering_imports_no_sdk() -> None:
    script = (
        "import sys, picofw_gemini.plugin as plugin;"
        "plugin.picofw_providers(); plugin.picofw_prices(); print('google.genai' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert out.stdout.strip() == "False"


def test_an_edit_of_nano_banana_costs_what_google_says() -> None:
    price = prices(date(2026, 11, 24))["gemini-2.5-flash-image"]
    usage = Usage(image_output_tokens=1290)

    assert price.cost(usage) == Decimal("0.0387")
    assert price.cost(usage, batch=True) == Decimal("0.01935")


def test_an_announced_rise_of_a_price_takes_effect() -> None:
    before, after = (prices(day)["gemini-3.8-flash"] for day in (date(2026, 12, 31), date(2027, 1, 1)))

    assert (before.output_tokens, after.output_tokens) == (Decimal("3.75"), Decimal("7.50"))
