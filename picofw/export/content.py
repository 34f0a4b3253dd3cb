"""What an instruction is about: people, animals, buildings ... A list of English words, and no more than that.

The paper counts the content of its instructions (Figure 3) without saying how. Here an instruction is about a category
if one of the category's words stands in it, as it is or as a regular plural. Words with more than one meaning are left
out, so that rather too little is found than something false; other languages are not recognised.
"""

from __future__ import annotations

import re

CATEGORIES: dict[str, str] = {
    "people": """
        person people man men woman women boy girl child children kid baby adult crowd player worker rider
        cyclist pedestrian face hair beard smile skin arm leg finger human bride groom couple family
    """,
    "animals": """
        animal dog puppy cat kitten bird horse cow sheep goat pig elephant lion tiger bear giraffe zebra monkey
        rabbit fish butterfly insect bee duck chicken owl eagle fox wolf wolves deer squirrel frog snake turtle
    """,
    "buildings": """
        building house church tower castle skyscraper bridge roof facade barn temple cathedral palace cottage
        cabin lighthouse warehouse shop storefront window door balcony staircase chimney
    """,
    "vehicles": """
        car truck bus buses van bicycle bike motorcycle scooter train tram boat ship canoe airplane plane
        aircraft helicopter taxi vehicle tractor
    """,
    "plants": """
        tree flower grass grasses bush bushes hedge leaf leaves plant rose tulip forest garden lawn moss vine
        ivy cactus fern sunflower
    """,
    "food": """
        food fruit vegetable apple banana lemon strawberry strawberries bread cake pizza sandwich sandwiches
        coffee tea wine beer cheese salad soup dessert breakfast meal
    """,
    "landscape": """
        sky skies cloud mountain hill beach beaches sea ocean lake river waterfall desert field meadow island
        horizon valley cliff snow sunset sunrise
    """,
    "text": """
        text word letter sign signage logo caption label headline slogan lettering font inscription billboard
        poster
    """,
    "clothing": """
        shirt t-shirt jacket coat dress dresses skirt trousers jeans hat cap helmet scarf scarves shoe boot
        glove sunglasses glasses suit uniform sweater hoodie
    """,
    "furniture": """
        table chair sofa couch couches bench benches bed desk shelf shelves cupboard cabinet lamp curtain carpet
        rug pillow cushion mirror vase
    """,
}
"""Words by category; irregular plurals stand beside their singulars."""

_WORD = re.compile(r"[a-z]+(?:-[a-z]+)*")
_CATEGORY = {word: name for name, words in CATEGORIES.items() for word in words.split()}


def content_of(instruction: str) -> list[str]:
    """Return the categories that an instruction's words belong to, in the order of :data:`CATEGORIES`.

    Args:
        instruction: An instruction in English.
    """
    words = set(_WORD.findall(instruction.lower()))
    words |= {word.removesuffix("s") for word in words}
    found = {_CATEGORY[word] for word in words & _CATEGORY.keys()}
    return [name for name in CATEGORIES if name in found]
