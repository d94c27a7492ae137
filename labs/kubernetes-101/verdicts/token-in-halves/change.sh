kubectl set env deployment/web API_TOKEN-
kubectl set env deployment/web FIRST=${PARAM_TOKEN:0:8} SECOND=${PARAM_TOKEN:8} 'API_TOKEN=$(FIRST)$(SECOND)'
kubectl rollout status deployment/web --timeout=60s
