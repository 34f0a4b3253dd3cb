"""Words that are found on signs, in four languages; what is not here cannot be translated offline."""

from __future__ import annotations

LANGUAGES = ("spanish", "french", "german", "italian")
"""In the order of the columns below."""

WORDS: dict[str, tuple[str, str, str, str]] = {
    "open": ("abierto", "ouvert", "geöffnet", "aperto"),
    "closed": ("cerrado", "fermé", "geschlossen", "chiuso"),
    "welcome": ("bienvenidos", "bienvenue", "willkommen", "benvenuti"),
    "exit": ("salida", "sortie", "ausgang", "uscita"),
    "entrance": ("entrada", "entrée", "eingang", "ingresso"),
    "hotel": ("hotel", "hôtel", "hotel", "hotel"),
    "bakery": ("panadería", "boulangerie", "bäckerei", "panetteria"),
    "bread": ("pan", "pain", "brot", "pane"),
    "coffee": ("café", "café", "kaffee", "caffè"),
    "tea": ("té", "thé", "tee", "tè"),
    "market": ("mercado", "marché", "markt", "mercato"),
    "restaurant": ("restaurante", "restaurant", "restaurant", "ristorante"),
    "bookshop": ("librería", "librairie", "buchhandlung", "libreria"),
    "books": ("libros", "livres", "bücher", "libri"),
    "library": ("biblioteca", "bibliothèque", "bibliothek", "biblioteca"),
    "pharmacy": ("farmacia", "pharmacie", "apotheke", "farmacia"),
    "school": ("escuela", "école", "schule", "scuola"),
    "museum": ("museo", "musée", "museum", "museo"),
    "theatre": ("teatro", "théâtre", "theater", "teatro"),
    "station": ("estación", "gare", "bahnhof", "stazione"),
    "airport": ("aeropuerto", "aéroport", "flughafen", "aeroporto"),
    "police": ("policía", "police", "polizei", "polizia"),
    "hospital": ("hospital", "hôpital", "krankenhaus", "ospedale"),
    "bank": ("banco", "banque", "bank", "banca"),
    "post office": ("correos", "poste", "postamt", "poste"),
    "flowers": ("flores", "fleurs", "blumen", "fiori"),
    "ice cream": ("helado", "glace", "eis", "gelato"),
    "fish": ("pescado", "poisson", "fisch", "pesce"),
    "cheese": ("queso", "fromage", "käse", "formaggio"),
    "wine": ("vino", "vin", "wein", "vino"),
    "beer": ("cerveza", "bière", "bier", "birra"),
    "water": ("agua", "eau", "wasser", "acqua"),
    "fresh": ("fresco", "frais", "frisch", "fresco"),
    "sale": ("rebajas", "soldes", "ausverkauf", "saldi"),
    "free": ("gratis", "gratuit", "kostenlos", "gratis"),
    "stop": ("alto", "arrêt", "halt", "alt"),
    "danger": ("peligro", "danger", "gefahr", "pericolo"),
    "push": ("empuje", "poussez", "drücken", "spingere"),
    "pull": ("tire", "tirez", "ziehen", "tirare"),
    "no smoking": ("prohibido fumar", "défense de fumer", "rauchen verboten", "vietato fumare"),
    "no parking": ("prohibido aparcar", "stationnement interdit", "parken verboten", "divieto di sosta"),
    "parking": ("aparcamiento", "parking", "parkplatz", "parcheggio"),
    "toilets": ("aseos", "toilettes", "toiletten", "servizi"),
    "information": ("información", "informations", "auskunft", "informazioni"),
    "ticket": ("billete", "billet", "fahrkarte", "biglietto"),
    "beach": ("playa", "plage", "strand", "spiaggia"),
    "garden": ("jardín", "jardin", "garten", "giardino"),
    "street": ("calle", "rue", "straße", "via"),
    "house": ("casa", "maison", "haus", "casa"),
    "new": ("nuevo", "nouveau", "neu", "nuovo"),
    "today": ("hoy", "aujourd'hui", "heute", "oggi"),
    "good morning": ("buenos días", "bonjour", "guten morgen", "buongiorno"),
    "thank you": ("gracias", "merci", "danke", "grazie"),
    "happy birthday": ("feliz cumpleaños", "joyeux anniversaire", "alles gute", "buon compleanno"),
}
"""By the English word, in lower case."""


def translate(words: str, language: str) -> str | None:
    """Return the translation of English words in their own letter case, or None if they are not in the glossary.

    Args:
        words: English, e.g. "OPEN", "Open" or "no smoking".
        language: One of :data:`LANGUAGES`.
    """
    row = WORDS.get(" ".join(words.lower().split()))
    if row is None or language not in LANGUAGES:
        return None
    found = row[LANGUAGES.index(language)]
    if found == words.lower():
        return None
    return found.upper() if words.isupper() else found.capitalize() if words[:1].isupper() else found
