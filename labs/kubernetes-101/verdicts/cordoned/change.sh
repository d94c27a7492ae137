kubectl cordon lab-control-plane
