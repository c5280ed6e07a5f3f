"""Files from the network: resumed, checked, unpacked safely."""
