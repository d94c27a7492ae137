kubectl set image deployment/orders orders=$IMAGE_HELLO_V1
kubectl rollout status deployment/orders --timeout=60s
