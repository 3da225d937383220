"""The published schemas say what the loaders take, asked by check-jsonschema as an editor or CI would."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ecr_publish.config.loader import load
from ecr_publish.config.schema import schema as config_schema
from ecr_publish.errors import ConfigError
from ecr_publish.local.seed import schema as seed_schema

ROOT = Path(__file__).parents[3]
HEAD = "environments: { dev: { account: '111111111111', region: us-east-2 } }\n"
GOOD = [
    HEAD + "images: { web: { repository: a/b } }\n",
    HEAD + "images: { web: { repository: a/b, build: . } }\n",
    HEAD + "images: { web: { repository: a/b, build: { context: ., args: { A: 1.10 } }, tags: [1.10] } }\n",
    HEAD + "images: { web: { repository: a/b, build: { layout: x, reference: y } } }\n",
    HEAD + "images: { web: { repository: a/b, build: { files: [{ from: a, to: /b, mode: '0755' }], expose: 80 } } }\n",
    HEAD + "images: { web: { repository: a/b, build: { builder: buildx, anything: [1] } } }\nplugins: [x]\n",
    "environments: { pub: { registry: public, alias: me }, lab: { registry: 'localhost:5000' } }\n"
    "images: { web: { repository: a/b } }\n",
    HEAD + "images: { web: { repository: a/b, environments: { dev: { repository: c/d } } } }\n"
    "scan: { timeout: 5m, fail-on: { low: 3 } }\ndefaults: { build: { platforms: [linux/amd64] } }\n",
    HEAD.replace("} }", "}, p: { region: eu-west-1 , role: 'arn:aws:iam::222222222222:role/x' } }")
    + "images: { web: { repository: a/b } }\n"
    "promote: [{ from: dev, to: p, unscannable: { allow: why }, when: { tag: 'v*' }, require: { gates: [g] } }]\n",
]
BAD = [
    HEAD,
    HEAD + "images: {}\n",
    HEAD + "images: { web: { repositry: a/b } }\n",
    HEAD + "images: { web: { repository: A } }\n",
    HEAD.replace("region", "regon") + "images: { web: { repository: a/b } }\n",
    HEAD + "images: { web: { repository: a/b, build: { files: [{ from: a }] } } }\n",
    HEAD + "images: { web: { repository: a/b } }\nscan: { timeout: soon }\n",
    HEAD + "images: { web: { repository: a/b } }\nscan: { fail-on: { untriaged: 1 } }\n",
    HEAD + "images: { web: { repository: a/b } }\npromote: [{ from: dev, to: dev, gate: maybe }]\n",
    HEAD + "images: { web: { repository: a/b } }\nversion: 2\n",
    HEAD + "images: { web: { repository: a/b } }\nrepositories: {}\n",
]


def valid(tmp_path: Path, schema: dict, *texts: str) -> list[bool]:
    """Whether check-jsonschema takes each text."""
    (tmp_path / "schema.json").write_text(json.dumps(schema))
    files = []
    for number, text in enumerate(texts):
        files.append(tmp_path / f"{number}.yaml")
        files[-1].write_text(text)
    command = [sys.executable, "-m", "check_jsonschema", "--schemafile", str(tmp_path / "schema.json"), "-o", "json"]
    done = subprocess.run([*command, *map(str, files)], capture_output=True, text=True, check=False)
    broken = {error["filename"] for error in json.loads(done.stdout)["errors"]}
    return [str(file) not in broken for file in files]


def loads(text: str) -> bool:
    try:
        load(text, "f.yaml")
    except ConfigError:
        return False
    return True


def test_what_loads_is_valid_and_what_does_not_is_not(tmp_path):
    assert [loads(text) for text in GOOD] == [True] * len(GOOD)
    assert [loads(text) for text in BAD] == [False] * len(BAD)
    assert valid(tmp_path, config_schema(), *GOOD) == [True] * len(GOOD)
    assert valid(tmp_path, config_schema(), *BAD) == [False] * len(BAD)


def test_the_shipped_examples_are_valid(tmp_path):
    texts = [path.read_text() for path in sorted(ROOT.glob("examples/*/ecr-publish.yaml"))]
    assert texts
    assert all(valid(tmp_path, config_schema(), *texts))


def test_a_seed_file_is_checked_by_its_schema(tmp_path):
    good = "findings: [{ id: CVE-1, severity: HIGH }]\n"
    good += "repositories: [{ account: '111111111111', region: us-east-2, name: a/b }]\n"
    assert valid(tmp_path, seed_schema(), good, "findings: [{ id: CVE-1 }]\n", "seeds: []\n") == [True, False, False]


@pytest.mark.parametrize("name", ["config", "seed", "result", "report"])
def test_every_schema_is_printed_and_is_a_schema(tmp_path, name):
    done = subprocess.run(
        [sys.executable, "-m", "ecr_publish", "schema", name], capture_output=True, text=True, check=True
    )
    (tmp_path / "s.json").write_text(done.stdout)
    command = [sys.executable, "-m", "check_jsonschema", "--check-metaschema", str(tmp_path / "s.json")]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
