kubectl set image deployment/web hello=$IMAGE_HELLO_V1
kubectl set env deployment/web VERSION=v2
kubectl rollout status deployment/web --timeout=60s
