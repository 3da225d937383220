"""Outputs: what a CI takes from a run, as pure functions of the report: values, annotations, summaries, matrices."""

from ecr_publish.outputs.face import Face, File, face

__all__ = ["Face", "File", "face"]
