"""Docker engines whose stores have the images: 20.10 as it runs here, 26.1 started for the race and ended after it."""

import os
import shutil
import subprocess
import time
from pathlib import Path

from bench.transfer.payloads import TAG


class Engine:
    """One engine by its client. `close` removes what was loaded, and ends the daemon if it was started here."""

    def __init__(self, version: str, base: Path) -> None:
        self._version, self._base = version, base
        self._daemon: subprocess.Popen[bytes] | None = None
        self._loaded: dict[str, str] = {}
        self.environment: dict[str, str] = {}
        self.client = "docker"
        if version != "20.10":
            self.client = "docker-26"
            self._start()

    def load(self, layout: Path) -> str:
        """Put the image of a layout into the store; its id."""
        if layout.name not in self._loaded:
            archive = self._base / "archive.tar"
            name = f"race/{layout.name.lower()}:{TAG}"
            copy = ["skopeo", "copy", "-q", "--insecure-policy"]
            subprocess.run([*copy, f"oci:{layout}:{TAG}", f"docker-archive:{archive}:{name}"], check=True)
            self._docker("load", "-q", "-i", str(archive))
            archive.unlink()
            self._loaded[layout.name] = self._docker("image", "inspect", "--format", "{{.Id}}", name)
        return self._loaded[layout.name]

    def name(self, image_id: str, name: str) -> None:
        """Give an image a name to push it by."""
        self._docker("tag", image_id, name)

    def forget(self, name: str) -> None:
        """Take the name away."""
        self._docker("rmi", name)

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

    def close(self) -> None:
        """Remove and end."""
        for name in self._loaded:
            self._docker("rmi", f"race/{name.lower()}:{TAG}")
        if self._daemon is not None:
            self._daemon.terminate()
            self._daemon.wait(30)
            subprocess.run(["ip", "link", "delete", self._bridge], check=True)

    def _docker(self, *words: str) -> str:
        done = self._asked(*words)
        if done.returncode:
            raise SystemExit(f"{self.client} {' '.join(words)}: {done.stderr}")
        return done.stdout.strip()

    def _asked(self, *words: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | self.environment
        return subprocess.run([self.client, *words], env=environment, capture_output=True, text=True, check=False)

    def _pids(self) -> list[str]:
        """The daemon and what it started."""
        if self._daemon is not None:
            first = str(self._daemon.pid)
        else:
            first = Path("/run/docker.pid" if Path("/run/docker.pid").exists() else "/var/run/docker.pid").read_text()
        children = Path(f"/proc/{first}/task/{first}/children")
        return [first, *(children.read_text().split() if children.exists() else ())]

    def _start(self) -> None:
        """A daemon with everything of its own, beside whatever else runs here: its bridge too, for a daemon without one
        removes everybody's."""
        home = self._base / "docker-26"
        home.mkdir()
        self._bridge = f"race{os.getpid() % 100000}"
        subprocess.run(["ip", "link", "add", self._bridge, "type", "bridge"], check=True)
        subprocess.run(["ip", "addr", "add", "10.213.77.1/24", "dev", self._bridge], check=True)
        program = Path(str(shutil.which("dockerd-26"))).resolve()
        beside = [str(each) for each in program.parents[3].glob("*/usr/*bin")]  # containerd and runc of its own age
        self.environment = {"DOCKER_HOST": f"unix://{home}/socket"}
        with (home / "log").open("wb") as log:
            self._daemon = subprocess.Popen(
                [
                    str(program), "--host", f"unix://{home}/socket", "--data-root", f"{home}/data",
                    "--exec-root", f"{home}/exec", "--pidfile", f"{home}/pid", "--iptables=false",
                    "--ip-forward=false", "--bridge", self._bridge,
                ],
                env=os.environ | {"PATH": ":".join([*beside, os.environ["PATH"]])}, stdout=log, stderr=log,
            )  # fmt: skip
        for _ in range(150):
            if self._asked("version").returncode == 0:
                return
            time.sleep(0.2)
        raise SystemExit(f"the engine does not start:\n{(home / 'log').read_text()[-2000:]}")
