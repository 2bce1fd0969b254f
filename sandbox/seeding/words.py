"""The vocabulary of the seeded names, with the accents, marks and ampersands of real ones."""

from __future__ import annotations


def _listed(text: str) -> list[str]:
    return text.split("|")


FIRST_NAMES = _listed(
    "Zoë|Åsa|Bjørn|Łucja|François|Jürgen|Inés|Siobhán|Dáithí|Márta|Øyvind|Çiğdem|Anaïs|Ruža|Tomáš|Noël|Maëlle|Þóra|"
    "Ida|Hugo|Lena|Pavel|Greta|Milo|Nora|Anton|Vera|Emil|Clara|Jonas|Mira|Oskar|Paula|Felix|Edda|Rafael|Selma|Theo"
)
LAST_NAMES = _listed(
    "O'Dowd|D'Aquino|Lindqvist|Müller-Brandt|Škvorecký|Núñez|Grönlund|Çelik|Bāliņa|Wójcik|Van't Hoff|Fährmann|"
    "Béranger|Östlund|Kovačević|L'Estrange|Ó Murchú|Sørbye|Weißenfels|Haug|Pellegrin|Tamm|Roth|Visser|Novak|Baird|"
    "Keller|Marsh|Fontaine|Adler|Quist|Salvi|Brandt|Holm|Ferrer|Lang"
)
FIRMS = _listed(
    "Brûlé & Söhne|Nordlicht Handel|Café Tivoli|Oak & Anchor|Atelier Grün|Kopp <Design>|Fjord Supply|Maison d'Été|"
    "Hôtel du Lac|Zum Goldenen Bären|Lumière & Fils|Blåbär Kontor"
)
FIRM_FORMS = _listed("GmbH|AG|SARL|AB|Ltd.|& Co. KG")

TOWNS = (
    ("DE", "Görlitz", "02826"), ("DE", "Erfurt", "08045"), ("DE", "Köln", "50667"), ("DE", "Lübeck", "23552"),
    ("FR", "Bourg-en-Bresse", "01000"), ("FR", "Nîmes", "30000"), ("CH", "Zürich", "8001"), ("CH", "Genève", "1201"),
    ("SE", "Malmö", "211 20"), ("PL", "Łódź", "90-001"), ("IE", "Dún Laoghaire", "A96 X4C2"), ("PT", "Évora", "7000"),
)  # fmt: skip
LANGUAGES = {"DE": "de", "FR": "fr", "CH": "de", "SE": "sv", "PL": "pl", "IE": "en", "PT": "pt"}
STREETS = _listed("Lindenstraße|Rue de l'Église|Hafenweg|Storgatan|Quai des Brumes|Am Mühlgraben|High Street|Rua Áurea")

FINISHES = _listed("Quiet|Copper|Walnut|Linen|Blue|Smoked|Crème|Ash|Amber|Felt|Jasper|Raw|Nordic|Café|Slate|Moss")
THINGS = (
    ("Lamp", "light"), ("Sconce", "light"), ("Lantern", "light"), ("Kettle", "kitchen"), ('12" Wok', "kitchen"),
    ("Pâtissier's Whisk", "kitchen"), ("Carafe", "kitchen"), ("Armchair", "seating"), ("Stool", "seating"),
    ("Bench", "seating"), ("Throw", "textile"), ("Cushion", "textile"), ("Rug", "textile"), ("Bookend", "desk"),
    ("Pen Tray", "desk"), ("Inkwell", "desk"),
)  # fmt: skip
CATEGORIES = tuple(dict.fromkeys(category for _, category in THINGS))

HEADLINES = _listed(
    "Better than it looks|Would buy again|Arrived with a scratch|My third one|Solid & simple|Not for small rooms|"
    "Très bien|A gift that landed|Fine, but pricey|Sehr schön"
)
REMARKS = _listed(
    "We use it every day.|The finish wears off at the corner.|Delivery took two weeks, the thing itself is lovely.|"
    "Heavier than expected; that's good.|The colour differs from the photo.|It squeaked until I oiled it.|"
    "Mine came without the screws, service sent them at once."
)
