# SPDX-License-Identifier: MIT
"""What the static checks of tools/check-* share."""
