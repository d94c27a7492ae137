kubectl set env deployment/orders BATCH_SIZE=5000
kubectl rollout status deployment/orders --timeout=60s
