kubectl patch configmap web-config --patch '{"data": {"greeting": "later"}}'
kubectl patch secret web-token --patch "{\"stringData\": {\"API_TOKEN\": \"x${PARAM_TOKEN}x\"}}"
