"""`python -m connector_freshbooks run` serves the roles of ROLES, `migrate` makes the tables."""

import sys

from connector_kit.app import main

from connector_freshbooks.app import PACKAGE, provider_for
from connector_freshbooks.settings import FreshbooksSettings

if __name__ == "__main__":
    sys.exit(main(provider_for(FreshbooksSettings()), PACKAGE, sys.argv[1:]))
