"""Run under an OpenHTF of its own: COUNT phases of one measurement each, kept by its callback.

Arguments: how many phases, and the folder. Prints the processor time and wall time of the whole
test, callback included, as JSON. Nothing of ledcal is imported here.
"""

import json
import sys
import time

import openhtf
from openhtf.output.callbacks import json_factory
from openhtf.util import console_output, units


def phase(number):
    """Make a phase that measures one value within limits."""

    @openhtf.PhaseOptions(name=f"phase_{number}")
    @openhtf.measures(
        openhtf.Measurement(f"irradiance_{number}")
        .in_range(90.0, 110.0)
        .with_units(units.WATT_PER_SQUARE_METRE)
    )
    def measure(test):
        test.measurements[f"irradiance_{number}"] = 100.0 + number * 1e-6

    return measure


def main():
    """Run the test and print what it cost."""
    count, folder = int(sys.argv[1]), sys.argv[2]
    console_output.CLI_QUIET = True
    test = openhtf.Test(*(phase(number) for number in range(count)), test_name="bench")
    test.configure(name="bench")
    test.add_output_callbacks(json_factory.OutputToJSON(f"{folder}/record.json"))
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    passed = test.execute(test_start=lambda: "S1")
    cpu_s, wall_s = time.process_time() - cpu_s, time.perf_counter() - wall_s
    with open(f"{folder}/record.json", encoding="utf-8") as file:
        kept = sum(len(one["measurements"]) for one in json.load(file)["phases"])
    print(json.dumps({"passed": passed, "kept": kept, "cpu_s": cpu_s, "wall_s": wall_s}))


if __name__ == "__main__":
    main()
