"""Jenkins for ecr-publish."""
