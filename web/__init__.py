"""The pages: a worklist, a study page, the operator's list, health and metrics."""
