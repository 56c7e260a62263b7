"""The parts that are compiled where a C compiler is at hand: the pass over raw bytes and the reading of Kafka's record batches
(x86-64), and reading many files at once.

Everything else stands in pyproject.toml. Without a compiler the installation goes on, and everything goes the way in Python,
which finds the same, slower; `trailwarden --version` says whether the pass is at work.
"""

import platform

from setuptools import Extension, setup

SCAN = Extension(
    "trailwarden.decode._scan",
    sources=["src/trailwarden/decode/_scan.c"],
    depends=[f"src/trailwarden/decode/_scan_{part}.h" for part in ("walk", "survey", "wanted", "payload")],
    extra_compile_args=["-O3", "-Wall", "-Wextra", "-Werror=implicit"],
    define_macros=[("_FORTIFY_SOURCE", "2")],
    libraries=["dl"],  # part of the C library since glibc 2.34; before that by itself
    py_limited_api=True,
    optional=True,
)

FILES = Extension(
    "trailwarden.sources._files",
    sources=["src/trailwarden/sources/_files.c"],
    extra_compile_args=["-O2", "-Wall", "-Wextra", "-Werror=implicit"],
    define_macros=[("_FORTIFY_SOURCE", "2"), ("_GNU_SOURCE", "1")],
    py_limited_api=True,
    optional=True,
)

KAFKA = Extension(
    "trailwarden.sources._kafka_records",
    sources=["src/trailwarden/sources/_kafka_records.c"],
    depends=[f"src/trailwarden/sources/_kafka_{part}.h" for part in ("batch", "room")],
    extra_compile_args=["-O3", "-Wall", "-Wextra", "-Werror=implicit"],
    define_macros=[("_FORTIFY_SOURCE", "2")],
    libraries=["dl"],
    py_limited_api=True,
    optional=True,
)

setup(
    ext_modules=[FILES, KAFKA, SCAN] if platform.machine().lower() in ("x86_64", "amd64") else [FILES],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
