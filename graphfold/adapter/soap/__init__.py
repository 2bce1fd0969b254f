"""SOAP backends. zeep parses the WSDL, once; functions made from its types write the requests and read the replies.

zeep's own reader turns values that it cannot read into None, and does not reliably distinguish empty, absent and nil
elements. The readers here refuse the first and keep the second apart.
May import: what `graphfold.adapter` may, and zeep and lxml.
To add a simple type: a formatter in `python_to_xsd.py`, and a lexical form in `xsd_to_python.py`.
"""
