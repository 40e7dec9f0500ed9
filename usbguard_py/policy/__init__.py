"""Pure: policy text to values and back."""
