"""Ports: what the inside needs of the outside, as small Protocols. Adapters satisfy them without importing these."""
