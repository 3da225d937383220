"""The file that the quick commands are measured on."""


def file_of(images: int) -> str:
    """An ecr-publish.yaml with three environments and so many images."""
    entries = "".join(
        f"  image-{number}:\n"
        f"    repository: team/image-{number}\n"
        "    build: { builder: files, files: [{ from: app, to: /app }] }\n"
        '    tags: ["type=semver,pattern={{version}}", type=sha]\n'
        for number in range(images)
    )
    return (
        "version: 1\n"
        "environments:\n"
        '  dev: { account: "111111111111", regions: [us-east-2, eu-west-1] }\n'
        '  staging: { account: "222222222222", regions: [us-east-2, eu-west-1],'
        " role: arn:aws:iam::222222222222:role/ecr-publish }\n"
        '  prod: { account: "333333333333", regions: [us-east-2, eu-west-1],'
        " role: arn:aws:iam::333333333333:role/ecr-publish }\n"
        f"images:\n{entries}"
        "promote:\n"
        "  - { from: dev, to: staging }\n"
        "  - { from: staging, to: prod }\n"
    )
