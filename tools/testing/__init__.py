# SPDX-License-Identifier: MIT
"""What tools/test and tools/matrix are made of."""
