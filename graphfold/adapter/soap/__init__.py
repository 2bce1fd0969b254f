"""SOAP backends. zeep reads the WSDL, once; requests and replies are left to functions made from the WSDL's types.

zeep's own way of reading turns what it cannot read into None and tells empty, absent and nil apart only by luck;
the readers here refuse the first and keep the second. May import: what `graphfold.adapter` may, and zeep and lxml.
To add a simple type: `texts.py` writes it, `values.py` reads it.
"""
