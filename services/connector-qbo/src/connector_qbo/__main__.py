"""`python -m connector_qbo run` serves the roles of ROLES (all), `migrate` makes the tables."""

import sys

from connector_kit.app import main

from connector_qbo.app import PACKAGE, QBO

if __name__ == "__main__":
    sys.exit(main(QBO, PACKAGE, sys.argv[1:]))
