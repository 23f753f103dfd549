"""All SQL of this service: one module per thing, functions of an open transaction.

Statements take whole sets. Whoever calls one that changes anything of a company holds that
company's lock (`companies_store.lock`).
"""
