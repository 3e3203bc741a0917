"""What a supplier of systems reads of the conformance pack.

Belongs here: its page (``README.md``), the dictionary for programs and the JSON Schemas, each with its version.
Does not belong here: the cases (``demonstration.conformance``), what they come to (``pipelines.conformance``).
"""
