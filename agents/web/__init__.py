"""The experience layer: pages and JSON for finance, operators and auditors; it reads tables and never writes one."""
