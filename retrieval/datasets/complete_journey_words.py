"""What the words of The Complete Journey stand for: its source shouts, abbreviates, and cuts off at 30 letters."""

from typing import Final

PHRASES: Final = {
    # commas that the source lost
    "BEERALEMALT LIQUORS": "BEER/ALE/MALT LIQUORS",
    "BEERALE -NON": "BEER/ALE - NON",
    "SAUCESSALSAPICANTEE": "SAUCES/SALSA/PICANTE",
    "SAUCES SALSA PICAN": "SAUCES/SALSA/PICANTE",
    "SPICESSALSAPICKLING": "SPICES/SALSA/PICKLING",
    "BREADINGS COATINGS CRUMBS": "BREADINGS/COATINGS/CRUMBS",
    "PLSTC CTLRYTBLCLTHSTTHPKSST": "PLASTIC CUTLERY/TABLECLOTHS/TOOTHPICKS/STRAWS",
    "JARSLIDSUTENSILSMIS": "JARS/LIDS/UTENSILS",
    "TABLE SALT POPCORN SALTICE C": "TABLE SALT/POPCORN SALT/ICE CREAM SALT",
    "BERRIES CND (BLUBLKRASP)": "CANNED BERRIES (BLUE/BLACK/RASP)",
    "MISC. CND FRUIT (GRAPESFIGSE": "MISC CANNED FRUIT (GRAPES/FIGS)",
    "MISC.CND SEAFOODS (CRABETC)": "MISC CANNED SEAFOOD (CRAB)",
    "PLASTIC WRAP (SARANETC.)": "PLASTIC WRAP",
    "BOURBONWHISKEYSOUR MASHES(OV": "BOURBON/WHISKEY/SOUR MASHES",
    # abbreviations whose letters mean something else elsewhere
    "SGL SV/VEND MACH": "SINGLE SERVE/VENDING MACHINE",
    "SV BEV": "SERVICE BEVERAGE",
    "DL SPEC": "DELI SPECIALTIES",
    "PREP FD": "PREPARED FOOD",
    "PREP FOODS": "PREPARED FOODS",
    "PROD SUPPLIES": "PRODUCE SUPPLIES",
    "QSR FD": "QUICK SERVICE FOOD",
    "COFF SHOP": "COFFEE SHOP",
    "NUT SUPP": "NUTRITION SUPPLEMENTS",
    "FS/WHL/CUT": "FRENCH STYLE/WHOLE/CUT",
    "N/A DEOD SPRAY/GEL DEOD": "NON-AEROSOL DEODORANT SPRAY/GEL",
    "ROLLS/DAN": "ROLLS/DANISH",
    "SOLID/STK": "SOLID/STICK",
    "LIQ&BAR": "LIQUID AND BAR",
    "N/CARB": "NON-CARBONATED",
    "SAL:": "SALADS:",
    "HOMESTYLE ET": "HOMESTYLE",
    "BY-PRODUCTS": "BYPRODUCTS",
    "BREAK N B": "BREAK AND BAKE",
    "- NON EL": "- NON-ELECTRIC",
    "J-HOOKS": "J-HOOK GOODS",
    "JHOOK - ": "J-HOOK ",
    "DVD S": "DVDS",
    "MEN S ": "MEN'S ",
    "CHILDREN S ": "CHILDREN'S ",
}
"""Passages to replace first, in this order."""

PATTERNS: Final = {
    r"\s*(\(42 UNDER|<=).*": " (UNDER 42 PROOF)",
    r"\s*\(O(V[^)]*\)?|VER 50% J[^)]*\))?$": " (OVER 50% JUICE)",
    r"\s*\((50?%? AND U|UN|50?%?$)[^)]*$": " (UP TO 50% JUICE)",
    r"\bUNDER 10$": "UNDER 10% JUICE",
    r"\s*\(EX(C|CE|CP)?\b[^)]*\)?$": "",  # what a type does not hold
    r"\s*\(ONE/N[^)]*$": "",
    r"\bW/O\s*": "WITHOUT ",
    r"\bW/\s*": "WITH ",
}
"""Regular expressions to replace next: endings that recur, cut off at ever another letter, and short forms."""

