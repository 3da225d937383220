"""Outputs: what a CI takes from a run, as pure functions of the report: values, annotations, summaries, matrices."""
