"""A coverage-guided fuzzer (atheris, libFuzzer) on all that reads what somebody else wrote. Ten minutes, if it is there.

``pip install atheris`` first; it has wheels for few Pythons, so nothing else here needs it. What it finds is an
exception that is none of ours, an input that takes more than ten seconds, or more than two gigabytes.
"""

import os
import re
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from figures import record

SECONDS = 600
ROOT = Path(__file__).parents[2]


def run(seconds: int = SECONDS) -> None:
    """Let the fuzzer look for so long, and tell what it saw."""
    if find_spec("atheris") is None:
        print("guided: atheris is not installed; pip install atheris")
        return
    with tempfile.TemporaryDirectory() as base:
        corpus = Path(base) / "corpus"
        corpus.mkdir()
        limits = ["-timeout=10", "-rss_limit_mb=2048", "-max_len=8192", f"-max_total_time={seconds}"]
        command = [sys.executable, __file__, *limits, f"-artifact_prefix={base}/", str(corpus)]
        paths = [str(ROOT), str(ROOT / "tests"), str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "TMPDIR": base}
        ended = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        told = ended.stderr + ended.stdout
        rows = re.findall(r"#(\d+)\s+\w+\s+cov: (\d+) ft: (\d+) corp: (\d+)", told) or [("0", "0", "0", "0")]
        runs, coverage, features, kept = map(int, rows[-1])
        bad = [path.name for path in Path(base).glob("*-*") if path.is_file() and "guided-" not in path.name]
        record(
            "guided fuzzing",
            {"seconds": seconds, "limits": limits[:3]},
            {"inputs": runs, "coverage": coverage, "features": features, "corpus": kept, "findings": len(bad)},
        )
        if ended.returncode:
            print(told[-4_000:])
            for name in bad:
                print(name, (Path(base) / name).read_bytes()[:400])


if __name__ == "__main__":  # the fuzzer's own process: everything that is imported from here on tells which way it went
    import atheris

    with atheris.instrument_imports(include=["daw_bridge", "plugin_host", "tomllib"]):
        import readers
    readers.seeds(Path(sys.argv[-1]))
    atheris.Setup(sys.argv, readers.one)
    atheris.Fuzz()
