kubectl patch deployment web --type=json --patch '[{"op": "remove", "path": "/spec/template/spec/containers/0/resources/limits"}]'
kubectl rollout status deployment/web --timeout=60s
