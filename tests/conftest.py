"""What holds for every test. It starts nothing."""

from hypothesis import HealthCheck, settings

# How long one example takes says more about what else the machine is doing than about the code.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
