"""DICOM at the border of the program: pictures, reports and answers out, pictures in, and exports for research.

What is written for what, what is checked, and what is not sent: docs/dicom.md.
"""
