"""Geohash cells of a bounding box (public domain algorithm by G. Niemeyer, 2008)."""

from __future__ import annotations

ALPHABET = "0123456789bcdefghjkmnpqrstuvwxyz"


def encode(latitude: float, longitude: float, precision: int) -> str:
    """Geohash of a point."""
    south, north, west, east = -90.0, 90.0, -180.0, 180.0
    cell, bits, value, is_longitude = "", 0, 0, True
    while len(cell) < precision:
        low, high, point = (west, east, longitude) if is_longitude else (south, north, latitude)
        middle = (low + high) / 2
        upper = point >= middle
        if is_longitude:
            west, east = (middle, east) if upper else (west, middle)
        else:
            south, north = (middle, north) if upper else (south, middle)
        value, bits, is_longitude = value * 2 + upper, bits + 1, not is_longitude
        if bits == 5:
            cell, bits, value = cell + ALPHABET[value], 0, 0
    return cell


def cells_of_box(box: tuple[float, float, float, float], precision: int) -> list[str]:
    """Cells that cover (south, west, north, east), each once."""
    south, west, north, east = box
    longitude_bits, latitude_bits = (precision * 5 + 1) // 2, precision * 5 // 2
    step_north, step_east = 180 / 2**latitude_bits, 360 / 2**longitude_bits
    cells: list[str] = []
    latitude = south
    while latitude <= north + step_north:
        longitude = west
        while longitude <= east + step_east:
            cells.append(encode(min(latitude, north), min(longitude, east), precision))
            longitude += step_east
        latitude += step_north
    return list(dict.fromkeys(cells))
