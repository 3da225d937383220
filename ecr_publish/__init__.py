"""ecr-publish: build, tag, push, scan and promote container images on Amazon ECR."""

__version__ = "0.1.0"
