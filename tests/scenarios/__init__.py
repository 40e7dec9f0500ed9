"""What the product must show, on a real kernel with the installed package."""
