# SPDX-License-Identifier: MIT
"""Experiments: what is run (tests/experiments/), results, and what is made of them."""
