"""`/_sim/*`: what a test, or a person, does to the simulator beside the provider's own paths."""
