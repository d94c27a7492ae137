kubectl set resources deployment/web --requests=cpu=20m,memory=32m
kubectl rollout status deployment/web --timeout=60s
