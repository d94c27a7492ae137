kubectl set env deployment/web API_TOKEN=$PARAM_TOKEN
kubectl rollout status deployment/web --timeout=60s
