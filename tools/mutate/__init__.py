# SPDX-License-Identifier: MIT
"""What tools/mutate/run is made of."""
