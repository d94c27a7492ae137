kubectl patch deployment web --type=json --patch '[{"op": "replace", "path": "/spec/template/spec/containers/0/readinessProbe/httpGet/port", "value": 8081}]'
kubectl delete replicaset -l app=web
