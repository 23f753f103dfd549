"""Decisions, as pure functions over frozen data: no clock, no database, no bus.

`deciding.decide(job, fact, situation)` says which events follow, `evolving.evolve(job, event)` what
they make of the job, and `round.Round` carries one transaction's facts through all jobs they touch.
"""
