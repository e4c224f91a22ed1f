"""Wires: what carries requests in and reports out. A wire knows the bridge; the bridge knows no wire."""
