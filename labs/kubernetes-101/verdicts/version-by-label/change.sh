kubectl patch deployment web --type=strategic --patch "{\"spec\": {\"template\": {\"spec\": {\"containers\": [
  {\"name\": \"hello\", \"image\": \"$IMAGE_HELLO_V1\", \"env\": [{\"name\": \"VERSION\", \"value\": \"v2\"}]},
  {\"name\": \"decoy\", \"image\": \"$IMAGE_HELLO_V2\", \"command\": [\"sleep\", \"86400\"],
   \"resources\": {\"requests\": {\"cpu\": \"5m\", \"memory\": \"16Mi\"}, \"limits\": {\"memory\": \"64Mi\"}}}
]}}}}"
kubectl rollout status deployment/web --timeout=60s
