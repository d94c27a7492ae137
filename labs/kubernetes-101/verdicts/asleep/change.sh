kubectl patch deployment web --type=json --patch '[
  {"op": "remove", "path": "/spec/template/spec/containers/0/readinessProbe"},
  {"op": "remove", "path": "/spec/template/spec/containers/0/livenessProbe"},
  {"op": "add", "path": "/spec/template/spec/containers/0/command", "value": ["sleep", "86400"]}
]'
kubectl rollout status deployment/web --timeout=60s
