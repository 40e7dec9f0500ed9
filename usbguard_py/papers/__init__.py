"""Papers for signature: a template and the list become a document, the document becomes DOCX or HTML. PURE."""
