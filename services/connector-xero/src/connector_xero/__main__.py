"""`python -m connector_xero run` serves the roles of ROLES (all), `migrate` makes the tables."""

import sys

from connector_kit.app import main

from connector_xero.app import PACKAGE, XERO

if __name__ == "__main__":
    sys.exit(main(XERO, PACKAGE, sys.argv[1:]))
