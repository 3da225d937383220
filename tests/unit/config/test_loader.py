"""ecr-publish.yaml is read as written, and everything wrong in it is told at once with its place."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ecr_publish.config.loader import load
from ecr_publish.config.printed import printed
from ecr_publish.errors import ConfigError, ConfigErrors

GOOD = """\
version: 1
environments:
  dev:     { account: 012345678901, region: us-east-2 }
  staging: { account: "222222222222", region: us-east-2, role: arn:aws:iam::222222222222:role/ecr-publish }
  prod:    { account: "333333333333", regions: [us-east-2, eu-west-1], role: arn:aws:iam::333333333333:role/x }
defaults:
  build: { platforms: [linux/amd64, linux/arm64], args: { A: 1.10, B: low } }
  tags:
    - type=semver,pattern={{version}}
images:
  web:
    repository: twtech/web-app
    build: { context: ., args: { B: high } }
    tags:
      - 1.10
  tool: { repository: twtech/tool, build: { layout: out/tool } }
scan: { timeout: 15m, fail-on: { critical: 0, high: 3 } }
promote:
  - { from: dev, to: staging, gate: advisory, tags: "v*" }
  - { from: staging, to: prod, when: { tag: "v*" }, unscannable: { allow: "static" } }
"""
SMALLEST = """\
environments: { dev: { region: us-east-2 } }
images:
  web: { repository: team/web, build: . }
"""


def errors(text: str | bytes) -> list[tuple[str, str]]:
    """(line:column, what) of every error."""
    with pytest.raises(ConfigError) as caught:
        load(text, "f.yaml")
    found = caught.value.errors if isinstance(caught.value, ConfigErrors) else (caught.value,)
    assert all(error.exit_code == 2 and error.hint for error in found)
    return [(error.where.removeprefix("f.yaml:"), error.what) for error in found]


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new)


def test_scalars_keep_the_text_that_was_written():
    config = load(GOOD, "f.yaml").config
    assert config.environment("dev").account == "012345678901"
    assert config.image("web").tags == ("1.10",)
    assert dict(config.image("web").build.args)["A"] == "1.10"


def test_defaults_are_merged_maps_deeply_and_lists_replaced():
    config = load(GOOD, "f.yaml").config
    web = config.image("web")
    assert dict(web.build.args) == {"A": "1.10", "B": "high"}
    assert web.build.platforms == ("linux/amd64", "linux/arm64")
    assert config.image("tool").tags == ("type=semver,pattern={{version}}",)


def test_of_the_build_defaults_an_image_takes_what_its_builder_knows():
    assert load(GOOD, "f.yaml").config.image("tool").build.builder == "layout"


def test_the_smallest_file_has_sensible_defaults():
    loaded = load(SMALLEST, "f.yaml")
    assert loaded.config.scan.fail_on == (("critical", 0), ("high", 0))
    assert loaded.config.scan.timeout == timedelta(minutes=15)
    assert loaded.config.image("web").build.builder == "docker"
    assert loaded.config.image("web").builder_reason == "it has a context for a Dockerfile"
    assert loaded.warnings == ("f.yaml:1:22: dev has no account: the caller's is used",)


def test_the_resolved_file_loads_back_to_the_same():
    config = load(GOOD, "f.yaml").config
    again = load(printed(config), "g.yaml").config
    kept = {"builder_reason"}
    assert [image.model_dump(exclude=kept) for image in again.images] == [
        image.model_dump(exclude=kept) for image in config.images
    ]
    assert again.model_copy(update={"images": ()}) == config.model_copy(update={"images": ()})


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("", "1:1", "the file is empty"),
        ("# nothing\n", "1:1", "the file is empty"),
        ("- a\n", "1:1", "the file must be a mapping"),
        ("version: 1\n\timages: {}\n", "2:1", "a tab is used for indentation"),
        ("a: &a [*a]\n", "1:4", "nested too deeply"),
        ("a: b\n---\nc: d\n", "2:1", "the file holds a second document"),
        ("a: [1, 2\n", "2:1", ""),
    ],
)
def test_what_is_no_yaml_of_this_kind_is_one_error_with_its_place(text, where, what):
    ((place, said),) = errors(text)
    assert what in said
    assert place == where or not what


WRONG_KEYS = """\
environments: { dev: { region: us-east-2, region: eu-west-1 } }
images:
  web: { repository: team/web, build: !!python/object:os.system x, <<: *none, ? [a] : b }
  web: { repository: team/web }
nothing: 1
"""


def test_keys_and_tags_that_are_not_read_are_told_at_once_with_what_else_is_wrong():
    found = dict(errors(WRONG_KEYS.replace("<<: *none", "<<: {}")))
    assert found["1:43"].startswith("the key 'region' is here for the second time (first: f.yaml:1:24)")
    assert found["3:39"].startswith("the tag tag:yaml.org,2002:python")
    assert found["3:68"] == "merge keys (<<) are not read"
    assert found["3:78"] == "a key must be plain text"
    assert found["4:3"].startswith("the key 'web' is here for the second time")
    assert found["5:1"] == "the file has no key 'nothing'"


WRONG_RULES = """\
environments: { dev: { region: us-east-2 } }
defaults:
  flavor: latest=perhaps
