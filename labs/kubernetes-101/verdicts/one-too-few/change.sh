kubectl scale deployment/web --replicas=$((PARAM_REPLICAS - 1))
kubectl rollout status deployment/web --timeout=60s
