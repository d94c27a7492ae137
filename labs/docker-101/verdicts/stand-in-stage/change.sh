docker tag $IMAGE_BASE parcels:build
