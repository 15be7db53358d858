"""`make bench`: every benchmark of this folder, each a JSON document on a line of its own."""

import importlib
import pkgutil

import benchmarks


def main() -> None:
    for module in pkgutil.iter_modules(benchmarks.__path__):
        if module.name.startswith("bench_"):
            importlib.import_module(f"benchmarks.{module.name}").main()


if __name__ == "__main__":
    main()
