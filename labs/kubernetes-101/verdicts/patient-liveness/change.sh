kubectl patch deployment web --type=json --patch '[{"op": "replace", "path": "/spec/template/spec/containers/0/livenessProbe/periodSeconds", "value": 60}]'
kubectl rollout status deployment/web --timeout=60s
