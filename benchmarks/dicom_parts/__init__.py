"""Parts of `benchmarks/fuzz_dicom.py`."""
