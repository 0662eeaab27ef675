"""What turns a bare machine into a running product: embedded services, processes, health.

Nothing in here needs a configured Django; the views in `health` are the only exception.
"""
