kubectl rollout undo deployment/orders

kubectl create deployment web --image=$IMAGE_HELLO_V1 --replicas=$PARAM_REPLICAS
kubectl expose deployment web --port=$PARAM_PORT --target-port=8080

kubectl create configmap web-config --from-literal=greeting=$PARAM_GREETING
kubectl set env deployment/web --from=configmap/web-config
kubectl create secret generic web-token --from-literal=API_TOKEN=$PARAM_TOKEN
kubectl set env deployment/web --from=secret/web-token

kubectl set resources deployment/web --requests=cpu=20m,memory=32Mi --limits=memory=96Mi
kubectl patch deployment web --type=strategic --patch '{"spec": {"template": {"spec": {"containers": [{
  "name": "hello",
  "readinessProbe": {"httpGet": {"path": "/readyz", "port": 8080}, "periodSeconds": 1, "failureThreshold": 2},
  "livenessProbe": {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 4, "failureThreshold": 2}
}]}}}}'
kubectl set image deployment/web hello=$IMAGE_HELLO_V2
kubectl rollout status deployment/web --timeout=60s
kubectl rollout status deployment/orders --timeout=60s
