"""What holds for every test: nothing is judged by how long it takes."""

from hypothesis import settings

settings.register_profile("ledcal", deadline=None)
settings.load_profile("ledcal")