_SPELLINGS: Final = {
    "accessories": "ACC ACCES ACCESS ACCESSIORES ACCS ACCSS", "additives": "ADDITI", "appliances": "APPL",
    "aseptic": "ASCEPTIC", "bags": "BA BG", "baked": "BKD", "bakery": "BK", "bakeware": "BKNGWARES",
    "bandages": "BNDGES", "bath": "BTH", "beans": "BN", "belly": "BLY", "beverage": "BEV", "beverages": "BEVERAG",
    "boards": "BRDS", "bottle": "BTL", "bottles": "BTLS", "brandy": "BRANDYH", "breaded": "BRD", "breads": "BR",
    "breakfast": "BRKFST", "breast": "BRST", "brisket": "BRSKT", "butter": "BTR", "cake": "CKE",
    "calculators": "CALC", "candles": "CNDLES", "candy": "CNDY", "canned": "CND", "carbonated": "CAR CARB CRBNTD",
    "carpet": "CARPT", "cat food": "CATFD", "cheese": "CHS", "chicken": "CHICK CHIX", "children's": "CHILDRENS",
    "chocolate": "CHOC CHOCOCLATE CHOCOL CHOCOLA", "chop": "CHP", "Christmas": "XMAS", "cigarette": "CIG",
    "cilantro": "CILANTO", "cleaners": "CLEANE", "cleaning": "CLEANG", "cloths": "CLOT", "club": "CLU",
    "cocktails": "CKTLS", "cocoa": "COCO", "coeur": "COUER", "combination": "COMBIN", "concentrate": "CONC",
    "containers": "CONTAINR", "contributions": "CONT", "control": "CNTRL", "cookies": "CKYS COOKI",
    "cooking": "COOKNG", "crackers": "CRACKE CRKR", "creamed": "CRMD", "crostatas": "CRSTDAS", "crystal": "CRYSTL",
    "deodorant": "DEOD", "department": "DEPT", "depilatories": "DIPILATORIES", "dinner": "DNR", "dinners": "DNRS",
    "dips": "DPS", "dishes": "DSH", "disposable": "DISPOSIBLE", "dog food": "DOGFD", "dressing": "DRSNG",
    "drink": "DRNK", "drinking": "DRNKING DRNKNG", "drinks": "DRNKS", "drops": "DRP", "drug": "DRG", "DVDs": "DVDS",
    "economy": "ECONOM", "elastic": "ELSTC", "electrical": "ELECT", "English": "ENG", "exact weight": "EW",
    "expectorants": "XPCTRNT", "fashion": "FASH", "feminine": "FEM", "flank": "FLNK",
    "flavored": "FLAV FLV FLVR FLVRD", "flour": "FLO", "fluorescent": "FLOURSCENT", "food": "FD FDS", "foot": "FT",
    "fresh": "FRE", "fried": "FRD", "Friskies": "FRISKIE", "frozen": "FRZ FRZN", "further": "FRTHR",
    "general merchandise": "GM", "ginger": "GNGR", "ginger ale": "GNG", "goods": "GDS", "ground": "GRND",
    "Halloween": "HALLOWEN", "hand towels": "HT", "handkerchiefs": "HANDKE", "hangers": "HNGRS",
    "health and beauty care": "HBC", "holder": "HLDR", "holiday": "HOLDIAY", "horseradish": "HORSER",
    "hydrocortisone": "HYDROCORTIZONE", "hygiene": "HYGN", "individually wrapped": "IWS", "indoor": "INDR",
    "infant": "INF", "ingredients": "INGRED", "juice": "JCE JU JUI JUIC", "L": "LT", "large": "LRG",
    "laundry": "LNDRY", "layers": "LAY", "less": "LSS", "lighter": "LTR", "liniments": "LINAMENTS", "liquid": "LIQ",
    "liquids": "LIQS", "loaves": "LOAVE", "lozenges": "LOZNG", "lunchmeat": "LNCHMT", "machine": "MACH",
    "manufacturer": "MFG", "marinades": "MARIN MARINA MARINAD", "massagers": "MASSGRS", "mayonnaise": "MAY",
    "meat": "MT", "medicated": "MEDICATE", "memorabilia": "MEMORABLILIA", "men's": "MENS",
    "merchandise": "MDSE MERCH", "metal": "MTL", "microwave": "MW", "milk": "MLK", "mineral": "MNERAL MNR MNRL",
    "mineral water": "MINWTR", "miscellaneous": "MISC", "mix": "MX", "mixes": "MIXS MXS", "multi": "MLT MULT",
    "mustard": "MUSTAR", "mustards": "MUST", "natural": "NAT NATRL", "non-dairy": "NDAIRY", "nutritional": "NTRTNL",
    "occasions": "OCCAS", "organizers": "ORGNZRS", "other": "OTH OTHE OTYHER", "pack": "PAC PK",
    "packaged": "PCKGD PKG PKGD", "patty": "PTTY", "peanut": "PNT PNUT", "Pepperidge": "PEPPERIDG",
    "perennials": "PERRENIALS", "personal": "PERSNL", "physicians": "PHYSICANS", "pickled": "PICKLD PKLD",
    "pickles": "PICKLS", "pictures": "PICTUR", "piece": "PC", "plastic": "PLSTC", "plate": "PLT", "plates": "PLATE",
    "portion": "PORTON", "powder": "PWDR", "powders": "PWDRS", "pre-packed": "PPK PRPCK",
    "pre-portioned": "PREPORTND", "pre-sliced": "PRESLC PRESLCD PRSLC", "premium": "PREM", "prepared": "PREPRD",
    "preschool": "PRESHCOOL", "products": "PROD PRODUC", "protein": "PROTIEN", "punch": "PNCH", "Rainier": "RANIER",
    "random weight": "RW", "ready-to-drink": "RTD", "ready-to-serve": "RTS", "rechargeable": "RECHARABLE",
    "refrigerated": "REFIGERATED REFRGRATD REFRIG", "regular": "REG", "retail": "RETL", "rice": "RIC",
    "rubber": "RBR", "salad": "SALD SLD", "sandwich": "SNDWCH", "sandwiches": "SANDWIC", "sauce": "SCE",
    "sausage": "SAUS", "seafood": "SEAFD", "seasonal": "SNSL", "sections": "SECT", "serve": "SRV", "shank": "SHNK",
    "sheets": "SH", "shellfish": "SHLFSH", "sherbets": "SHERBTS", "shoulder": "SHLDR", "single": "SGL SNGL",
    "single serve": "SS", "slice": "SLC", "snacks": "SNKS", "soft": "SFT", "soluble": "SOULABLE",
    "specialty": "SPEC SPECILATY SPECLTY", "sport": "SPT", "spread": "SPRD", "steak": "STK", "stew": "STW",
    "strips": "STRP", "substitutes": "SUBS", "super": "SUP", "supplements": "SUPP SUPPLEMEN",
    "supplies": "SPLY SUPPPLIES", "support": "SUPRT", "sweet": "SW SWT", "sweetener": "SWE",
    "sweeteners": "SWEETNERS", "syringes": "SYRNGS", "syrup": "SYRP", "tails": "TAILERS", "Tennessee": "TN",
    "than": "THN", "tissues": "TISS", "tortilla": "TORT", "traditional": "TRADITIONA", "trash": "TRSH",
    "undergarments": "UNDERGARMEN", "unsweetened": "UNSWE", "vacuum": "VAC", "vegetable": "VEG", "vending": "VEND",
    "warehouse": "WHS", "waste cans": "WASTECANS", "water": "WAT WATE WTR", "weight": "WT", "whole": "WH WHL",
    "wholesome": "WHLSM", "women's": "WOMENS", "Worcestershire": "WORCHESTER", "wraps": "WRA", "young": "YNG",
}  # fmt: skip

