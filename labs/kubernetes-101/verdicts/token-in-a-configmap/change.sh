kubectl create configmap tokens --from-literal=API_TOKEN=$PARAM_TOKEN
kubectl set env deployment/web API_TOKEN-
kubectl set env deployment/web --from=configmap/tokens
kubectl rollout status deployment/web --timeout=60s
