"""Finds adverts that offer the same unit: blocking, scored comparison, constrained clustering. Pure; numpy on use.

`DuplicateIndex` holds adverts and answers clusters; adding adverts one by one ends in the same clusters as adding
them all at once, in any order. `Decision`s of people (same, different) always win over scores.
"""

from properties.dedup.advert import Advert, Decision, advert_of
from properties.dedup.explain import Comparison, compare
from properties.dedup.index import DuplicateIndex, Question
from properties.dedup.rules import AUTO, REVIEW

__all__ = ["AUTO", "REVIEW", "Advert", "Comparison", "Decision", "DuplicateIndex", "Question", "advert_of", "compare"]
