"""The accounting API of one company: `/v3/company/{realmId}/…`."""
