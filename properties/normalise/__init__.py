"""Pure normalisation of Korean property adverts: text and codes of any platform become one typed listing.

Nothing here imports Django or touches the network; every function can be replayed over stored raw payloads.
"""

from properties.normalise.addresses import Address, parse_address
from properties.normalise.areas import Areas, from_pyeong, parse_area, reconcile_areas, to_pyeong
from properties.normalise.codes import Direction, FloorBand, PropertyType, Status, Trade
from properties.normalise.dates import parse_date, parse_moment
from properties.normalise.directions import parse_direction
from properties.normalise.floors import Floor, parse_floor
from properties.normalise.listing import Listing, RawAdvert, normalise_advert
from properties.normalise.names import ComplexName, parse_building_dong, parse_complex_name
from properties.normalise.personal import scrub
from properties.normalise.prices import Price, parse_amount, parse_price
from properties.normalise.regions import Region, Regions, regions

__all__ = [
    "Address",
    "Areas",
    "ComplexName",
    "Direction",
    "Floor",
    "FloorBand",
    "Listing",
    "Price",
    "PropertyType",
    "RawAdvert",
    "Region",
    "Regions",
    "Status",
    "Trade",
    "from_pyeong",
    "normalise_advert",
    "parse_address",
    "parse_amount",
    "parse_area",
    "parse_building_dong",
    "parse_complex_name",
    "parse_date",
    "parse_direction",
    "parse_floor",
    "parse_moment",
    "parse_price",
    "reconcile_areas",
    "regions",
    "scrub",
    "to_pyeong",
]
