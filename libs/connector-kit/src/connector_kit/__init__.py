"""Lanes, requests and ledger, budgets, grants, transport and OAuth routes of a connector."""
