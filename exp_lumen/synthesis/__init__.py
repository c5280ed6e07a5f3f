"""Music that anybody can make: phrases of sampled instruments from free soundfonts, with exact labels."""
