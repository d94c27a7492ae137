kubectl set env deployment/web GREETING=$PARAM_GREETING
kubectl rollout status deployment/web --timeout=60s