images:
  web:
    repository: team/web
    tags:
      - type=semvr,pattern={{version}}
      - type=raw,value={{versio}}
      - type=match,pattern=v(
      - type=semver,pattern={{major}}.{{minor}}
  tool: { repository: team/tool, tags: type=ref, build: . }
"""


def test_tag_rules_and_flavors_that_cannot_be_read_are_told_where_they_stand():
    found = errors(WRONG_RULES)
    assert [where for where, _ in found] == ["3:11", "8:9", "9:9", "10:9", "12:40"]
    words = [what for _, what in found]
    assert words[0].startswith("flavor: latest=perhaps: latest=perhaps is neither auto nor")
    assert words[1] == "tags: type=semvr,pattern={{version}}: no rule type is called 'semvr'"
    assert words[2] == "tags: type=raw,value={{versio}}: no expression is called {{versio}} here"
    assert "cannot be read" in words[3]
    assert words[4] == "tags: type=ref: type=ref needs event=branch, event=tag, event=pr"


def test_ten_megabytes_are_refused_before_they_are_read():
    ((place, what),) = errors("a: " + "x" * 10_000_000)
    assert "characters, at most" in what
    assert place == "1:1"


def test_an_alias_bomb_is_refused_soon():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    ((_, what),) = errors("\n".join(lines))
    assert "aliases" in what


def test_bytes_that_are_not_utf8_are_an_error_at_the_byte():
    assert errors(b"version: 1\nimages: \xff\n") == [("2:9", "the file is not UTF-8")]


@pytest.mark.parametrize(
    ("old", "new", "where", "what"),
    [
        ("repository: twtech/web-app", "repositry: twtech/web-app", "12:5", "an image has no key 'repositry'"),
        ("012345678901", "12345678901", "3:23", "environments.dev.account: '12345678901' is not an account id"),
        ("region: us-east-2 }\n  staging", "region: us_east }\n  staging", "3:45", "'us_east' is not an AWS region"),
        ("timeout: 15m", "timeout: 15 minutes", "17:18", "'15 minutes' is not a duration"),
        ("high: 3", "high: many", "17:32", "'many' is not a number"),
        ("high: 3", "untriaged: 3", "17:32", "untriaged findings count as high"),
        ("gate: advisory", "gate: advisori", "19:37", "'advisori' is not 'enforce' or 'advisory'"),
        ("to: staging", "to: stagin", "19:22", "there is no environment 'stagin'"),
        ("scan: {", "scan: { epss: 1, ", "17:9", "'epss' is not in this version"),
        ("promote:", "repositories: {}\npromote:", "18:1", "'repositories' is not in this version"),
        ('allow: "static"', 'allow: ""', "20:66", "unscannable: allow needs a reason"),
        ("version: 1", "version: 2", "1:10", "version: '2' is not known"),
        ("twtech/web-app", "Twtech/Web", "12:17", "is not a repository name"),
        ("layout: out/tool", "layout: [a]", "16:53", "images.tool.build.layout must be a text, it is a list"),
        ("    tags:\n      - 1.10\n", "    tags:\n", "14:10", "tags has no value"),
    ],
)
def test_a_mistake_is_told_in_plain_words_at_its_place(old, new, where, what):
    found = errors(changed(old, new))
    assert any(what in said and place == where for place, said in found), found


def test_the_nearest_key_is_suggested():
    with pytest.raises(ConfigErrors) as caught:
        load(changed("repository: twtech/web-app", "repositry: twtech/web-app"), "f.yaml")
    assert "did you mean 'repository'?" in caught.value.errors[0].hint


def test_all_errors_come_at_once_in_the_order_of_the_file():
    text = changed("15m", "soon").replace("to: staging", "to: stagin").replace("twtech/tool", "TOOL")
    places = [tuple(int(part) for part in place.split(":")) for place, _ in errors(text)]
    assert len(places) == 3
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("environments", "images", "promote", "what"),
    [
        ("a: {region: us-east-1}, b: {region: us-east-2}", "", "[{from: a, to: b}, {from: b, to: a}]", "in a circle"),
        ("a: {region: us-east-1}", "", "[{from: a, to: a}]", "promotes a to itself"),
        (
            "a: {region: us-east-1, account: '111111111111'}, b: {region: us-east-1, account: '222222222222'}",
            "",
            "[{from: a, to: b}]",
            "2 accounts (111111111111, 222222222222) have neither role: nor profile:",
        ),
        ("a: {region: us-east-1}, b: {region: us-east-1}", "", "[{from: a, to: b}]", "give each of these environments"),
        (
            "a: {region: us-east-1, pointer: p}, b: {region: us-east-1, pointer: p}",
            "",
            "[{from: a, to: b}]",
            "the same pointer 'p'",
        ),
        (
            "a: {region: us-east-1, profile: p}, b: {region: us-east-1, profile: q, prefix: b/}",
            "",
            "[{from: a, to: b}]",
            "a and b have no account: and different profiles in us-east-1",
        ),
        (
            "a: {region: us-east-1}, b: {regions: [eu-west-1, us-east-1], profile: q, prefix: b/}",
            "",
            "[]",
            "a and b have no account: and different profiles in us-east-1",
        ),
        ("a: {region: us-east-1}", ", two: {repository: x/one}", "[]", "go to the same repository 'x/one'"),
        ("a: {region: us-east-1, prefix: 'Bad/'}", "", "[]", "is no repository name"),
        ("a: {region: us-east-1, regions: [us-east-1]}", "", "[]", "region and regions are both given"),
    ],
)
def test_rules_between_the_parts_of_a_file_hold(environments, images, promote, what):
    text = f"environments: {{{environments}}}\nimages: {{one: {{repository: x/one}}{images}}}\npromote: {promote}\n"
    found = [said for _, said in errors(text)]
    assert any(what in f"{said}" or what in said for said in found) or any(
        what in f"{error.what} {error.hint}" for error in _errors(text)
    ), found


def _errors(text):
    with pytest.raises(ConfigErrors) as caught:
        load(text, "f.yaml")
    return caught.value.errors


def test_environments_that_nothing_tells_apart_are_complained_of_where_the_second_stands():
    text = """\
environments:
  a: { region: us-east-1, profile: p }
  b: { region: us-east-1, profile: q, prefix: b/ }
images:
  web: { repository: team/web }
"""
    assert [place for place, _ in errors(text)] == ["3:6"]


@pytest.mark.parametrize(
    "environments",
    [
        "a: { regions: [us-east-1, us-east-2], profile: p }, b: { region: us-east-1, profile: p, prefix: b/ }",
        "a: { region: us-east-1, profile: p }, b: { region: us-east-2, profile: q }",
        "a: { region: us-east-1, profile: p }, b: { region: us-east-1, role: 'arn:aws:iam::222222222222:role/x' }",
        "a: { region: us-east-1, profile: p }, b: { region: us-east-1, account: '222222222222', profile: q }",
    ],
)
def test_profiles_without_an_account_are_fine_where_they_are_one_registry_or_surely_two(environments):
    text = f"environments: {{ {environments} }}\nimages: {{ web: {{ repository: team/web }} }}\n"
    assert load(text, "f.yaml").config.images


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=300), st.binary(max_size=300)))
def test_whatever_the_file_holds_only_a_config_error_comes_out(text):
    try:
        load(text, "f.yaml")
    except ConfigError as error:
        assert str(error)


NAMES = "version 1 environments dev region us-east-2 images web repository a/b build tags promote from to scan null"
WORDS = st.sampled_from([*NAMES.split(), "[", "]", "{", "}", ":", ",", "-", "\n", "  ", "&a", "*a", "'", '"', "|"])


@settings(max_examples=500, deadline=None)
@given(st.lists(WORDS, max_size=40).map(" ".join))
@example("environments :")
def test_nearly_valid_files_never_end_in_anything_else_either(text):
    try:
        load(text, "f.yaml")
    except ConfigError as error:
        assert str(error)


def compressed(build: str) -> str:
    return SMALLEST.replace("build: .", f"build: {build}")


@pytest.mark.parametrize(
    ("build", "what"),
    [
        ("{ context: ., compression: gzip, compression-level: 13 }", "gzip has no level 13"),
        ("{ context: ., compression: zstd, compression-level: 20 }", "a level is a number from 1 to 12"),
        ("{ context: ., compression-level: best }", "a level is a number from 1 to 12"),
        ("{ context: ., compression: xz }", "'gzip' or 'zstd'"),
        ("{ layout: out, compression: zstd }", "compression"),
    ],
)
def test_a_compression_that_there_is_not_is_told_with_its_place(build, what):
    with pytest.raises(ConfigErrors) as caught:
        load(compressed(build).encode(), "f.yaml")
    assert what in str(caught.value)
    assert "f.yaml:" in str(caught.value)


def test_zstd_is_taken_with_a_warning_of_who_cannot_read_it():
    loaded = load(compressed("{ context: ., compression: zstd, compression-level: 19 }").encode(), "f.yaml")
    assert (loaded.config.images[0].build.compression, loaded.config.images[0].build.compression_level) == ("zstd", 19)
    assert any("Docker 20.10 cannot read them" in each for each in loaded.warnings)
    assert not any("20.10" in each for each in load(SMALLEST.encode(), "f.yaml").warnings)


def test_check_ends_with_2_and_prints_every_error(tmp_path):
    (tmp_path / "ecr-publish.yaml").write_text(changed("15m", "soon").replace("to: staging", "to: stagin"))
    done = subprocess.run(
        [sys.executable, "-m", "ecr_publish", "check"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.count("error: ecr-publish.yaml:") == 2
    assert done.stderr.endswith("ecr-publish: failed: 2 errors in the file (exit 2)\n")
