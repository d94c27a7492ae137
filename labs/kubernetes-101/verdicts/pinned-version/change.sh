kubectl set env deployment/web VERSION=v2
kubectl rollout status deployment/web --timeout=60s
