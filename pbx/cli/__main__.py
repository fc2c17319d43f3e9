"""`python -m pbx.cli` is `secondline`."""

import sys

from pbx.cli import main

sys.exit(main())
