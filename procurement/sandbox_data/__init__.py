"""The sandbox's own world: invented products, companies, notices and deliveries, the same on every machine.

Everything follows from a date and a number, nothing is stored: a day is made when it is first asked for.
"""
