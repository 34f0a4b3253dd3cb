"""What OpenAI's models cost, in USD. Reasoning is billed as output; batches cost half."""

from __future__ import annotations

from decimal import Decimal

from picofw.cost import FREE, Price

_PAGE = "https://developers.openai.com/api/docs/pricing"
_READ = f"price tables of litellm 1.109.1 and genai-prices 0.2.3, which cite {_PAGE}"
_DATE = "2026-11-23"
_HALF = Decimal("0.5")


def _chat(text_in: str, cached: str, text_out: str) -> Price:
    return Price(
        input_tokens=Decimal(text_in),
        cached_input_tokens=Decimal(cached),
        output_tokens=Decimal(text_out),
        batch_factor=_HALF,
        source=_READ,
        date=_DATE,
    )


def _image(text_in: str, image_in: str, image_out: str, text_out: str, batch_factor: Decimal = _HALF) -> Price:
    return Price(
        input_tokens=Decimal(text_in),
        cached_input_tokens=Decimal(text_in),
        output_tokens=Decimal(text_out),
        image_input_tokens=Decimal(image_in),
        image_output_tokens=Decimal(image_out),
        batch_factor=batch_factor,
        source=_READ,
        date=_DATE,
    )


# Where no rate for text output is published, it counts as the image's: an upper bound.
_GPT_IMAGE_2 = _image("5", "8", "30", "30")

PRICES = {
    "gpt-6-luna": _chat("0.10", "0.01", "0.50"),
    "gpt-6-sol": _chat("2", "0.20", "10"),
    "gpt-5.4-mini": _chat("0.75", "0.075", "4.50"),
    "gpt-4o": _chat("2.50", "1.25", "10"),
    "gpt-4o-mini": _chat("0.15", "0.075", "0.60"),
    "gpt-image-2": _GPT_IMAGE_2,
    "gpt-image-2.5-flare": _GPT_IMAGE_2,
    "gpt-image-2.5-sunburst": _GPT_IMAGE_2,
    "gpt-image-1.5": _image("5", "8", "32", "10"),
    # Only the input of these two is known to cost half in a batch: counted in full.
    "gpt-image-1-mini": _image("2", "2.50", "8", "8", Decimal(1)),
    "gpt-image-1": _image("5", "10", "40", "40", Decimal(1)),
    # The short instructor of the published pipeline, on a server of one's own; a hoster's price goes under `prices`.
    "Qwen/Qwen2.5-7B-Instruct": FREE,
}
"""By the model's name."""
