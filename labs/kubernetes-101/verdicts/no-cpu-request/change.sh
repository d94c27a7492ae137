kubectl patch deployment web --type=json --patch '[{"op": "remove", "path": "/spec/template/spec/containers/0/resources/requests/cpu"}]'
kubectl rollout status deployment/web --timeout=60s
