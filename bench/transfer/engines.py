"""Docker engines whose stores have the images: 20.10 as it runs here, 26.1 started for the race and ended after it."""

import os
import shutil
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

from bench.processes import started, undisturbed
from bench.transfer.payloads import TAG


class Engine:
    """One engine by its client. With `begun` end what was loaded, and a daemon that was started here."""

    def __init__(self, begun: ExitStack, version: str, base: Path) -> None:
        self._base, self._pid = base, 0
        self._loaded: dict[str, str] = {}
        self._own: set[str] = set()  # names that images were loaded under
        self._named: set[str] = set()
        self.variables: dict[str, str] = {}
        self._client = "docker" if version == "20.10" else "docker-26"
        if version != "20.10":
            self._start(begun)
        begun.callback(self._tidy)

    def load(self, layout: Path) -> str:
        """Put the image of a layout into the store; its id."""
        if str(layout) not in self._loaded:
            archive = self._base / "archive.tar"
            name = f"race{os.getpid()}/{layout.name.lower()}:{TAG}"  # of several races at once each has its own
            copy = ["skopeo", "copy", "-q", "--insecure-policy"]
            subprocess.run([*copy, f"oci:{layout}:{TAG}", f"docker-archive:{archive}:{name}"], check=True)
            self._own.add(name)
            self._docker("load", "-q", "-i", str(archive))
            archive.unlink()
            self._loaded[str(layout)] = self._docker("image", "inspect", "--format", "{{.Id}}", name)
        return self._loaded[str(layout)]

    def name(self, image_id: str, name: str) -> None:
        """Give an image a name to push it by."""
        self._named.add(name)
        self._docker("tag", image_id, name)

    def forget(self) -> None:
        """Take all names that were given away."""
        if self._named:
            self._asked("rmi", *self._named)
            self._named.clear()

    def cost(self) -> dict[str, float]:
        """CPU seconds of the daemon and its children so far, and its peak of memory in MB since the last `reset`."""
        ticks, peak = 0, 0.0
        for pid in self._pids():
            try:
                ticks += sum(
                    int(each) for each in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:15]
                )
                status = Path(f"/proc/{pid}/status").read_text()
            except OSError:
                continue
            peak += sum(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1000
        return {"cpu": ticks / os.sysconf("SC_CLK_TCK"), "peak": peak}

    def reset(self) -> None:
        """Forget the peak of memory."""
        for pid in self._pids():
            Path(f"/proc/{pid}/clear_refs").write_text("5")

    def _tidy(self) -> None:
        self.forget()
        if self._own:
            self._asked("rmi", *self._own)

    def _docker(self, *words: str) -> str:
        done = self._asked(*words)
        if done.returncode:
            raise SystemExit(f"{self._client} {' '.join(words)}: {done.stderr}")
        return done.stdout.strip()

    def _asked(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._client, *words], env=os.environ | self.variables, capture_output=True, text=True, check=False
        )

    def _pids(self) -> list[str]:
        """The daemon and what it started."""
        first = self._pid or int(Path("/var/run/docker.pid").read_text())
        children = Path(f"/proc/{first}/task/{first}/children")
        return [str(first), *(children.read_text().split() if children.exists() else ())]

    def _start(self, begun: ExitStack) -> None:
        """A daemon with everything of its own, beside whatever else runs here: its bridge too, for a daemon without one
        removes everybody's."""
        home, bridge = self._base / "docker-26", f"race{os.getpid() % 100000}"
        home.mkdir()
        # one that is ended while it starts leaves its own directory mounted
        begun.callback(_tried, "umount", f"{home}/data")
        with undisturbed():
            subprocess.run(["ip", "link", "add", bridge, "type", "bridge"], check=True)
            begun.callback(_tried, "ip", "link", "delete", bridge)
        subprocess.run(["ip", "addr", "add", "10.213.77.1/24", "dev", bridge], check=True)
        program = Path(str(shutil.which("dockerd-26"))).resolve()
        beside = [str(each) for each in program.parents[3].glob("*/usr/*bin")]  # containerd and runc of its own age
        self.variables = {"DOCKER_HOST": f"unix://{home}/socket"}
        daemon = started(
            [
                str(program), "--host", f"unix://{home}/socket", "--data-root", f"{home}/data",
                "--exec-root", f"{home}/exec", "--pidfile", f"{home}/pid", "--iptables=false",
                "--ip-forward=false", "--bridge", bridge,
            ],
            home / "log",
            begun,
            os.environ | {"PATH": ":".join([*beside, os.environ["PATH"]])},
        )  # fmt: skip
        self._pid = daemon.pid
        for _ in range(150):
            if self._asked("version").returncode == 0:
                return
            time.sleep(0.2)
        raise SystemExit(f"the engine does not start:\n{(home / 'log').read_text()[-2000:]}")


def _tried(*words: str) -> None:
    subprocess.run(words, capture_output=True, check=False)
