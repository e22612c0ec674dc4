"""Taking things out of a library: visits as DICOM, and sets for research. Which is for what: docs/export.md."""
