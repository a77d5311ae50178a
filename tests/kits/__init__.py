"""What tests of one room share with others."""
