echo {}
