"""The composition root: a file becomes a project, a project a plan, a plan in a world a report."""
