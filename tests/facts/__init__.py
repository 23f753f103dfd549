"""Simulators and connectors beside the providers' own data: `make facts SHARED=<folder>`."""
