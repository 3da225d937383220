"""Adoption: the files of a project and its CI → a first ecr-publish.yaml."""
