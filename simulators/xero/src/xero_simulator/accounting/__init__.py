"""The Accounting API: who may come in, what may be repeated, what is asked and answered."""
