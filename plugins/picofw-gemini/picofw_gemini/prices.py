"""What Google's models cost, in USD.

Image input is billed at the rate of text, and thinking at that of output. Batches cost half.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from picofw.cost import Price

_PAGE = "https://ai.google.dev/gemini-api/docs/pricing"
_READ = f"price tables of litellm 1.109.1 and genai-prices 0.2.3, which cite {_PAGE}"
_HALF = Decimal("0.5")


def _price(
    text_in: str, text_out: str, cached: str | None = None, image_out: str | None = None, source: str = _READ
) -> Price:
    return Price(
        input_tokens=Decimal(text_in),
        # Where no rate for cached input was found, it counts as any other: an upper bound.
        cached_input_tokens=Decimal(cached or text_in),
        output_tokens=Decimal(text_out),
        image_output_tokens=None if image_out is None else Decimal(image_out),
        batch_factor=_HALF,
        source=source,
        date="2026-11-23",
    )


_INTRODUCTORY_UNTIL = date(2026, 12, 31)
_GEMINI_38_FLASH = _price("0.75", "3.75", "0.075", source=f"{_READ}; introductory, to 2026-12-31")
_GEMINI_38_FLASH_LATER = _price("1.50", "7.50", "0.15", source=f"{_READ}; from 2027-01-01")

_PRICES = {
    "gemini-2.5-flash": _price("0.30", "2.50", "0.03"),
    "gemini-2.5-pro": _price("1.25", "10", "0.125", source=f"{_READ}; prompts up to 200,000 tokens"),
    "gemini-3.5-flash-lite": _price("0.30", "2.50", "0.03"),
    "gemini-2.5-flash-image": _price("0.30", "2.50", image_out="30", source=f"{_READ}; batch as on Vertex AI"),
    "gemini-3.1-flash-lite-image": _price("0.25", "1.50", "0.025", "30"),
    "gemini-3.1-flash-image": _price("0.50", "3", "0.05", "60"),
    "gemini-nano-banana-2.1": _price("1.50", "7.50", "0.15", "30"),
    "gemini-3-pro-image": _price("2", "12", "0.20", "120"),
}


def prices(today: date) -> dict[str, Price]:
    """Return the price of every model known, by its name.

    Args:
        today: The day that is asked about; one model's price is announced to change.
    """
    introductory = today <= _INTRODUCTORY_UNTIL
    return _PRICES | {"gemini-3.8-flash": _GEMINI_38_FLASH if introductory else _GEMINI_38_FLASH_LATER}
