"""Config: ecr-publish.yaml read with positions, checked, frozen."""
