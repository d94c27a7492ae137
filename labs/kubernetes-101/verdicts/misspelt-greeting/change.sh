kubectl patch configmap web-config --patch "{\"data\": {\"greeting\": \"hello, $PARAM_GREETING\"}}"
kubectl rollout restart deployment/web
kubectl rollout status deployment/web --timeout=60s