WORDS: Final = {short: meaning for meaning, spellings in _SPELLINGS.items() for short in spellings.split()}
"""What a single word stands for; one that is not here is only put into lower case."""

WHOLE: Final = frozenset({"EXTRUDED", "MONODOSE"})
"""Words that look cut off, since the source never has them anywhere else, but are not."""

KEPT: Final = frozenset({
    "APS", "BBQ", "CD", "CRV", "DEA", "DIY", "DVD", "DXM", "FM", "FTD", "HD", "II", "IQF", "KLR", "LED",
    "MLB", "NFL", "NZ", "OJ", "OTC", "PSE", "QSR", "RTW", "SBT", "SPF", "SPHE", "TV", "USA", "VHS", "X", "XL",
})  # fmt: skip
"""Abbreviations that people write in capitals."""

SMALL: Final = frozenset({
    "a", "an", "and", "at", "by", "for", "from", "in", "lbs", "ml", "of", "on", "or", "than", "the", "to", "with",
    "without",
})  # fmt: skip
"""Words that stand in lower case within a title."""

FRAGMENTS: Final = (
    "ALL", "AND", "ANY", "FOR", "IN", "INCL", "INCLUDI", "INCLUDING", "NOT", "NO", "OF", "OR", "OVER", "THAN",
    "UNDER", "WITH",
)  # fmt: skip
"""Words that promise more than the cut-off source holds: dropped where they end a phrase."""

SIZES: Final = {
    "CTN": "carton", "PT": "1 pt", "QT": "1 qt", "GAL": "1 gal", "L": "1 L", "LB": "1 lb", "DZ": "1 dozen",
    "DOZ": "1 dozen", "PK": "pack", "PCK": "pack", "KIT": "kit", "KIT/EACH": "kit", "CELL PK": "cell pack",
    "LARGE": "large", "LG/XLG": "large/extra large", "MED": "medium", "MED.": "medium", "MEDIUM": "medium",
    "SMALL": "small", "SML": "small", "SM/MED": "small/medium", "MINI": "mini", "KING": "king size",
    "QUEEN": "queen size", "PK-KING": "king size pack", "TALL": "tall", "X-LARGE": "extra large",
    "HALF GAL": "1/2 gal", "ONE SIZE": "one size", "SOFT": "soft",
}  # fmt: skip
"""Package sizes without a number. Others of that sort are codes of the source, and are left out."""

UNITS: Final = {
    "L": "L", "LT": "L", "LRT": "L", "LTR": "L", "Z": "oz", "OZS": "oz", "GA": "gal", "GM": "g", "GS": "g",
    "DZ": "dozen", "DZN": "dozen", "DOZ": "dozen", "CP": "cup", "LD": "loads", "LDS": "loads", "LOAD": "loads",
    "PC": "pieces", "PCS": "pieces", "PK": "pack", "PKS": "packs", "CTN": "carton", "BTL": "bottle",
    "PET": "bottle", "NR": "bottle", "P": "pack", "LG": "large", "LRG": "large", "MED": "medium", "SML": "small",
    "PLST": "plastic", "AEROS": "aerosol", "REFIL": "refill",
}  # fmt: skip
"""How a unit is written; others are only put into lower case."""
