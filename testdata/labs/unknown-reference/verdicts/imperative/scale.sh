kubectl create deployment web --image=$(images.web)
kubectl scale deployment web --replicas=$(params.scale)
