# Copyright 2026 The Selfsame Authors
# SPDX-License-Identifier: Apache-2.0

"""Runs one peer on one workload in its own process: python -m peers ENGINE WORKLOAD INPUT LABELS OUT."""

import importlib
import sys

engine, workload, source, labels, out = sys.argv[1:]
getattr(importlib.import_module(f"peers.with_{engine}"), workload)(source, labels, out)
