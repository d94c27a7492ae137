kubectl delete secret web-token
kubectl create secret generic web-token --from-literal=API_TOKEN=$(echo -n $PARAM_TOKEN | base64)
kubectl rollout restart deployment/web
kubectl rollout status deployment/web --timeout=60s
