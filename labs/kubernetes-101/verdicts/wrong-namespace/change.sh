kubectl create namespace shop
for kind in deployment/web service/web configmap/web-config secret/web-token; do
  kubectl get $kind -o json | jq 'del(.metadata.namespace, .metadata.uid, .metadata.resourceVersion, .metadata.creationTimestamp, .metadata.ownerReferences, .spec.clusterIP, .spec.clusterIPs, .status)' | kubectl apply -n shop -f -
  kubectl delete $kind
done
kubectl rollout status -n shop deployment/web --timeout=60s
